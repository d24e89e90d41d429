"""The state machine of the whole kiosk: `step(kiosk, event, now)` -> new kiosk and effects.

Total by construction: an event that means nothing on the present screen changes nothing. Touches
repeated by an impatient finger, late answers and late frames therefore cannot skip a step.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from kiosk.enrollment import capture_flow, card_flow, gallery_flow, identify_flow, officer_flow, power_flow
from kiosk.enrollment.effects import Destroy, Effect, Purge, Record, Seal, Show, Signal, StopCapture
from kiosk.enrollment.events import (
    BiodataAccepted,
    BiodataQuestioned,
    CardChanged,
    Continued,
    DeliveriesSeen,
    Event,
    GallerySearched,
    HelpAsked,
    IdleElapsed,
    LanguageChosen,
    OfficerCalled,
    PowerChanged,
    PrinterReady,
    PrintingFailed,
    Purged,
    Recalled,
    ReceiptArrived,
    Sealed,
    SealingFailed,
    SlipPrinted,
    StopAsked,
    StopConfirmed,
    WentBack,
)
from kiosk.enrollment.facts import (
    Aborted,
    BiodataConfirmed,
    BiodataDisputed,
    NoticeGiven,
    PacketPurged,
    PacketRejected,
    PacketSealed,
    ReceiptAccepted,
    ReviewConfirmed,
    SlipSettled,
    Started,
    apply,
)
from kiosk.enrollment.policy import Policy
from kiosk.enrollment.record import Enrollment, Stage, Stamp
from kiosk.enrollment.screens import (
    AtNotice,
    Attract,
    Capturing,
    Confirming,
    ConfirmingStop,
    Finalising,
    Finished,
    HelpComing,
    Identifying,
    Kiosk,
    OfficerApproving,
    OfficerAtStick,
    OfficerDiagnosing,
    OfficerExcepting,
    OfficerQueue,
    OfficerRecord,
    OfficerReturning,
    OfficerSigningIn,
    PoweringDown,
    Resuming,
    Reviewing,
    Screen,
    StillThere,
    SupervisorApproving,
    Waiting,
)
from kiosk.enrollment.transitions import (
    Result,
    enter,
    print_slip,
    record,
    record_and_enter,
    return_to,
    show,
    stay,
)

_OFFICER_SCREENS = (
    OfficerSigningIn,
    OfficerQueue,
    OfficerRecord,
    OfficerReturning,
    OfficerExcepting,
    SupervisorApproving,
    OfficerApproving,
    OfficerDiagnosing,
    OfficerAtStick,
    Finalising,
    Finished,
)
_OVERLAYS = (ConfirmingStop, HelpComing, StillThere)


def restored(
    *,
    unit: str,
    policy: Policy,
    enrollments: Iterable[Enrollment],
    next_number: int,
    interrupted: str = "",
    prints: bool = True,
) -> Result:
    """The kiosk after a start. enrollments: as the journal replays them; interrupted: id of the one on screen;
    prints: whether there is a printer.

    An identified resident proves again who sits there before anything personal is shown.
    """
    kept = tuple(e for e in enrollments if not e.over)
    kiosk = Kiosk(unit=unit, policy=policy, enrollments=kept, next_number=next_number, prints=prints)
    unfinished: list[Effect] = [Seal(e.id) for e in kept if e.stage is Stage.FINALISED]
    unfinished += [Purge(e.id) for e in kept if e.stage is Stage.RECEIVED]
    unfinished += gallery_flow.due(kept)
    if kiosk.holds(interrupted):
        enrollment = kiosk.enrollment(interrupted)
        if enrollment.person is None:
            kiosk, effects = enter(kiosk, interrupted)
            return kiosk, (*unfinished, *effects)
        if _with_resident(enrollment):
            return replace(kiosk, screen=Resuming(interrupted)), tuple(unfinished)
    return kiosk, tuple(unfinished)


def step(kiosk: Kiosk, event: Event, now: Stamp) -> Result:
    """One event. `now` is the only clock the rules see."""
    after, effects = _stepped(kiosk, event, now)
    after = _off_what_is_over(after)
    after, effects = power_flow.held(kiosk.screen, after, effects)
    ended = _task(kiosk.screen) - _task(after.screen)
    stopped = tuple(StopCapture(task) for task in sorted(ended))
    before_signal, signal = signal_of(kiosk.screen), signal_of(after.screen)
    shown = (Show(signal),) if signal is not before_signal else ()
    return after, stopped + effects + gallery_flow.searches(kiosk, after) + shown


def _off_what_is_over(kiosk: Kiosk) -> Kiosk:
    """A record purged while an officer reads it gives the queue back."""
    screen = kiosk.screen
    if isinstance(screen, OfficerRecord) and not kiosk.holds(screen.enrollment_id):
        return replace(kiosk, screen=OfficerQueue(screen.staff))
    return kiosk


def signal_of(screen: Screen) -> Signal:
    match screen:
        case Attract():
            return Signal.IDLE
        case Capturing(fault=fault) if fault is not None:
            return Signal.FAULT
        case Capturing(guidance=guidance):
            return Signal.CAPTURING if guidance.good else Signal.GUIDING
        case Waiting() | HelpComing():
            return Signal.CALL_OFFICER
        case Finished():
            return Signal.CAPTURED
        case PoweringDown():
            return Signal.DARK
        case _:
            return Signal.GUIDING


def _task(screen: Screen) -> set[int]:
    return {screen.task} if isinstance(screen, Capturing) else set()


def _with_resident(enrollment: Enrollment) -> bool:
    return enrollment.stage in (
        Stage.NOTICE,
        Stage.IDENTIFY,
        Stage.CONFIRM_BIODATA,
        Stage.CAPTURE,
        Stage.VERIFY,
        Stage.REVIEW,
        Stage.APPROVE,
    )


def _stepped(kiosk: Kiosk, event: Event, now: Stamp) -> Result:
    screen = kiosk.screen
    background = _background(kiosk, event)
    if background is not None:
        return background
    if isinstance(screen, _OFFICER_SCREENS):
        return officer_flow.step(kiosk, screen, event, now)
    if isinstance(screen, _OVERLAYS):
        return _overlay(kiosk, screen, event)
    common = _anywhere(kiosk, event)
    if common is not None:
        return common
    match screen:
        case Attract():
            return _attract(kiosk, event, now)
        case AtNotice(enrollment_id):
            if isinstance(event, Continued):
                return record_and_enter(kiosk, enrollment_id, NoticeGiven(kiosk.policy.notice_version))
        case Identifying() | Resuming():
            return identify_flow.step(kiosk, screen, event, now)
        case Confirming(enrollment_id):
            return _confirming(kiosk, enrollment_id, event)
        case Capturing():
            return capture_flow.step(kiosk, screen, event)
        case Reviewing(enrollment_id):
            if isinstance(event, Continued):
                return record_and_enter(kiosk, enrollment_id, ReviewConfirmed())
        case Waiting():
            if isinstance(event, Continued | IdleElapsed):
                return show(kiosk, Attract())
    return stay(kiosk)


def _background(kiosk: Kiosk, event: Event) -> Result | None:
    """Answers about records that need not be on the screen, and the officer's card."""
    match event:
        case CardChanged(presence):
            return stay(card_flow.noticed(kiosk, presence))
        case PowerChanged(low):
            return stay(replace(kiosk, power_low=low))
        case Recalled(enrollment):
            return stay(kiosk if kiosk.holds(enrollment.id) else kiosk.with_enrollment(enrollment))
        case DeliveriesSeen(deliveries):
            return stay(replace(kiosk, deliveries=deliveries))
        case GallerySearched():
            return gallery_flow.answered(kiosk, event)
        case PrinterReady():
            due = kiosk.slips_due
            return print_slip(kiosk, due[0]) if due and not kiosk.printing else stay(kiosk)
        case (
            Sealed(enrollment_id)
            | SealingFailed(enrollment_id)
            | SlipPrinted(enrollment_id)
            | PrintingFailed(enrollment_id)
            | ReceiptArrived(enrollment_id)
            | Purged(enrollment_id)
        ):
            if isinstance(event, SlipPrinted | PrintingFailed) and kiosk.printing == enrollment_id:
                kiosk = replace(kiosk, printing="")
            if not kiosk.holds(enrollment_id):
                return stay(kiosk)
        case _:
            return None
    stage = kiosk.enrollment(enrollment_id).stage
    match event:
        case SlipPrinted() if kiosk.enrollment(enrollment_id).slip_due:
            kiosk, effects = record(kiosk, enrollment_id, SlipSettled(printed=True))
            return officer_flow.answered(kiosk, event)[0], effects
        case Sealed(_, packet_sha256) if stage is Stage.FINALISED:
            return _sealed(kiosk, enrollment_id, packet_sha256)
        case ReceiptArrived(_, receipt_sha256, status, accepted=False) if stage is Stage.SEALED:
            return record(kiosk, enrollment_id, PacketRejected(receipt_sha256, status))
        case ReceiptArrived(_, receipt_sha256, status) if stage is Stage.SEALED:
            kiosk, recorded = record(kiosk, enrollment_id, ReceiptAccepted(receipt_sha256, status))
            return kiosk, (*recorded, Purge(enrollment_id))
        case Purged() if stage is Stage.RECEIVED:
            return record(kiosk, enrollment_id, PacketPurged())
        case _:
            return officer_flow.answered(kiosk, event)


