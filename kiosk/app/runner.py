"""Runs the effects of the rules, off the drawing thread; answers come back as events.

Workers, each in order: the ledger writes facts and looks things up, in milliseconds; the bench seals and
prints, the card reader signs, devices test themselves, fingers are looked for in the gallery, in seconds;
a stick is written and read in minutes.
Sealing waits for the ledger, so a packet never tells more than the journal holds.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice

from hw.api import PanelState
from kiosk.app.audit_trail import Details, record_fact
from kiosk.app.diagnostics import Diagnostics
from kiosk.app.grace import Kept
from kiosk.app.officer_card import OfficerCards
from kiosk.app.recorded_before import EnrolledFingers
from kiosk.app.recovery import may_rest, replayed
from kiosk.app.scrub import DAMAGED
from kiosk.app.services import Services
from kiosk.app.slip import proof_slip
from kiosk.app.stick_work import StickWork
from kiosk.enrollment.effects import (
    CaptureNow,
    Destroy,
    DoStickTask,
    Effect,
    LookUp,
    PrintSlip,
    Purge,
    Record,
    Seal,
    SearchGallery,
    SelfTestDevice,
    Show,
    SignApproval,
    SignIn,
    SignInByCard,
    StartCapture,
    StopCapture,
)
from kiosk.enrollment.events import (
    DeliveriesSeen,
    DeviceFaulted,
    DeviceHealed,
    Event,
    GallerySearched,
    PrintingFailed,
    Purged,
    Recalled,
    ReceiptArrived,
    Role,
    RosterAnswered,
    Sealed,
    SealingFailed,
    SignInAnswered,
    SlipPrinted,
    Staff,
)
from kiosk.enrollment.fact_versions import fact_to_line
from kiosk.enrollment.facts import Fact
from kiosk.enrollment.faults import Fault
from kiosk.enrollment.person import Person
from kiosk.enrollment.policy import Policy
from kiosk.enrollment.record import Enrollment, Stage, Stamp
from kiosk.enrollment.screens import Kiosk
from kiosk.enrollment.standing import Delivery
from kiosk.packet.parts import SealError, grey_pixels
from kiosk.quality.minutiae import extract
from kiosk.security.audit import AuditEvent
from kiosk.security.nik_hash import nik_hash
from kiosk.security.officers import SignInFault, SignInProblem
from kiosk.storage.blobs import BlobError
from kiosk.storage.outbox import OutboxEntry, OutboxError, PacketState

_SIGN_IN_TEXTS = {
    SignInProblem.WRONG_NAME_OR_PIN: "officer.bad_pin",
    SignInProblem.LOCKED: "officer.locked",
}

RECALLED_AT_ONCE = 50
"""A courier brings the receipts of months in one visit; the screen goes on meanwhile."""


class Runner:
    """post: hands an event to the main thread, from any thread. unit: what the slip says of this unit."""

    def __init__(self, services: Services, *, post: Callable[[Event], None], office: str) -> None:
        self._services = services
        self._post = post
        self._office = office
        self._ledger = ThreadPoolExecutor(1, "ledger")
        self._bench = ThreadPoolExecutor(1, "bench")
        self._reader = ThreadPoolExecutor(1, "card reader")
        self._cards = OfficerCards(services)
        self._tests = ThreadPoolExecutor(1, "self-test")
        self._seeker = ThreadPoolExecutor(1, "gallery search")
        self._stick = ThreadPoolExecutor(1, "stick")
        self._stick_work = StickWork(services)
        self._enrolled = EnrolledFingers(services.sealer.gallery)
        self._diagnostics = Diagnostics(services)
        self._examining: Future[None] | None = None
        self._running: list[Future[None]] = []
        self._kept: dict[str, Kept] = {}  # the ledger adds, the main thread removes

    def run(self, effect: Effect, kiosk: Kiosk, now: Stamp) -> None:
        """Starts one effect; `kiosk` is the state after the step that asked for it."""
        services = self._services
        match effect:
            case Record(enrollment_id, fact):
                enrollment = kiosk.enrollment(enrollment_id) if kiosk.holds(enrollment_id) else None
                self._on_ledger(lambda: self._record(enrollment_id, fact, enrollment, now))
            case LookUp(code):
                self._on_ledger(lambda: self._look_up(code, now))
            case SignIn(number, pin):
                self._on_ledger(lambda: self._sign_in(number, pin, now))
            case SignInByCard(pin):
                self._on(self._reader, lambda: self._cards.sign_in(pin, now))
            case SignApproval():
                self._on(self._reader, lambda: self._cards.sign_approval(effect, now))
            case SelfTestDevice(url):
                self._on(self._tests, lambda: self._diagnostics.test(url, now))
            case DoStickTask(stick_task, officer):
                self._on(
                    self._stick,
                    lambda: self._stick_work.do(stick_task, officer=officer, now=now, tell=self._post),
                )
            case Destroy(enrollment_id):
                self._on_ledger(lambda: self._destroy(enrollment_id, now))
            case StartCapture():
                services.capture.begin(effect)
            case CaptureNow(task):
                services.capture.take_now(task)
            case StopCapture(task):
                services.capture.end(task)
            case SearchGallery(enrollment_id):
                person = kiosk.enrollment(enrollment_id).person
                assert person is not None  # noqa: S101 - who is not identified is not captured
                self._submit(self._seeker, lambda: self._search(effect, person.nik, now))
            case Seal(enrollment_id):
                finalised = kiosk.enrollment(enrollment_id)
                written = self._on_ledger(lambda: None)
                self._submit(self._bench, lambda: self._seal(finalised, now, written))
            case PrintSlip(enrollment_id):
                sealed = kiosk.enrollment(enrollment_id)
                self._submit(self._bench, lambda: self._print(sealed, now))
            case Purge(enrollment_id):
                packet_sha256 = kiosk.enrollment(enrollment_id).packet_sha256
                if kiosk.policy.keep_received_s:
                    self._on_ledger(lambda: self._keep(enrollment_id, packet_sha256, now))
                else:
                    self._on_ledger(lambda: self._purge(enrollment_id, packet_sha256, now))
            case Show(signal):
                if services.panel is not None:
                    services.panel.show(PanelState(signal))

    def note(self, event: Event, now: Stamp) -> None:
        """Leaves an audit line for a device that went away or came back; other events leave theirs as facts."""
        match event:
            case DeviceFaulted(_, fault):
                details: Details = {"device": fault.source, "fault": fault.code}
                self._on_ledger(lambda: self._audit(AuditEvent.DEVICE_FAULT, now, details))
            case DeviceHealed():
                self._on_ledger(lambda: self._audit(AuditEvent.DEVICE_RESTORED, now, {}))
            case _:
                pass

    def look_for_receipts(self, kiosk: Kiosk) -> None:
        """Asks the outbox for receipts of sealed packets that the journal does not know yet."""
        waiting = tuple(e for e in kiosk.enrollments if e.stage is Stage.SEALED)
        if waiting:
            self._on_ledger(lambda: self._receipts(waiting, kiosk.deliveries))
        held = frozenset(enrollment.id for enrollment in kiosk.enrollments)
        self._on_ledger(lambda: self._recall_answered(held))

    def purge_kept(self, policy: Policy, now: Stamp) -> None:
        """Purges the accepted packets whose grace is over."""
        for kept in tuple(self._kept.values()):
            if kept.over(now, grace_s=policy.keep_received_s):
                del self._kept[kept.enrollment_id]
                self._on_ledger(partial(self._purge, kept.enrollment_id, kept.packet_sha256, now))

    def examine(self, now: Stamp) -> None:
        """Looks at unit and devices, unless the look before, or a self-test, still lasts."""
        if self._examining is None or self._examining.done():
            self._examining = self._on(self._tests, lambda: self._diagnostics.examine(now))

    def raise_bugs(self) -> None:
        """Raises what an effect raised: expected failures were answered as events."""
        for ended in [future for future in self._running if future.done()]:
            self._running.remove(ended)
            ended.result()

    @property
    def idle(self) -> bool:
        return all(future.done() for future in self._running)

    def stop(self) -> None:
        """Waits for everything begun: a record that was finalised is sealed before the power goes."""
        self._reader.shutdown(wait=True)
        self._tests.shutdown(wait=True, cancel_futures=True)
        self._seeker.shutdown(wait=True, cancel_futures=True)
        self._bench.shutdown(wait=True)
        self._ledger.shutdown(wait=True)
        self._stick.shutdown(wait=True)  # last, since it may be cut off at any moment

    def _submit(self, worker: ThreadPoolExecutor, work: Callable[[], None]) -> Future[None]:
        future = worker.submit(work)
        self._running.append(future)
        return future

    def _on_ledger(self, work: Callable[[], None]) -> Future[None]:
        return self._submit(self._ledger, work)

    def _on(self, worker: ThreadPoolExecutor, work: Callable[[], Event]) -> Future[None]:
        """Work that ends in one event."""
        return self._submit(worker, lambda: self._post(work()))

    def _record(self, enrollment_id: str, fact: Fact, enrollment: Enrollment | None, now: Stamp) -> None:
        self._services.journal.append(enrollment_id, fact_to_line(fact), now)
        record_fact(self._services.audit, fact, enrollment=enrollment, enrollment_id=enrollment_id, at=now)
        if enrollment is None:
            self._services.journal.forget(enrollment_id)
        elif may_rest(enrollment):
            self._services.journal.rest(enrollment_id)

    def _look_up(self, code: str, now: Stamp) -> None:
        persons = self._services.roster.find(code)
        kind = _kind_of(code, persons)
        already = len(persons) == 1 and self._services.recorded_before(persons[0].nik)
        details: Details = {"by": kind, "found": len(persons)}
        self._services.audit.record(AuditEvent.PERSON_LOOKED_UP, now, details=details)
        self._post(RosterAnswered(code, kind, persons, already_recorded=already))

    def _sign_in(self, number: str, pin: str, now: Stamp) -> None:
        answer = self._services.officers.sign_in(number, pin)
        if isinstance(answer, SignInFault):
            self._services.audit.record(
                AuditEvent.SIGN_IN_REFUSED, now, details={"problem": str(answer.problem)}
            )
            text = _SIGN_IN_TEXTS[answer.problem]
            self._post(SignInAnswered(None, text, wait_s=round(answer.locked_for_s)))
        else:
            role = Role(answer.role)
            self._services.audit.record(
                AuditEvent.SIGNED_IN, now, actor=answer.name, details={"role": str(role), "by": "pin"}
            )
            self._post(SignInAnswered(Staff(answer.name, role)))

    def _audit(self, event: AuditEvent, now: Stamp, details: Details) -> None:
        self._services.audit.record(event, now, details=details)

    def _destroy(self, enrollment_id: str, now: Stamp) -> None:
        self._services.blobs.destroy(enrollment_id)
        self._services.audit.record(AuditEvent.IMAGES_DESTROYED, now, enrollment_id=enrollment_id)

    def _seal(self, enrollment: Enrollment, now: Stamp, written: Future[None]) -> None:
        written.result()
        try:
            packet_sha256 = self._services.sealer.seal(enrollment, now)
        except (SealError, BlobError, OutboxError, OSError) as error:
            self._post(SealingFailed(enrollment.id, Fault("not_sealed", "packet", str(error))))
        else:
            self._post(Sealed(enrollment.id, packet_sha256))

    def _print(self, enrollment: Enrollment, now: Stamp) -> None:
        printer = self._services.printer
        if printer is None:
            self._post(
                PrintingFailed(enrollment.id, Fault("not_connected", "printer", "no printer is configured"))
            )
            return
        fault = printer.print_slip(proof_slip(enrollment, office=self._office, at=now.at))
        if fault is None:
            self._post(SlipPrinted(enrollment.id))
        else:
            told = Fault(str(fault.code), str(fault.device), fault.detail)
            self._post(PrintingFailed(enrollment.id, told))

    def _search(self, effect: SearchGallery, nik: str, now: Stamp) -> None:
        """Says nothing where a picture cannot be had: it was destroyed meanwhile, or the sealing will tell."""
        blobs, enrollment_id = self._services.blobs, effect.enrollment_id
        try:
            stored = {ref.sha256: blobs.get(enrollment_id, ref.sha256) for ref in effect.fingers}
            probes = [extract(grey_pixels(stored, ref)) for ref in effect.fingers]
        except (BlobError, SealError):
            return
        known = nik_hash(nik, key=self._services.sealer.keys.nik_hash_key)
        found = self._enrolled.search(probes, nik_hash=known, damaged=lambda one: self._tell_unread(one, now))
        self._post(GallerySearched(enrollment_id, effect.fingers, found))

    def _tell_unread(self, enrollment_id: str, now: Stamp) -> None:
        self._services.audit.record(AuditEvent.TEMPLATES_DAMAGED, now, enrollment_id=enrollment_id)

    def _keep(self, enrollment_id: str, packet_sha256: str, now: Stamp) -> None:
        """Without a receipt that holds it stays until there is one."""
        try:
            data = self._services.outbox.receipt(packet_sha256)
        except OutboxError:
            self._tell_damaged(enrollment_id, packet_sha256, now)
            return
        receipt = self._services.check_receipt(data, packet_sha256) if data else None
        if receipt is not None and receipt.status.accepts:
            self._kept[enrollment_id] = Kept(enrollment_id, packet_sha256, receipt.at, now)

    def _purge(self, enrollment_id: str, packet_sha256: str, now: Stamp) -> None:
        """Without the receipt itself nothing is purged, whatever was journaled of it."""
        try:
            self._services.outbox.purge(packet_sha256)
        except OutboxError:
            self._tell_damaged(enrollment_id, packet_sha256, now)
            return
        self._services.sealer.gallery.remove(enrollment_id)
        self._post(Purged(enrollment_id))

    def _tell_damaged(self, enrollment_id: str, packet_sha256: str, now: Stamp) -> None:
        details: Details = {"packet_sha256": packet_sha256}
        self._services.audit.record(
            AuditEvent.PACKET_DAMAGED, now, enrollment_id=enrollment_id, details=details
        )

    def _recall_answered(self, held: frozenset[str]) -> None:
        """Brings back records that were at rest when their answer came; the next look takes the answer."""
        journal = self._services.journal
        resting = (one for one in self._services.outbox.answered() if one not in held and journal.at_rest(one))
        for enrollment_id in islice(resting, RECALLED_AT_ONCE):
            self._post(Recalled(replayed(journal, enrollment_id)))

    def _receipts(self, waiting: tuple[Enrollment, ...], told: tuple[Delivery, ...]) -> None:
        seen = tuple(self._delivery(enrollment) for enrollment in waiting)
        if seen != told:
            self._post(DeliveriesSeen(seen))

    def _delivery(self, enrollment: Enrollment) -> Delivery:
        """What is damaged in the outbox is the officer's to see, and stops nobody else's receipt."""
        outbox = self._services.outbox
        try:
            entry = outbox.entry(enrollment.packet_sha256)
            if entry.receipt_sha256 not in ("", enrollment.receipt_sha256):
                self._take_receipt(enrollment, entry)
        except OutboxError:
            return Delivery(enrollment.id, PacketState.SEALED, fault=DAMAGED)
        return Delivery(enrollment.id, str(entry.state), outbox.sent_percent(entry), entry.last_fault)

    def _take_receipt(self, enrollment: Enrollment, entry: OutboxEntry) -> None:
        """Nothing while the centre is at work: judging it reads the whole packet; this comes each second."""
        data = self._services.outbox.receipt(entry.sha256)
        if entry.state is PacketState.PROCESSING:
            return
        receipt = self._services.check_receipt(data, entry.sha256) if data else None
        if receipt is not None and receipt.status.verdict is not None:
            status, accepted = str(receipt.status), receipt.status.accepts
            self._post(ReceiptArrived(enrollment.id, entry.receipt_sha256, status, accepted=accepted))


def _kind_of(code: str, persons: tuple[Person, ...]) -> str:
    """Which of a person's codes matched: `ticket`, `nik` or `kk`."""
    typed = "".join(character for character in code if character.isalnum()).upper()
    if any(person.nik == typed for person in persons):
        return "nik"
    return "kk" if any(person.kk == typed for person in persons) else "ticket"
