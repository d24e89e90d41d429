"""One pass over the outbox: send what waits, fetch receipts for what was sent."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cryptography import x509

from kiosk.packet.envelope import Envelope, check_envelope
from kiosk.packet.faults import PacketFault
from kiosk.packet.receipts import verify_receipt
from kiosk.storage.outbox import Outbox, OutboxEntry, OutboxError, PacketState
from kiosk.uplink.store import Delivery, PacketStore, StoreUnavailableError

RECEIPTS_PER_PASS = 50
"""A centre months behind leaves thousands unanswered; asking for each every time would fill the line."""
_AWAITING_ANSWER = (PacketState.SENT, PacketState.REJECTED)


class Outcome(StrEnum):
    SENT = "sent"
    ALREADY_THERE = "already_there"
    RECEIVED = "received"
    REJECTED = "rejected"
    PACKET_FAULT = "packet_fault"
    RECEIPT_REFUSED = "receipt_refused"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Report:
    """What happened to one packet in this pass. detail: technical, nothing personal."""

    sha256: str
    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Sender:
    """device_anchors, receiver_anchors: whose packets go out, whose receipts are believed.

    now: wall clock. sample: which receipts to ask for when there are too many for one pass.
    """

    outbox: Outbox
    store: PacketStore
    device_anchors: Sequence[x509.Certificate]
    receiver_anchors: Sequence[x509.Certificate]
    now: Callable[[], dt.datetime]
    sample: Callable[[Sequence[OutboxEntry], int], Sequence[OutboxEntry]] = random.sample

    def run_once(self) -> Iterator[Report]:
        """Ends at the first answer that the store is out of reach. Raises OutboxError for a broken outbox."""
        for entry in self.outbox.pending():
            yield (report := self._send(entry))
            if report.outcome is Outcome.UNREACHABLE:
                return
        waiting = [entry for entry in self.outbox.entries() if entry.state in _AWAITING_ANSWER]
        for entry in self.sample(waiting, min(len(waiting), RECEIPTS_PER_PASS)):
            if (answer := self._fetch_receipt(entry)) is not None:
                yield answer
                if answer.outcome is Outcome.UNREACHABLE:
                    return

    def _send(self, entry: OutboxEntry) -> Report:
        sha256 = entry.sha256
        envelope = self._envelope(sha256)
        if isinstance(envelope, str):
            self.outbox.record_attempt(sha256, at=self.now(), fault=envelope)
            return Report(sha256, Outcome.PACKET_FAULT, envelope)
        try:
            delivery = self.store.put_packet(sha256, self.outbox.read(sha256))
        except StoreUnavailableError as error:
            self.outbox.record_attempt(sha256, at=self.now(), fault=str(error))
            return Report(sha256, Outcome.UNREACHABLE, str(error))
        self.outbox.record_attempt(sha256, at=self.now())
        self.outbox.mark_sent(sha256, self.now())
        return Report(sha256, Outcome.SENT if delivery is Delivery.NEW else Outcome.ALREADY_THERE)

    def _fetch_receipt(self, entry: OutboxEntry) -> Report | None:
        """None while there is no answer, or only the one already known."""
        sha256 = entry.sha256
        try:
            data = self.store.receipt(sha256)
        except StoreUnavailableError as error:
            return Report(sha256, Outcome.UNREACHABLE, str(error))
        if data is None or data == self.outbox.receipt(sha256):
            return None
        receipt = verify_receipt(
            data, packet_sha256=sha256, anchors=self.receiver_anchors, sealed_at=self._sealed_at(sha256)
        )
        if isinstance(receipt, PacketFault):
            if entry.state is PacketState.SENT:
                self.outbox.record_attempt(sha256, at=self.now(), fault=f"receipt: {receipt}")
            return Report(sha256, Outcome.RECEIPT_REFUSED, str(receipt))
        self.outbox.attach_receipt(sha256, data, accepted=receipt.status.accepts)
        outcome = Outcome.RECEIVED if receipt.status.accepts else Outcome.REJECTED
        return Report(sha256, outcome, f"{receipt.status} {receipt.detail}".strip())

    def _sealed_at(self, sha256: str) -> dt.datetime | None:
        envelope = self._envelope(sha256)
        return None if isinstance(envelope, str) else envelope.header.vouched_sealed_at

    def _envelope(self, sha256: str) -> Envelope | str:
        """The packet's checked envelope, or what is wrong with it in words."""
        try:
            envelope = check_envelope(self.outbox.read(sha256), anchors=self.device_anchors)
        except OutboxError as error:
            return str(error)
        return str(envelope) if isinstance(envelope, PacketFault) else envelope