def _sealed(kiosk: Kiosk, enrollment_id: str, packet_sha256: str) -> Result:
    kiosk, recorded = record(kiosk, enrollment_id, PacketSealed(packet_sha256, slip_due=kiosk.prints))
    screen = kiosk.screen
    if isinstance(screen, Finalising) and screen.enrollment_id == enrollment_id:
        kiosk = replace(kiosk, screen=Finished(screen.staff, enrollment_id))
    kiosk, printing = print_slip(kiosk, enrollment_id)
    return kiosk, (*recorded, Destroy(enrollment_id), *printing)


def _anywhere(kiosk: Kiosk, event: Event) -> Result | None:
    """Events that mean the same on every resident's screen."""
    screen = kiosk.screen
    match event:
        case OfficerCalled():
            return show(kiosk, OfficerSigningIn(screen, card_flow.first_form(kiosk)))
        case HelpAsked() if not isinstance(screen, Attract | PoweringDown):
            return show(kiosk, HelpComing(back=screen))
        case StopAsked() if not isinstance(screen, Attract | Waiting | PoweringDown):
            return show(kiosk, ConfirmingStop(back=screen))
        case IdleElapsed() if not isinstance(screen, Attract | Waiting | PoweringDown):
            return show(kiosk, StillThere(back=screen))
        case _:
            return None


