"""The custody ledger: who gave which packets to whom, who took them over, each line signed by whom it binds.

Append-only: every line names the SHA-256 of the line before. The giver signs that the packets were handed over,
the taker signs that they arrived whole; until then they are the giver's to answer for.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from cryptography import x509
from cryptography.x509.oid import NameOID

from kiosk.enrollment.record import ClockTrust, Stamp
from kiosk.packet.cms import trusted, verify_cosigned, verify_detached
from kiosk.packet.faults import FaultKind, PacketFault
from kiosk.packet.manifest import document, read_document

FORMAT = "ktp-el-custody/1"
_FIRST = "0" * 64


class Act(StrEnum):
    GIVEN = "given"
    TAKEN = "taken"


@dataclass(frozen=True, slots=True)
class HandOver:
    """One line. giver, taker: common names of certificates; taker may be empty when given to whoever comes.

    packets: SHA-256, sorted. answers: of a `taken` line the number of the `given` one, else 0.
    """

    number: int
    act: Act
    giver: str
    taker: str
    at: dt.datetime
    trust: ClockTrust
    packets: tuple[str, ...]
    answers: int
    previous: str
    format: str = FORMAT

    @property
    def by(self) -> str:
        """Who signs it."""
        return self.giver if self.act is Act.GIVEN else self.taker


@dataclass(frozen=True, slots=True)
class Line:
    """signature: CMS, DER, detached, over `document(hand_over)`. digest: of the whole line."""

    hand_over: HandOver
    signature: bytes
    digest: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """Lines whose chain and signatures hold, and whose acts follow from one another."""

    lines: tuple[Line, ...] = ()

    @property
    def head(self) -> str:
        return self.lines[-1].digest if self.lines else _FIRST

    @property
    def open(self) -> tuple[HandOver, ...]:
        """Given and not yet taken, oldest first."""
        taken = {line.hand_over.answers for line in self.lines if line.hand_over.act is Act.TAKEN}
        given = (line.hand_over for line in self.lines if line.hand_over.act is Act.GIVEN)
        return tuple(one for one in given if one.number not in taken)

    @property
    def holders(self) -> dict[str, str]:
        """Who answers for each packet."""
        held: dict[str, str] = {}
        for line in self.lines:
            held |= dict.fromkeys(line.hand_over.packets, line.hand_over.by)
        return held

    def given(self, *, giver: str, taker: str, at: Stamp, packets: Sequence[str]) -> HandOver:
        """The next line, to be signed by the giver."""
        return HandOver(
            *(len(self.lines) + 1, Act.GIVEN, giver, taker, at.at, at.trust),
            packets=tuple(sorted(packets)),
            answers=0,
            previous=self.head,
        )

    def taken(self, given: HandOver, *, taker: str, at: Stamp) -> HandOver:
        """The next line, to be signed by who took over what `given` names."""
        return HandOver(
            *(len(self.lines) + 1, Act.TAKEN, given.giver, taker, at.at, at.trust),
            packets=given.packets,
            answers=given.number,
            previous=self.head,
        )

    def with_line(self, hand_over: HandOver, signature: bytes) -> Ledger:
        digest = hashlib.sha256(_written(hand_over, signature)).hexdigest()
        return Ledger((*self.lines, Line(hand_over, signature, digest)))

    def written(self) -> bytes:
        return b"".join(_written(line.hand_over, line.signature) for line in self.lines)


def name_of(certificate: x509.Certificate) -> str:
    """The common name, empty without one."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else ""


