"""The officer's side: sign in, queue, review, return one modality, grant exceptions, finalise."""

from __future__ import annotations

from dataclasses import replace

from kiosk.enrollment import diagnosis_flow, stick_flow
from kiosk.enrollment.approval import challenge_of, statement_of
from kiosk.enrollment.card_flow import approval_form, typed
from kiosk.enrollment.effects import Effect, Seal, SignApproval, SignIn, SignInByCard
from kiosk.enrollment.events import (
    ApprovalSigned,
    CardChosen,
    CardPresence,
    Continued,
    DiagnosticsAsked,
    EntrySubmitted,
    Event,
    ExceptionAsked,
    ExceptionPositionChosen,
    ExceptionReasonChosen,
    FinaliseAsked,
    HandedBack,
    IdleElapsed,
    NumberChosen,
    PrintAsked,
    PrintingFailed,
    RecordOpened,
    ReturnAsked,
    Role,
    SealingFailed,
    SignatureSkipped,
    SignedOut,
    SignInAnswered,
    SlipPrinted,
    SlipWaived,
    Staff,
    StepReturned,
    WentBack,
)
from kiosk.enrollment.facts import Finalised, ModalityReturned, PositionsExcepted, SlipSettled, apply
from kiosk.enrollment.positions import CaptureStep, Position
from kiosk.enrollment.quality_report import Defect
from kiosk.enrollment.record import BiometricException, Enrollment, Stage, Stamp
from kiosk.enrollment.screens import (
    EMPTY_CARD_FORM,
    EMPTY_FORM,
    Attract,
    CardForm,
    Finalising,
    Finished,
    Kiosk,
    OfficerApproving,
    OfficerAtStick,
    OfficerDiagnosing,
    OfficerExcepting,
    OfficerQueue,
    OfficerRecord,
    OfficerReturning,
    OfficerSigningIn,
    Screen,
    SignInForm,
    SupervisorApproving,
)
from kiosk.enrollment.stick_events import StickAsked
from kiosk.enrollment.transitions import Result, edited, enter, print_slip, record, return_to, show, stay

_STAFF_ENTRY_LENGTH = 12


def open_points(enrollment: Enrollment) -> tuple[str, ...]:
    """What the finalising officer must answer for: text ids, in the order of the record."""
    points = []
    if enrollment.biodata_remarks:
        points.append("officer.point.biodata_disputed")
    if any(sample.forced for sample in enrollment.samples):
        points.append("officer.point.forced_samples")
    confused = {Defect.SAME_FINGER_TWICE, Defect.WRONG_HAND}
    if any(confused & set(sample.report.defects) for sample in enrollment.samples):
        points.append("officer.point.fingers_confused")
    if enrollment.gallery_search is not None and enrollment.gallery_search.hits:
        points.append("officer.point.recorded_before")
    failed = [item for item in enrollment.verifications if not item.matched]
    if any(item.position is not Position.FACE for item in failed):
        points.append("officer.point.not_verified")
    if any(item.position is Position.FACE and item.matcher for item in failed):
        points.append("officer.point.face_differs")
    if any(item.position is Position.FACE and not item.matcher for item in failed):
        points.append("officer.point.face_not_compared")
    return tuple(points)


def missing_positions(enrollment: Enrollment) -> tuple[Position, ...]:
    """Positions neither captured nor excepted with approval: a packet is whole or it is not sealed."""
    return tuple(
        position
        for step_ in CaptureStep
        for position in step_.positions
        if enrollment.sample(position) is None
        and not ((exception := enrollment.exception(position)) and exception.approved_by)
    )


def step(kiosk: Kiosk, screen: Screen, event: Event, now: Stamp) -> Result:
    if isinstance(event, SignedOut | IdleElapsed) and not _at_work(screen):
        return show(kiosk, Attract())
    match screen:
        case OfficerSigningIn():
            return _signing_in(kiosk, screen, event)
        case OfficerQueue(staff):
            if isinstance(event, RecordOpened) and kiosk.holds(event.enrollment_id):
                return show(kiosk, OfficerRecord(staff, event.enrollment_id))
            if isinstance(event, DiagnosticsAsked):
                return show(kiosk, OfficerDiagnosing(staff))
            if isinstance(event, StickAsked):
                return show(kiosk, OfficerAtStick(staff))
        case OfficerDiagnosing():
            return diagnosis_flow.step(kiosk, screen, event)
        case OfficerAtStick():
            return stick_flow.step(kiosk, screen, event)
        case OfficerRecord():
            return _record(kiosk, screen, event, now)
        case OfficerReturning(staff, enrollment_id):
            return _returning(kiosk, staff, enrollment_id, event)
        case OfficerExcepting():
            return _excepting(kiosk, screen, event)
        case SupervisorApproving():
            return _approving(kiosk, screen, event)
        case OfficerApproving():
            return _signing(kiosk, screen, event)
        case Finalising(enrollment_id=enrollment_id, fault=fault):
            if fault is not None and isinstance(event, FinaliseAsked):
                return show(kiosk, replace(screen, fault=None), Seal(enrollment_id))
            if fault is not None and isinstance(event, WentBack):
                return show(kiosk, OfficerQueue(screen.staff))
        case Finished(staff, enrollment_id):
            if isinstance(event, Continued | WentBack):
                return show(kiosk, OfficerQueue(staff))
            if isinstance(event, PrintAsked) and kiosk.holds(enrollment_id):
                again = replace(screen, fault=None, printed=False)
                return print_slip(replace(kiosk, screen=again), enrollment_id)
        case _:
            pass
    return stay(kiosk)