def _overlay(kiosk: Kiosk, screen: ConfirmingStop | HelpComing | StillThere, event: Event) -> Result:
    match event, screen:
        case ((WentBack() | Continued()), _):
            return return_to(kiosk, screen.back)
        case OfficerCalled(), _:
            return show(kiosk, OfficerSigningIn(screen, card_flow.first_form(kiosk)))
        case StopConfirmed(), ConfirmingStop(back=back):
            return _leave(kiosk, back, destroy=True)
        case StopAsked(), (HelpComing(back=back) | StillThere(back=back)):
            return show(kiosk, ConfirmingStop(back=back))
        case IdleElapsed(), StillThere(back=back):
            return _leave(kiosk, back, destroy=False)
        case IdleElapsed(), (ConfirmingStop(back=back) | HelpComing(back=back)):
            return show(kiosk, StillThere(back=back))
        case _:
            return stay(kiosk)


def _leave(kiosk: Kiosk, screen: Screen, *, destroy: bool) -> Result:
    """Ends (destroy) or parks the session behind `screen` and wipes the screen.

    Nobody can come back to a session that never learnt who sat there, so it ends too.
    """
    enrollment_id = getattr(screen, "enrollment_id", "")
    if not kiosk.holds(enrollment_id):
        return show(kiosk, Attract())
    enrollment = kiosk.enrollment(enrollment_id)
    if not destroy and enrollment.person is not None:
        return show(kiosk, Attract())
    if not _with_resident(enrollment):
        return show(kiosk, Attract())
    reason = "stopped" if destroy else "left_unidentified"
    kiosk, recorded = record(kiosk, enrollment_id, Aborted(reason))
    return show(kiosk, Attract(), *recorded, Destroy(enrollment_id))


def _attract(kiosk: Kiosk, event: Event, now: Stamp) -> Result:
    if not isinstance(event, LanguageChosen):
        return stay(kiosk)
    enrollment_id = f"{kiosk.unit}-{kiosk.next_number:06d}"
    fact = Started(enrollment_id, event.language, now, kiosk.policy.step_order)
    kiosk = replace(kiosk.with_enrollment(apply(None, fact)), next_number=kiosk.next_number + 1)
    kiosk, entered = enter(kiosk, enrollment_id)
    return kiosk, (Record(enrollment_id, fact), *entered)


def _confirming(kiosk: Kiosk, enrollment_id: str, event: Event) -> Result:
    match event:
        case BiodataAccepted():
            return record_and_enter(kiosk, enrollment_id, BiodataConfirmed())
        case BiodataQuestioned():
            return record_and_enter(kiosk, enrollment_id, BiodataDisputed("resident_disagrees"))
        case _:
            return stay(kiosk)
