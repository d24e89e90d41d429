"""The reference receiver: what a centre does with a packet before it signs for it."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import pyrage
from cryptography import x509

from kiosk.packet.cms import DeviceSigner
from kiosk.packet.envelope import check_envelope
from kiosk.packet.faults import PacketFault
from kiosk.packet.open import open_envelope
from kiosk.packet.receipts import CentralStatus, Receipt, sign_receipt
from kiosk.packet.verify import Check, verify_contents
from kiosk.security.certificates import common_name
from kiosk.uplink.store import PacketStore, StoreUnavailableError, TooLargeError
from kiosk.uplink.turns import in_turn


@dataclass(frozen=True, slots=True)
class Receiver:
    """Keeps no state of its own: receipts and accepted persons lie in the store, so several may run.

    identities: of every recipient that packets may still come for; the unit's list of recipients changes
    while packets wait. now: wall clock. nik_hash: the keyed hash of a NIK, None to take the header's word
    for it.
    """

    store: PacketStore
    identities: Sequence[pyrage.x25519.Identity]
    device_anchors: Sequence[x509.Certificate]
    signer: DeviceSigner
    receiver_id: str
    now: Callable[[], dt.datetime]
    nik_hash: Callable[[str], str] | None = None

    def run_once(self) -> Iterator[Judgement | Broken | Unread]:
        """Joins what came in parts and answers every packet that has no receipt yet.

        What the store does not give is told and passed over. Raises StoreUnavailableError for one that
        cannot be listed.
        """
        parts = self.store.in_parts()

        def join(sha256: str) -> None:
            self.store.join(sha256, parts[sha256])

        yield from _in_turn(join, tuple(parts))
        yield from _in_turn(self._answered, tuple(self.store.unanswered()))

    def _answered(self, sha256: str) -> Judgement | Broken | None:
        judgement = self._judged(sha256)
        if not isinstance(judgement, Judgement):
            return judgement
        receipt = sign_receipt(judgement.receipt, signer=self.signer)
        return judgement if self.store.put_receipt(sha256, receipt) else None

    def _judged(self, sha256: str) -> Judgement | Broken | None:
        """None when it is not there any more, or another receiver has answered since the listing."""
        if self.store.has_receipt(sha256):
            return None
        try:
            data = self.store.packet(sha256)
        except TooLargeError as error:
            return Broken(sha256, str(error))
        if data is None:
            return None
        if hashlib.sha256(data).hexdigest() != sha256:
            return Broken(sha256, f"{len(data)} bytes of another hash")
        return self.judge(sha256, data)

    def judge(self, sha256: str, data: bytes) -> Judgement:
        """The receipt for a packet of this hash. An acceptable one takes its person's place."""
        envelope = check_envelope(data, anchors=self.device_anchors)
        if isinstance(envelope, PacketFault):
            return self._refuse(sha256, "", str(envelope))
        nik_hash = envelope.header.nik_hash
        if (named := common_name(envelope.signer)) != envelope.header.unit_id:
            return self._refuse(
                sha256, nik_hash, f"the certificate is {named}'s, not {envelope.header.unit_id}'s"
            )
        opened = open_envelope(envelope, self.identities, self.device_anchors)
        if isinstance(opened, PacketFault):
            return self._refuse(sha256, nik_hash, str(opened))
        checks = verify_contents(opened, nik_hash=self.nik_hash)
        failed = [check.name for check in checks if not check.passed]
        if failed:
            return self._refuse(sha256, nik_hash, f"failed: {', '.join(failed)}", checks)
        holder = self.store.claim(nik_hash, sha256)
        if holder == sha256:
            return self._answer(sha256, nik_hash, CentralStatus.RECEIVED_AT_CENTRAL, "", checks)
        if opened.manifest.deletion_letter:
            detail = f"second recording with a deletion letter, first: {holder}"
            return self._answer(sha256, nik_hash, CentralStatus.ADJUDICATE_RECORD, detail, checks)
        return self._answer(sha256, nik_hash, CentralStatus.DUPLICATE_RECORD, f"first: {holder}", checks)

    def _refuse(self, sha256: str, nik_hash: str, detail: str, checks: tuple[Check, ...] = ()) -> Judgement:
        return self._answer(sha256, nik_hash, CentralStatus.ENROLL_FAILURE_AT_CENTRAL, detail, checks)

    def _answer(
        self, sha256: str, nik_hash: str, status: CentralStatus, detail: str, checks: tuple[Check, ...]
    ) -> Judgement:
        return Judgement(Receipt(sha256, nik_hash, status, self.now(), self.receiver_id, detail), checks)


@dataclass(frozen=True, slots=True)
class Broken:
    """An object that is not the packet it is named as: nothing to sign for. Its unit may be sending it still.

    found: what is there instead, in words.
    """

    sha256: str
    found: str


@dataclass(frozen=True, slots=True)
class Unread:
    """A packet that the store has and did not give, or whose receipt it did not take. why: in words."""

    sha256: str
    why: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """checks: empty when the packet could not be opened. Their details stay with the receiver."""

    receipt: Receipt
    checks: tuple[Check, ...]


_Step = Callable[[str], Judgement | Broken | None]


def _in_turn(step: _Step, hashes: Sequence[str]) -> Iterator[Judgement | Broken | Unread]:
    results = in_turn(hashes, partial(_guarded, step), reached=lambda result: not isinstance(result, Unread))
    yield from (result for result in results if result is not None)


def _guarded(step: _Step, sha256: str) -> Judgement | Broken | Unread | None:
    try:
        return step(sha256)
    except StoreUnavailableError as error:
        return Unread(sha256, str(error))