def _at_work(screen: Screen) -> bool:
    """Nobody leaves while a record is sealed or the stick written; the answer is seen first."""
    return isinstance(screen, Finalising) or (isinstance(screen, OfficerAtStick) and screen.task is not None)


def answered(kiosk: Kiosk, event: Event) -> Result:
    """Answers of sealing and printing, shown when their record is still on the screen."""
    screen = kiosk.screen
    match screen, event:
        case Finalising(enrollment_id=shown), SealingFailed(enrollment_id, fault) if shown == enrollment_id:
            return show(kiosk, replace(screen, fault=fault))
        case Finished(enrollment_id=shown), SlipPrinted(enrollment_id) if shown == enrollment_id:
            return show(kiosk, replace(screen, printed=True, fault=None))
        case Finished(enrollment_id=shown), PrintingFailed(enrollment_id, fault) if shown == enrollment_id:
            return show(kiosk, replace(screen, fault=fault))
        case OfficerRecord(enrollment_id=shown), SlipPrinted(enrollment_id) if shown == enrollment_id:
            return show(kiosk, replace(screen, message="finalised.printed"))
        case OfficerRecord(enrollment_id=shown), PrintingFailed(enrollment_id, fault) if shown == enrollment_id:
            return show(kiosk, replace(screen, message=fault.officer_text))
        case _:
            return stay(kiosk)


def _signing_in(kiosk: Kiosk, screen: OfficerSigningIn, event: Event) -> Result:
    match event:
        case SignInAnswered(staff=Staff() as staff) if _asked(screen.form, staff):
            return show(kiosk, OfficerQueue(staff))
        case WentBack():
            return return_to(kiosk, screen.back)
        case _:
            form, effects = _form(kiosk, screen.form, event)
            return show(kiosk, replace(screen, form=form), *effects)


def _asked(form: SignInForm | CardForm, staff: Staff) -> bool:
    """Whether this form asked for the sign-in that has been answered: one given up may answer late."""
    if isinstance(form, CardForm):
        return form.asking and staff.by_card
    return bool(form.number) and not staff.by_card


def _form(
    kiosk: Kiosk, form: SignInForm | CardForm, event: Event
) -> tuple[SignInForm | CardForm, tuple[Effect, ...]]:
    """Staff number and PIN, or the card's PIN; either gives way to the other."""
    match event:
        case NumberChosen():
            return EMPTY_FORM, ()
        case CardChosen() if kiosk.card is CardPresence.PRESENT:
            return EMPTY_CARD_FORM, ()
        case _:
            pass
    if isinstance(form, SignInForm):
        return _number_form(form, event)
    form, pin = typed(form, event)
    return form, ((SignInByCard(pin),) if pin else ())


def _number_form(form: SignInForm, event: Event) -> tuple[SignInForm, tuple[Effect, ...]]:
    """Staff number, then PIN; a refusal starts over with its reason."""
    entry = edited(form.entry, event, length=_STAFF_ENTRY_LENGTH)
    if entry is not None:
        return replace(form, entry=entry, message=""), ()
    match event:
        case EntrySubmitted() if form.entry and not form.number:
            return SignInForm(number=form.entry), ()
        case EntrySubmitted() if form.entry:
            return SignInForm(number=form.number), (SignIn(form.number, form.entry),)
        case SignInAnswered(staff=None, message=message, wait_s=wait_s) if form.number:
            return SignInForm(message=message, wait_s=wait_s), ()
        case _:
            return form, ()


def _record(kiosk: Kiosk, screen: OfficerRecord, event: Event, now: Stamp) -> Result:
    staff, enrollment_id = screen.staff, screen.enrollment_id
    enrollment = kiosk.enrollment(enrollment_id)
    waiting = enrollment.stage is Stage.AWAIT_OFFICER
    match event:
        case WentBack():
            return show(kiosk, OfficerQueue(staff))
        case PrintAsked() if enrollment.packet_sha256:
            return print_slip(
                replace(kiosk, screen=replace(screen, message="finalised.printing")), enrollment_id
            )
        case SlipWaived() if enrollment.slip_due:
            kiosk, recorded = record(kiosk, enrollment_id, SlipSettled(printed=False))
            return show(kiosk, OfficerQueue(staff), *recorded)
        case HandedBack() if enrollment.finalised is None:
            return enter(kiosk, enrollment_id)
        case ReturnAsked() if waiting:
            return show(kiosk, OfficerReturning(staff, enrollment_id))
        case ExceptionAsked() if enrollment.stage in (
            Stage.CAPTURE,
            Stage.VERIFY,
            Stage.REVIEW,
            Stage.AWAIT_OFFICER,
        ):
            return show(kiosk, OfficerExcepting(staff, enrollment_id))
        case FinaliseAsked(override) if waiting:
            return _finalise(kiosk, screen, enrollment, override, now)
        case _:
            return stay(kiosk)


