"""The officer reviews, returns, excepts and finalises; nothing is sealed that is not whole."""

from kiosk.enrollment.effects import Destroy, PrintSlip, Purge, Seal
from kiosk.enrollment.events import (
    Continued,
    ExceptionAsked,
    ExceptionPositionChosen,
    ExceptionReasonChosen,
    FinaliseAsked,
    HandedBack,
    HelpAsked,
    OfficerCalled,
    PrintAsked,
    PrintingFailed,
    Purged,
    ReceiptArrived,
    RecordOpened,
    ReturnAsked,
    Role,
    Sealed,
    SealingFailed,
    SignedOut,
    SignInAnswered,
    SlipPrinted,
    StepReturned,
    WentBack,
)
from kiosk.enrollment.facts import replay
from kiosk.enrollment.faults import Fault
from kiosk.enrollment.flow import restored
from kiosk.enrollment.policy import Policy
from kiosk.enrollment.positions import CaptureStep, Position
from kiosk.enrollment.record import ExceptionReason, Stage
from kiosk.enrollment.screens import (
    Attract,
    Capturing,
    Finalising,
    Finished,
    OfficerQueue,
    OfficerRecord,
    OfficerSigningIn,
    SupervisorApproving,
    Waiting,
)
from tests.enrollment.storyboard import Storyboard


def finalised() -> Storyboard:
    return Storyboard().reaches_the_officer().officer_opens_the_record().happens(FinaliseAsked())


def test_sign_in_review_finalise_seal_print():
    story = finalised()
    story.on(Finalising)
    enrollment_id = story.record.id
    assert Seal(enrollment_id) in story.effects
    story.happens(Sealed(enrollment_id, "ab" * 32)).on(Finished)
    assert {Destroy(enrollment_id), PrintSlip(enrollment_id)} <= set(story.effects)
    assert story.happens(SlipPrinted(enrollment_id)).on(Finished).printed
    story.happens(Continued()).on(OfficerQueue)
    story.happens(SignedOut()).on(Attract)


def test_a_wrong_pin_is_told_and_starts_over():
    story = Storyboard().happens(OfficerCalled()).types("1001").types("000000")
    story.happens(SignInAnswered(None, "officer.bad_pin"))
    form = story.on(OfficerSigningIn).form
    assert (form.number, form.message) == ("", "officer.bad_pin")


def test_leaving_the_sign_in_gives_the_resident_the_screen_back():
    story = Storyboard().reaches_capture()
    step = story.on(Capturing).step
    story.happens(HelpAsked(), OfficerCalled(), WentBack(), WentBack())
    assert story.on(Capturing).step is step


def test_one_modality_is_returned_and_only_that_is_captured_again():
    story = Storyboard().reaches_the_officer().officer_opens_the_record()
    story.happens(ReturnAsked(), StepReturned(CaptureStep.IRISES)).on(OfficerRecord)
    story.happens(HandedBack())
    assert story.on(Capturing).step is CaptureStep.IRISES
    story.is_captured()
    story.happens(Continued()).is_compared().is_captured().on(Waiting)
    assert story.record.returned == (CaptureStep.IRISES,)


def test_a_returned_hand_is_verified_again():
    story = Storyboard().reaches_the_officer().officer_opens_the_record()
    story.happens(ReturnAsked(), StepReturned(CaptureStep.RIGHT_FOUR), HandedBack()).is_captured()
    assert story.on(Capturing).positions == (Position.RIGHT_INDEX,)


def test_a_forced_sample_needs_an_override_with_a_reason():
    story = Storyboard().reaches_capture()
    for _ in range(3):
        story.is_captured(score=5)
    story.is_captured_whole().is_compared().is_compared().happens(Continued()).is_compared().is_captured()
    story.officer_opens_the_record().happens(FinaliseAsked())
    assert story.on(OfficerRecord).message == "officer.override_needed"
    story.happens(FinaliseAsked(override="best_of_attempts")).on(Finalising)
    assert story.record.override == "best_of_attempts"


def excepting(story: Storyboard, position: Position) -> Storyboard:
    return story.happens(
        ExceptionAsked(), ExceptionPositionChosen(position), ExceptionReasonChosen(ExceptionReason.AMPUTATED)
    )


