"""Packets to a folder that travels by hand, from hand to hand, and the receipts back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from kiosk.courier.ledger import HandOver, Ledger, read_ledger
from kiosk.courier.stick import StickFault, fault_of, put, sha256_of
from kiosk.enrollment.record import Stamp
from kiosk.packet.envelope import vouched_sealed_at
from kiosk.packet.faults import PacketFault
from kiosk.packet.manifest import document
from kiosk.packet.receipts import verify_receipt
from kiosk.storage.outbox import UNDELIVERED, Outbox, OutboxError

LEDGER = "custody.jsonl"
_RECEIPT = re.compile(r"([0-9a-f]{64})\.receipt")
_LARGEST_RECEIPT_BYTES = 1 << 20
_LARGEST_LEDGER_BYTES = 64 << 20
"""Some 20,000 packets, given and taken a dozen times."""

Sign = Callable[[bytes], bytes]
"""A detached CMS signature (DER) over what is given, by the one whose name goes with it."""


@dataclass(frozen=True, slots=True)
class Hand:
    """Who gives or takes. name: the common name of the signing certificate."""

    name: str
    sign: Sign


@dataclass(frozen=True, slots=True)
class Trust:
    """devices, takers: as `read_ledger` takes them."""

    devices: Sequence[x509.Certificate]
    takers: Sequence[x509.Certificate] = ()


@dataclass(frozen=True, slots=True)
class Handed:
    """packets: what the new line names, if there is one. damaged: not whole, left out. head: of the ledger.

    fault: what ended it early; the packets named are handed over all the same.
    """

    packets: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()
    head: str = ""
    fault: StickFault | PacketFault | None = None


def export(
    folder: Path,
    *,
    outbox: Outbox,
    hand: Hand,
    trust: Trust,
    at: Stamp,
    to: str = "",
    again: bool = False,
    tell: Callable[[int, int], None] = lambda _done, _total: None,
) -> Handed:
    """Copies what the centre has not received and signs it over; marks it in the outbox, removes nothing there.

    to: who is to take it, empty for whoever does. again: also what another folder carries already. The outbox
    is told after the folder has all of it, so a stick pulled at any moment leaves both sides right.
    tell: after each packet, how many of how many are copied.
    """
    ledger = load(folder, trust)
    if not isinstance(ledger, Ledger):
        return Handed(fault=ledger)
    held = ledger.holders
    listing = outbox.look(*UNDELIVERED)
    open_here = (entry for entry in listing.entries if entry.sha256 not in held)
    entries = [entry for entry in open_here if again or entry.handed_over_at is None]
    copied: list[str] = []
    damaged = [one.sha256 for one in listing.damaged]
    fault: StickFault | PacketFault | None = None
    for number, entry in enumerate(entries, start=1):
        try:
            data = outbox.read(entry.sha256)
        except OutboxError:
            damaged.append(entry.sha256)
            continue
        fault = _copied(folder / "packets" / f"{entry.sha256}.ktp", data, entry.sha256)
        if fault is not None:
            break
        copied.append(entry.sha256)
        tell(number, len(entries))
    if not copied:
        return Handed(damaged=tuple(damaged), head=ledger.head, fault=fault)
    signed = _signed(folder, ledger, ledger.given(giver=hand.name, taker=to, at=at, packets=copied), hand)
    if not isinstance(signed, Ledger):
        return Handed(damaged=tuple(damaged), head=ledger.head, fault=signed)
    for sha256 in copied:
        outbox.mark_handed_over(sha256, at=at.at, to=to)
    return Handed(tuple(sorted(copied)), tuple(damaged), signed.head, fault)


def accept(folder: Path, *, hand: Hand, trust: Trust, at: Stamp) -> Handed:
    """Signs for everything that is given and not taken yet, once it has arrived whole."""
    ledger = load(folder, trust)
    if not isinstance(ledger, Ledger):
        return Handed(fault=ledger)
    open_to_me = [given for given in ledger.open if given.taker in ("", hand.name)]
    packets = sorted({sha256 for given in open_to_me for sha256 in given.packets})
    damaged = tuple(sha256 for sha256 in packets if not is_whole(folder, sha256))
    if damaged or not open_to_me:
        return Handed(damaged=damaged, head=ledger.head)
    for given in open_to_me:
        line = ledger.taken(given, taker=hand.name, at=at)
        ledger = ledger.with_line(line, hand.sign(document(line)))
    fault = put(folder / LEDGER, ledger.written())
    return Handed(fault=fault) if fault else Handed(tuple(packets), head=ledger.head)


def give(folder: Path, *, hand: Hand, trust: Trust, at: Stamp, to: str = "") -> Handed:
    """Hands on everything that this hand has taken."""
    ledger = load(folder, trust)
    if not isinstance(ledger, Ledger):
        return Handed(fault=ledger)
    mine = sorted(sha256 for sha256, holder in ledger.holders.items() if holder == hand.name)
    if not mine:
        return Handed(head=ledger.head)
    signed = _signed(folder, ledger, ledger.given(giver=hand.name, taker=to, at=at, packets=mine), hand)
    return Handed(tuple(mine), head=signed.head) if isinstance(signed, Ledger) else Handed(fault=signed)


@dataclass(frozen=True, slots=True)
class ReceiptTaken:
    """fault: why this receipt is not believed. accepted: as `Outbox.attach_receipt` takes it."""

    sha256: str
    status: str = ""
    accepted: bool | None = None
    fault: str = ""


def import_receipts(
    folder: Path,
    *,
    outbox: Outbox,
    device_anchors: Sequence[x509.Certificate],
    receiver_anchors: Sequence[x509.Certificate],
) -> Iterator[ReceiptTaken]:
    """Every new receipt for a packet of this unit, judged as the uplink judges it; other files are passed over.

    Raises OSError for a folder that cannot be read.
    """
    for path in sorted((folder / "packets").iterdir()):
        if not (found := _RECEIPT.fullmatch(path.name)):
            continue
        sha256 = found[1]
        try:
            known = outbox.receipt(sha256)
        except OutboxError:
            continue  # another unit's
        data = _read_up_to(path, _LARGEST_RECEIPT_BYTES)
        if data == known:
            continue
        sealed_at = vouched_sealed_at(outbox.read_if_whole(sha256), anchors=device_anchors)
        receipt = verify_receipt(data, packet_sha256=sha256, anchors=receiver_anchors, sealed_at=sealed_at)
        if isinstance(receipt, PacketFault):
            yield ReceiptTaken(sha256, fault=str(receipt))
            continue
        verdict = receipt.status.verdict
        try:
            outbox.attach_receipt(sha256, data, accepted=verdict)
        except OutboxError as error:
            yield ReceiptTaken(sha256, str(receipt.status), verdict, str(error))
        else:
            yield ReceiptTaken(sha256, str(receipt.status), verdict)


def load(folder: Path, trust: Trust) -> Ledger | StickFault | PacketFault:
    """The folder's ledger, empty for a new folder. A ledger that does not hold gets no further line."""
    try:
        if not folder.is_dir():
            return StickFault.REMOVED
        path = folder / LEDGER
        data = _read_up_to(path, _LARGEST_LEDGER_BYTES) if path.exists() else b""
    except OSError as error:
        return fault_of(error)
    return read_ledger(data, device_anchors=trust.devices, taker_anchors=trust.takers)


def is_whole(folder: Path, sha256: str) -> bool:
    try:
        return sha256_of(folder / "packets" / f"{sha256}.ktp") == sha256
    except OSError:
        return False


def _copied(path: Path, data: bytes, sha256: str) -> StickFault | None:
    if is_whole(path.parent.parent, sha256):
        return None  # from a try that was cut short
    return put(path, data)


def _signed(folder: Path, ledger: Ledger, line: HandOver, hand: Hand) -> Ledger | StickFault:
    longer = ledger.with_line(line, hand.sign(document(line)))
    return put(folder / LEDGER, longer.written()) or longer


def _read_up_to(path: Path, size_bytes: int) -> bytes:
    with path.open("rb") as stream:
        return stream.read(size_bytes)