def _finalise(kiosk: Kiosk, screen: OfficerRecord, enrollment: Enrollment, override: str, now: Stamp) -> Result:
    if missing_positions(enrollment):
        return show(kiosk, replace(screen, message="officer.incomplete"))
    if open_points(enrollment) and not override:
        return show(kiosk, replace(screen, message="officer.override_needed"))
    required = kiosk.policy.officer_card_required
    if required or screen.staff.by_card or kiosk.card is CardPresence.PRESENT:
        form = approval_form(kiosk)
        return show(kiosk, OfficerApproving(screen.staff, enrollment.id, override, now, form))
    return _finalised(kiosk, screen.staff, enrollment.id, Finalised(screen.staff.number, now, override))


def _finalised(kiosk: Kiosk, staff: Staff, enrollment_id: str, fact: Finalised) -> Result:
    kiosk, recorded = record(kiosk, enrollment_id, fact)
    return show(kiosk, Finalising(staff, enrollment_id), *recorded, Seal(enrollment_id))


def _signing(kiosk: Kiosk, screen: OfficerApproving, event: Event) -> Result:
    staff, enrollment_id = screen.staff, screen.enrollment_id
    fact = Finalised(staff.number, screen.at, screen.override)
    challenge = challenge_of(statement_of(apply(kiosk.enrollment(enrollment_id), fact)))
    match event:
        case ApprovalSigned(_, signed, signature) if screen.form.asking and signed == challenge:
            return _finalised(kiosk, staff, enrollment_id, replace(fact, signature=signature))
        case CardChosen() if kiosk.card is CardPresence.PRESENT and not screen.form.asking:
            return show(kiosk, replace(screen, form=EMPTY_CARD_FORM))
        case SignatureSkipped() if not screen.form.asking and not kiosk.policy.officer_card_required:
            return _finalised(kiosk, staff, enrollment_id, fact)
        case WentBack() if not screen.form.asking:
            return show(kiosk, OfficerRecord(staff, enrollment_id))
        case _:
            form, pin = typed(screen.form, event)
    if not pin:
        return show(kiosk, replace(screen, form=form))
    return show(kiosk, replace(screen, form=form), SignApproval(enrollment_id, staff.number, challenge, pin))


def _returning(kiosk: Kiosk, staff: Staff, enrollment_id: str, event: Event) -> Result:
    match event:
        case StepReturned(step_):
            kiosk, recorded = record(kiosk, enrollment_id, ModalityReturned(step_, staff.number))
            return show(kiosk, OfficerRecord(staff, enrollment_id), *recorded)
        case WentBack():
            return show(kiosk, OfficerRecord(staff, enrollment_id))
        case _:
            return stay(kiosk)


def _excepting(kiosk: Kiosk, screen: OfficerExcepting, event: Event) -> Result:
    staff, enrollment_id = screen.staff, screen.enrollment_id
    match event:
        case ExceptionPositionChosen(position):
            return show(kiosk, replace(screen, position=position))
        case ExceptionReasonChosen(reason) if screen.position is not None:
            return show(kiosk, SupervisorApproving(staff, enrollment_id, screen.position, reason))
        case WentBack() if screen.position is not None:
            return show(kiosk, replace(screen, position=None))
        case WentBack():
            return show(kiosk, OfficerRecord(staff, enrollment_id))
        case _:
            return stay(kiosk)


def _approving(kiosk: Kiosk, screen: SupervisorApproving, event: Event) -> Result:
    match event:
        case SignInAnswered(staff=Staff() as approver) if _asked(screen.form, approver):
            if approver.role is not Role.SUPERVISOR or approver.number == screen.staff.number:
                return show(kiosk, replace(screen, form=SignInForm(message="officer.not_supervisor")))
            exception = BiometricException(
                screen.position, screen.reason, attested_by=screen.staff.number, approved_by=approver.number
            )
            kiosk, recorded = record(kiosk, screen.enrollment_id, PositionsExcepted((exception,)))
            return show(kiosk, OfficerRecord(screen.staff, screen.enrollment_id), *recorded)
        case WentBack():
            return show(kiosk, OfficerRecord(screen.staff, screen.enrollment_id))
        case _:
            form, effects = _form(kiosk, screen.form, event)
            return show(kiosk, replace(screen, form=form), *effects)