def test_an_amputated_finger_is_excepted_by_officer_and_supervisor():
    story = Storyboard().reaches_capture().is_captured().is_captured().happens(HelpAsked())
    story.officer_opens_the_record()
    excepting(story, Position.RIGHT_LITTLE).on(SupervisorApproving)
    story.staff_signs_in("2001", Role.SUPERVISOR).on(OfficerRecord)
    screen = story.happens(HandedBack()).on(Capturing)
    assert Position.RIGHT_LITTLE not in screen.positions
    exception = story.record.exception(Position.RIGHT_LITTLE)
    assert (exception.attested_by, exception.approved_by) == ("1001", "2001")


def test_nobody_approves_an_own_exception():
    story = Storyboard().reaches_capture().happens(HelpAsked()).officer_opens_the_record()
    excepting(story, Position.FACE).staff_signs_in("1001", Role.SUPERVISOR)
    assert story.on(SupervisorApproving).form.message == "officer.not_supervisor"
    assert story.record.exceptions == ()


def test_an_officer_cannot_approve_as_a_supervisor():
    story = Storyboard().reaches_capture().happens(HelpAsked()).officer_opens_the_record()
    excepting(story, Position.FACE).staff_signs_in("1002", Role.OFFICER)
    assert story.record.exceptions == ()


def test_a_missing_index_gives_its_place_on_the_chip_to_the_middle_finger():
    story = Storyboard().reaches_capture().happens(HelpAsked()).officer_opens_the_record()
    excepting(story, Position.RIGHT_INDEX).staff_signs_in("2001", Role.SUPERVISOR)
    story.happens(HandedBack()).is_captured_whole()
    assert story.record.to_verify == (Position.LEFT_INDEX, Position.RIGHT_MIDDLE)


def test_a_record_still_with_the_resident_cannot_be_finalised():
    story = Storyboard().reaches_capture().happens(HelpAsked()).officer_opens_the_record()
    story.happens(FinaliseAsked()).on(OfficerRecord)
    assert story.record.finalised is None


def test_sealing_that_fails_is_told_and_tried_again():
    story = finalised()
    story.happens(SealingFailed(story.record.id, Fault("not_sealed", "packet", "disk full")))
    assert story.on(Finalising).fault is not None
    story.happens(FinaliseAsked())
    assert story.effects == (Seal(story.record.id),)


def test_a_slip_without_paper_is_told_and_printed_again():
    story = finalised()
    enrollment_id = story.record.id
    story.happens(
        Sealed(enrollment_id, "ab" * 32), PrintingFailed(enrollment_id, Fault("paper_out", "printer"))
    )
    assert story.on(Finished).fault is not None
    story.happens(PrintAsked())
    assert story.effects == (PrintSlip(enrollment_id),)


def test_purge_only_after_an_accepting_receipt():
    story = finalised()
    enrollment_id = story.record.id
    story.happens(Sealed(enrollment_id, "ab" * 32), SlipPrinted(enrollment_id))
    story.happens(ReceiptArrived(enrollment_id, "cd" * 32, "DUPLICATE_RECORD", accepted=False))
    assert Purge(enrollment_id) not in story.effects
    assert story.record.stage is Stage.SEALED
    story.happens(ReceiptArrived(enrollment_id, "ef" * 32, "RECEIVED_AT_CENTRAL", accepted=True))
    assert Purge(enrollment_id) in story.effects
    story.happens(Purged(enrollment_id))
    assert story.kiosk.enrollments == ()


def test_power_loss_between_finalising_and_sealing_seals_at_the_next_start():
    story = finalised()
    _, effects = restored(
        unit="UNIT",
        policy=Policy(),
        enrollments=story.kiosk.enrollments,
        next_number=2,
        interrupted=story.record.id,
    )
    assert effects == (Seal(story.record.id),)


def test_the_journal_replays_to_the_same_record():
    story = finalised()
    assert replay(fact for _, fact in story.facts) == story.record


def test_an_unknown_record_cannot_be_opened():
    story = Storyboard().happens(OfficerCalled()).staff_signs_in().happens(RecordOpened("nobody"))
    story.on(OfficerQueue)
