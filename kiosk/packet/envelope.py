"""The packet file: what anyone may read and check on the way, around what only the centre can open.

A ustar archive of

    header.json    what this is, from which unit, for which keys; no name, no NIK
    payload.age    the encrypted contents
    envelope.p7s   CMS signature of the device over header.json followed by payload.age

so that a courier needs no more than `tar`, `cat` and `openssl cms -verify`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509

from kiosk.enrollment.record import ClockTrust
from kiosk.packet.archive import read_archive, write_archive
from kiosk.packet.cms import DeviceSigner, key_id, sign_detached, verify_detached
from kiosk.packet.faults import FaultKind, PacketFault
from kiosk.packet.manifest import document, read_document

FORMAT = "ktp-el-packet/1"
HEADER, PAYLOAD, SIGNATURE = "header.json", "payload.age", "envelope.p7s"


@dataclass(frozen=True, slots=True)
class EnvelopeHeader:
    """Hashes and key ids: lower-case hex SHA-256. nik_hash: as in `PacketContents`.

    recipient_ids: of the age recipients' text, because an age file does not say whom it is for.
    """

    format: str
    enrollment_id: str
    nik_hash: str
    unit_id: str
    office_code: str
    sealed_at: dt.datetime
    clock_trust: ClockTrust
    device_key_id: str
    recipient_ids: tuple[str, ...]
    ciphertext_sha256: str
    ciphertext_bytes: int

    @property
    def vouched_sealed_at(self) -> dt.datetime | None:
        """None when nobody vouched for the clock that sealed: it may have been ahead of the receiver's."""
        return None if self.clock_trust is ClockTrust.UNTRUSTED else self.sealed_at


@dataclass(frozen=True, slots=True)
class Envelope:
    """A packet whose origin and wholeness are checked. sha256: of the whole packet file."""

    header: EnvelopeHeader
    signer: x509.Certificate
    ciphertext: bytes
    sha256: str


def close_envelope(header: EnvelopeHeader, ciphertext: bytes, *, signer: DeviceSigner) -> bytes:
    head = document(header)
    signature = sign_detached(head + ciphertext, signer)
    return write_archive({HEADER: head, PAYLOAD: ciphertext, SIGNATURE: signature})


def check_envelope(data: bytes, *, anchors: Sequence[x509.Certificate]) -> Envelope | PacketFault:
    """Checks origin and wholeness without any key to the contents. anchors: the device CAs."""
    members = read_archive(data, where="packet")
    if isinstance(members, PacketFault):
        return members
    fault = require_members(members, (HEADER, PAYLOAD, SIGNATURE), where="packet")
    if fault is not None:
        return fault
    head, ciphertext = members[HEADER], members[PAYLOAD]
    header = read_document(EnvelopeHeader, head, where=HEADER, format_name=FORMAT)
    if isinstance(header, PacketFault):
        return header
    stated = (header.ciphertext_bytes, header.ciphertext_sha256)
    if (len(ciphertext), hashlib.sha256(ciphertext).hexdigest()) != stated:
        found = f"{len(ciphertext)} bytes of another hash"
        return PacketFault(FaultKind.WRONG_HASH, PAYLOAD, found, f"the header's {stated[0]} bytes")
    signer = verify_detached(
        head + ciphertext, members[SIGNATURE], anchors=anchors, at=header.sealed_at, where=SIGNATURE
    )
    if isinstance(signer, PacketFault):
        return signer
    if key_id(signer) != header.device_key_id:
        return PacketFault(FaultKind.HEADER_MISMATCH, HEADER, "another device's key id", "the signer's")
    return Envelope(header, signer, ciphertext, hashlib.sha256(data).hexdigest())


def vouched_sealed_at(data: bytes | None, *, anchors: Sequence[x509.Certificate]) -> dt.datetime | None:
    """When a packet was sealed, for judging its receipt; None also for one that is gone or does not hold."""
    envelope = check_envelope(data, anchors=anchors) if data is not None else None
    return envelope.header.vouched_sealed_at if isinstance(envelope, Envelope) else None


def require_members(members: dict[str, bytes], allowed: tuple[str, ...], *, where: str) -> PacketFault | None:
    """Exactly the members named, in this order."""
    found = tuple(members)
    if found == allowed:
        return None
    missing = [name for name in allowed if name not in found]
    if missing:
        return PacketFault(FaultKind.MISSING_PART, where, f"no {missing[0]}", ", ".join(allowed))
    return PacketFault(FaultKind.UNEXPECTED_PART, where, ", ".join(found), ", ".join(allowed))