def read_ledger(
    data: bytes, *, device_anchors: Sequence[x509.Certificate], taker_anchors: Sequence[x509.Certificate] = ()
) -> Ledger | PacketFault:
    """The ledger, when all of it holds.

    device_anchors: authorities of units, who alone may bring packets into the ledger. taker_anchors: those of
    couriers and centres; none: their signatures must hold, and who certified them is not asked.
    """
    ledger = Ledger()
    if data and not data.endswith(b"\n"):
        return _fault(FaultKind.TRUNCATED, data.count(b"\n") + 1, "no end of line", "whole lines")
    for number, raw in enumerate(data.splitlines(keepends=True), start=1):
        read = _read_line(raw, number)
        if isinstance(read, PacketFault):
            return read
        hand_over, signature = read
        problem = _out_of_order(ledger, hand_over)
        if problem:
            return _fault(FaultKind.HEADER_MISMATCH, number, problem, "what follows from the lines before")
        fault = _unsigned(ledger, hand_over, signature, device_anchors, taker_anchors)
        if fault is not None:
            return fault
        ledger = ledger.with_line(hand_over, signature)
        if ledger.lines[-1].digest != hashlib.sha256(raw).hexdigest():
            return _fault(FaultKind.BAD_JSON, number, "another spelling of the line", "the canonical one")
    return ledger


def _written(hand_over: HandOver, signature: bytes) -> bytes:
    return document(hand_over) + b"\t" + base64.b64encode(signature) + b"\n"


def _read_line(raw: bytes, number: int) -> tuple[HandOver, bytes] | PacketFault:
    body, _, signature = raw.rstrip(b"\n").partition(b"\t")
    hand_over = read_document(HandOver, body, where=_where(number), format_name=FORMAT)
    if isinstance(hand_over, PacketFault):
        return hand_over
    try:
        return hand_over, base64.b64decode(signature, validate=True)
    except binascii.Error:
        return _fault(FaultKind.BAD_SIGNATURE, number, "no base64", "a CMS signature in base64")


def _out_of_order(ledger: Ledger, line: HandOver) -> str:
    """What does not follow from the lines before; empty when all does."""
    if line.number != len(ledger.lines) + 1:
        return f"number {line.number}"
    if line.previous != ledger.head:
        return "another line was before it"
    if not line.packets or list(line.packets) != sorted(set(line.packets)):
        return "packets that are none, not sorted or twice"
    if line.act is Act.GIVEN:
        holders = ledger.holders
        foreign = [sha256 for sha256 in line.packets if holders.get(sha256, line.giver) != line.giver]
        return f"{foreign[0]} is not the giver's" if foreign else ""
    given = next((one for one in ledger.open if one.number == line.answers), None)
    if given is None:
        return f"nothing given by line {line.answers} is open"
    if (given.giver, given.packets) != (line.giver, line.packets):
        return "taken is not what was given"
    return f"it was given to {given.taker}" if given.taker not in ("", line.taker) else ""


def _unsigned(
    ledger: Ledger,
    line: HandOver,
    signature: bytes,
    device_anchors: Sequence[x509.Certificate],
    taker_anchors: Sequence[x509.Certificate],
) -> PacketFault | None:
    """A unit signs for what it brings in; who has taken over, or takes over, signs for the rest."""
    where = _where(line.number)
    brings_in = line.act is Act.GIVEN and any(sha256 not in ledger.holders for sha256 in line.packets)
    if brings_in:
        signer = verify_detached(document(line), signature, anchors=device_anchors, at=line.at, where=where)
    else:
        signer = _courier(line, signature, (*device_anchors, *taker_anchors) if taker_anchors else ())
    if isinstance(signer, PacketFault):
        return signer
    if name_of(signer) != line.by or not line.by:
        return _fault(FaultKind.UNTRUSTED_SIGNER, line.number, f"signed by {name_of(signer)!r}", repr(line.by))
    return None


def _courier(
    line: HandOver, signature: bytes, anchors: Sequence[x509.Certificate]
) -> x509.Certificate | PacketFault:
    """The one signer, under `anchors` if there are any. Officer cards may be RSA, which units never are."""
    where = _where(line.number)
    signers = verify_cosigned(document(line), signature, where=where)
    if isinstance(signers, PacketFault):
        return signers
    if len(signers) != 1:
        return PacketFault(FaultKind.BAD_SIGNATURE, where, f"{len(signers)} signers", "one")
    return trusted(signers[0], (), anchors=anchors, at=line.at, where=where) if anchors else signers[0]


def _where(number: int) -> str:
    return f"custody.jsonl, line {number}"


def _fault(kind: FaultKind, number: int, found: str, allowed: str) -> PacketFault:
    return PacketFault(kind, _where(number), found, allowed)
