"""One pass over the outbox: send what waits, fetch receipts for what was sent."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from cryptography import x509

from kiosk.packet.envelope import check_envelope, vouched_sealed_at
from kiosk.packet.faults import PacketFault
from kiosk.packet.receipts import verify_receipt
from kiosk.storage.outbox import (
    TO_SEND,
    DamagedEntry,
    Outbox,
    OutboxEntry,
    OutboxError,
    PacketDamagedError,
    PacketState,
)
from kiosk.uplink.pace import Pace
from kiosk.uplink.parts import deliver
from kiosk.uplink.store import LARGEST_PACKET_BYTES, Delivery, PacketStore, StoreUnavailableError, TooLargeError
from kiosk.uplink.turns import in_turn

RECEIPTS_PER_PASS = 50
"""A centre months behind leaves thousands unanswered; asking for each every time would fill the line."""
PACKETS_PER_PASS = 50
"""After these the receipts have their turn: sending the packets of months may take weeks."""
_AWAITING_ANSWER = (PacketState.SENT, PacketState.PROCESSING, PacketState.REJECTED)


class Outcome(StrEnum):
    SENT = "sent"
    ALREADY_THERE = "already_there"
    RECEIVED = "received"
    PROCESSING = "processing"
    REJECTED = "rejected"
    PACKET_FAULT = "packet_fault"
    RECEIPT_REFUSED = "receipt_refused"
    INTERRUPTED = "interrupted"
    """The line broke after some of its parts had arrived."""
    UNREACHABLE = "unreachable"


MOVED = frozenset(
    {
        Outcome.SENT,
        Outcome.ALREADY_THERE,
        Outcome.RECEIVED,
        Outcome.PROCESSING,
        Outcome.REJECTED,
        Outcome.INTERRUPTED,
    }
)
"""Something reached the store, or came from it: the line is there."""
LOST = frozenset({Outcome.INTERRUPTED, Outcome.UNREACHABLE})
"""Something did not."""
_ANSWERS = {True: Outcome.RECEIVED, False: Outcome.REJECTED, None: Outcome.PROCESSING}


@dataclass(frozen=True, slots=True)
class Report:
    """What happened to one packet in this pass. detail: technical, nothing personal."""

    sha256: str
    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Sender:
    """device_anchors, receiver_anchors: whose packets go out, whose receipts are believed.

    now: wall clock. part_bytes: larger packets go in parts of this size, unless the store is a folder.
    pace: the bandwidth cap, None for none. sample: which receipts to ask for when there are too many for
    one pass, and what to try next after a packet that the store did not take.
    """

    outbox: Outbox
    store: PacketStore
    device_anchors: Sequence[x509.Certificate]
    receiver_anchors: Sequence[x509.Certificate]
    now: Callable[[], dt.datetime]
    part_bytes: int = LARGEST_PACKET_BYTES
    pace: Pace | None = None
    sample: Callable[[Sequence[OutboxEntry], int], Sequence[OutboxEntry]] = random.sample

    def run_once(self) -> Iterator[Report]:
        """Asks for receipts even where nothing could be sent. What is damaged is named and passed over.

        Raises StopAskedError as the pace does.
        """
        pending = self.outbox.look(*TO_SEND, limit=PACKETS_PER_PASS)
        yield from _named(pending.damaged)
        yield from self._in_turn(self._send, pending.entries)
        waiting = self.outbox.look(*_AWAITING_ANSWER)
        yield from _named(waiting.damaged)
        asked = self.sample(waiting.entries, min(len(waiting.entries), RECEIPTS_PER_PASS))
        yield from self._in_turn(self._fetch_receipt, asked)

    def _in_turn(
        self, step: Callable[[OutboxEntry], Report | None], entries: Sequence[OutboxEntry]
    ) -> Iterator[Report]:
        reports = in_turn(entries, partial(self._guarded, step), reached=_reached, sample=self.sample)
        yield from (report for report in reports if report is not None)

    def _guarded(self, step: Callable[[OutboxEntry], Report | None], entry: OutboxEntry) -> Report | None:
        """A packet that the outbox cannot handle any more, damaged between two looks, holds up no other."""
        try:
            return step(entry)
        except OutboxError as error:
            return Report(entry.sha256, Outcome.PACKET_FAULT, str(error))

    def _send(self, entry: OutboxEntry) -> Report:
        sha256 = entry.sha256
        try:
            data = self.outbox.read(sha256)
            envelope = check_envelope(data, anchors=self.device_anchors)
        except OutboxError as error:
            return self._unfit(sha256, str(error))
        if isinstance(envelope, PacketFault):
            return self._unfit(sha256, str(envelope))
        self.outbox.record_attempt(sha256, at=self.now())
        broken = Outcome.UNREACHABLE

        def progress(sent_bytes: int) -> None:
            nonlocal broken
            broken = Outcome.INTERRUPTED
            self.outbox.note_progress(sha256, sent_bytes)

        try:
            delivery = deliver(
                self.store,
                sha256,
                data,
                part_bytes=LARGEST_PACKET_BYTES if self.store.is_folder else self.part_bytes,
                again=entry.attempts > 0,
                spend=self._spend,
                progress=progress,
            )
        except StoreUnavailableError as error:
            self.outbox.note_fault(sha256, str(error))
            return Report(sha256, broken, str(error))
        self.outbox.mark_sent(sha256, self.now())
        return Report(sha256, Outcome.SENT if delivery is Delivery.NEW else Outcome.ALREADY_THERE)

    def _unfit(self, sha256: str, fault: str) -> Report:
        self.outbox.record_attempt(sha256, at=self.now(), fault=fault)
        return Report(sha256, Outcome.PACKET_FAULT, fault)

    def _spend(self, size_bytes: int) -> None:
        if self.pace is not None and not self.store.is_folder:
            self.pace.spend(size_bytes)

    def _fetch_receipt(self, entry: OutboxEntry) -> Report | None:
        """None while there is no answer, or only the one already known."""
        sha256 = entry.sha256
        try:
            data = self.store.receipt(sha256)
        except StoreUnavailableError as error:
            return Report(sha256, Outcome.UNREACHABLE, str(error))
        except TooLargeError as error:
            return Report(sha256, Outcome.RECEIPT_REFUSED, str(error))
        if data is None or data == self._known_receipt(sha256):
            return None
        sealed_at = vouched_sealed_at(self.outbox.read_if_whole(sha256), anchors=self.device_anchors)
        receipt = verify_receipt(data, packet_sha256=sha256, anchors=self.receiver_anchors, sealed_at=sealed_at)
        if isinstance(receipt, PacketFault):
            if entry.state is not PacketState.REJECTED:
                self.outbox.record_attempt(sha256, at=self.now(), fault=f"receipt: {receipt}")
            return Report(sha256, Outcome.RECEIPT_REFUSED, str(receipt))
        self.outbox.attach_receipt(sha256, data, accepted=receipt.status.verdict)
        outcome = _ANSWERS[receipt.status.verdict]
        return Report(sha256, outcome, f"{receipt.status} {receipt.detail}".strip())

    def _known_receipt(self, sha256: str) -> bytes | None:
        """None also for one that is damaged here: the store's is asked for again."""
        try:
            return self.outbox.receipt(sha256)
        except PacketDamagedError:
            return None


def _reached(report: Report | None) -> bool | None:
    if report is None or report.outcome in MOVED:
        return True
    return False if report.outcome is Outcome.UNREACHABLE else None


def _named(damaged: Iterable[DamagedEntry]) -> Iterator[Report]:
    for one in damaged:
        yield Report(one.sha256, Outcome.PACKET_FAULT, one.fault)
