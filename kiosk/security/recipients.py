"""Who packets are sealed to and whose receipts count: one list, signed by the authority.

Two files: the list, and its detached CMS signature beside it under the same name with `.p7s`, so that
`openssl cms -verify` checks it. Lists are numbered; a unit never goes back to a lower number.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import pyrage
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from kiosk.enrollment.codec import CodecError, from_json, to_json
from kiosk.security.key_faults import KeyFault, KeyRefusal

FORMAT = "ktp-el-recipients/1"
_RECIPIENT = re.compile(r"age1[0-9a-z]{58}")


class SignatureCheck(Protocol):
    """`kiosk.packet.cms.verify_detached`: the signer's certificate, or what is wrong, to be told as text."""

    def __call__(
        self,
        content: bytes,
        signature: bytes,
        *,
        anchors: Sequence[x509.Certificate],
        at: dt.datetime,
        where: str,
    ) -> x509.Certificate | object: ...


@dataclass(frozen=True, slots=True)
class RecipientList:
    """version: counts up from 1. recipients: age, X25519. receiver_anchors: PEM, one certificate each."""

    version: int
    valid_from: dt.datetime
    valid_until: dt.datetime
    recipients: tuple[str, ...]
    receiver_anchors: tuple[str, ...]
    format: str = FORMAT

    def anchors(self) -> tuple[x509.Certificate, ...]:
        return tuple(x509.load_pem_x509_certificate(pem.encode()) for pem in self.receiver_anchors)

    def out_of_time(self, now: dt.datetime) -> KeyRefusal | None:
        if now < self.valid_from:
            since, says = self.valid_from, f"{now:%Y-%m-%d %H:%M}"
            detail = f"the list of recipients is valid from {since}, and the clock says {says}"
            return KeyRefusal(KeyFault.NOT_YET_VALID, detail)
        if now > self.valid_until:
            return KeyRefusal(KeyFault.EXPIRED, f"the list of recipients ended on {self.valid_until}")
        return None


def make_list(
    *,
    version: int,
    valid_from: dt.datetime,
    valid_until: dt.datetime,
    recipients: Sequence[str],
    receivers: Sequence[x509.Certificate],
) -> bytes:
    """The document that the authority signs. Raises ValueError when no unit would take it."""
    pems = tuple(certificate.public_bytes(Encoding.PEM).decode() for certificate in receivers)
    made = RecipientList(version, valid_from, valid_until, tuple(recipients), pems)
    document = json.dumps(to_json(made), indent=1).encode()
    read = read_list(document)
    if isinstance(read, KeyRefusal):
        raise ValueError(read.detail)
    return document


def read_list(document: bytes) -> RecipientList | KeyRefusal:
    """The form alone; nothing says yet who wrote it."""
    try:
        found: RecipientList = from_json(RecipientList, json.loads(document))
        anchors = found.anchors()
    except (CodecError, ValueError, TypeError, RecursionError) as error:
        return KeyRefusal(KeyFault.UNREADABLE, f"no list of recipients: {error}")
    problem = _problem(found, anchors)
    return KeyRefusal(KeyFault.UNREADABLE, f"no list of recipients: {problem}") if problem else found


def check_list(
    document: bytes,
    signature: bytes,
    *,
    authorities: Sequence[x509.Certificate],
    verify: SignatureCheck,
    now: dt.datetime,
    newest: int = 0,
) -> RecipientList | KeyRefusal:
    """What `verified_list` finds, when it is valid at `now` and not older than `newest`."""
    found = verified_list(document, signature, authorities=authorities, verify=verify)
    if isinstance(found, KeyRefusal):
        return found
    if found.version < newest:
        detail = f"version {found.version}, and this unit has had version {newest}"
        return KeyRefusal(KeyFault.OLDER_VERSION, detail)
    return found.out_of_time(now) or found


def verified_list(
    document: bytes, signature: bytes, *, authorities: Sequence[x509.Certificate], verify: SignatureCheck
) -> RecipientList | KeyRefusal:
    """The list, when a signer under `authorities` signed it, whatever the clock says.

    The signer's certificate is judged at the list's first moment: a list outlives it.
    """
    found = read_list(document)
    if isinstance(found, KeyRefusal):
        return found
    signer = verify(document, signature, anchors=authorities, at=found.valid_from, where="list of recipients")
    if not isinstance(signer, x509.Certificate):
        return KeyRefusal(KeyFault.UNTRUSTED, str(signer))
    return found


def read_recipient_lines(text: str) -> tuple[str, ...]:
    """age recipients, one a line, `#` comments. Raises ValueError."""
    recipients = tuple(line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))
    if not recipients or not all(map(_RECIPIENT.fullmatch, recipients)):
        raise ValueError("expected age recipients, one a line: age1...")
    return recipients


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the DER, lower-case hex, as `openssl x509 -fingerprint -sha256` shows it with colons."""
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()


def _problem(found: RecipientList, anchors: Sequence[x509.Certificate]) -> str:
    if found.format != FORMAT:
        return f"format {found.format!r}, allowed: {FORMAT!r}"
    if found.version < 1:
        return f"version {found.version}, allowed: 1 or more"
    if found.valid_from.tzinfo is None or found.valid_until.tzinfo is None:
        return "a time in no time zone"
    if found.valid_until <= found.valid_from:
        return "it ends before it begins"
    if not found.recipients or not anchors:
        return "no recipient, or no authority of receivers"
    for recipient in found.recipients:
        try:
            pyrage.x25519.Recipient.from_str(recipient)
        except pyrage.RecipientError as error:
            return f"{recipient!r} is no age recipient: {error}"
    return ""
