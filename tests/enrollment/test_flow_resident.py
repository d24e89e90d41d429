"""A resident enrols alone: the good day, and every way it bends."""

import datetime as dt
from dataclasses import replace

from kiosk.enrollment.effects import (
    CaptureNow,
    Destroy,
    LookUp,
    Purpose,
    Show,
    Signal,
    StartCapture,
    StopCapture,
)
from kiosk.enrollment.events import (
    AttemptFailed,
    BiodataQuestioned,
    CaptureAsked,
    CodeScanned,
    Continued,
    DeviceFaulted,
    DeviceHealed,
    EntrySubmitted,
    Guidance,
    GuidanceGiven,
    HelpAsked,
    IdleElapsed,
    KeyErased,
    KeyTyped,
    RosterAnswered,
    SamplesTaken,
    StopAsked,
    StopConfirmed,
    WentBack,
)
from kiosk.enrollment.facts import Aborted, BiodataDisputed
from kiosk.enrollment.faults import Fault
from kiosk.enrollment.flow import restored
from kiosk.enrollment.policy import Policy
from kiosk.enrollment.positions import CaptureStep, Position
from kiosk.enrollment.quality_report import Defect
from kiosk.enrollment.record import Language, Stage
from kiosk.enrollment.screens import (
    Asked,
    AtNotice,
    Attract,
    Capturing,
    Confirming,
    ConfirmingStop,
    HelpComing,
    Identifying,
    Resuming,
    Reviewing,
    StillThere,
    Waiting,
)
from tests.enrollment.people import RESIDENT, SISTER, sample
from tests.enrollment.storyboard import Storyboard, with_policy


def test_the_good_day_in_the_official_order():
    story = Storyboard().starts(Language.JAVANESE)
    story.on(AtNotice)
    story.hears_the_notice().on(Identifying)
    story.identifies().on(Confirming)
    story.confirms()
    for step in CaptureStep:
        screen = story.on(Capturing)
        assert (screen.purpose, screen.step) == (Purpose.ENROLL, step)
        story.is_captured()
    for finger in (Position.RIGHT_INDEX, Position.LEFT_INDEX):
        screen = story.on(Capturing)
        assert (screen.purpose, screen.positions) == (Purpose.VERIFY, (finger,))
        story.is_compared()
    story.on(Reviewing)
    screen = story.happens(Continued()).on(Capturing)
    assert (screen.purpose, screen.positions) == (Purpose.VERIFY, (Position.FACE,))
    assert story.is_compared().on(Capturing).purpose is Purpose.APPROVE
    story.is_captured().on(Waiting)
    record = story.record
    assert record.stage is Stage.AWAIT_OFFICER
    assert record.language is Language.JAVANESE
    assert len(record.samples) == 14
    story.happens(Continued()).on(Attract)


def test_an_impatient_finger_skips_nothing():
    story = Storyboard().starts()
    story.happens(Continued(), Continued(), Continued()).on(Identifying)


# --- who sits there --------------------------------------------------------------------------


def test_a_scanned_ticket_identifies_like_a_typed_one():
    story = Storyboard().starts().hears_the_notice().happens(CodeScanned("A001"))
    assert story.effects == (LookUp("A001"),)
    story.is_found(RESIDENT).on(Confirming)


def test_a_mistyped_digit_is_erased():
    story = Storyboard().starts().hears_the_notice()
    story.happens(KeyTyped("1"), KeyTyped("2"), KeyErased())
    assert story.on(Identifying).entry == "1"


def test_an_empty_entry_looks_nothing_up():
    story = Storyboard().starts().hears_the_notice().happens(EntrySubmitted())
    assert story.effects == ()


def test_an_unknown_code_says_so_and_asks_again():
    story = Storyboard().starts().hears_the_notice().types("999").is_found()
    assert story.on(Identifying).message == "identify.not_found"
    story.identifies().on(Confirming)


def test_fishing_for_codes_ends_with_the_officer():
    story = Storyboard().starts().hears_the_notice()
    for _ in range(5):
        story.types("999").is_found()
    assert story.on(HelpComing)


def test_a_family_card_asks_for_the_birth_date_and_shows_nobody():
    story = Storyboard().starts().hears_the_notice().types(RESIDENT.kk).is_found(RESIDENT, SISTER)
    assert story.on(Identifying).asked is Asked.BIRTH_DATE
    story.types("02022005").on(Confirming)
    assert story.record.person == SISTER


def test_a_birth_date_nobody_on_the_card_has_is_refused():
    story = Storyboard().starts().hears_the_notice().types(RESIDENT.kk).is_found(RESIDENT, SISTER)
    assert story.types("01011999").on(Identifying).message == "identify.date_not_found"


def test_a_late_answer_to_an_older_code_is_ignored():
    story = Storyboard().starts().hears_the_notice().types("A001").happens(KeyTyped("9"))
    story.happens(RosterAnswered("A001", "ticket", (RESIDENT,))).on(Identifying)


def test_once_per_life():
    story = Storyboard().starts().hears_the_notice().types("A001").is_found(RESIDENT, already=True)
    assert story.on(Identifying).message == "identify.already_recorded"


def test_a_child_is_told_to_come_back():
    child = replace(RESIDENT, birth_date=dt.date(2012, 1, 1))
    story = Storyboard().starts().hears_the_notice().identifies(child)
    assert story.on(Identifying).message == "identify.too_young"


def test_wrong_biodata_goes_on_and_is_left_for_the_officer():
    story = Storyboard().starts().hears_the_notice().identifies().happens(BiodataQuestioned())
    story.on(Capturing)
    assert isinstance(story.facts[-1][1], BiodataDisputed)


# --- capture ---------------------------------------------------------------------------------


def test_a_poor_sample_is_taken_again_and_the_best_of_each_finger_is_kept():
    story = Storyboard().reaches_capture().is_captured().is_captured()
    screen = story.on(Capturing)
    first = {
        Position.RIGHT_INDEX: 90,
        Position.RIGHT_MIDDLE: 10,
        Position.RIGHT_RING: 50,
        Position.RIGHT_LITTLE: 50,
    }
    second = {
        Position.RIGHT_INDEX: 40,
        Position.RIGHT_MIDDLE: 60,
        Position.RIGHT_RING: 50,
        Position.RIGHT_LITTLE: 70,
    }
    story.happens(SamplesTaken(screen.task, tuple(sample(p, s, attempt=1) for p, s in first.items())))
    screen = story.on(Capturing)
    assert (screen.step, screen.attempt) == (CaptureStep.RIGHT_FOUR, 2)
    story.happens(SamplesTaken(screen.task, tuple(sample(p, s, attempt=2) for p, s in second.items())))
    assert story.on(Capturing).step is CaptureStep.LEFT_FOUR
    scores = {p: story.record.sample(p).report.score for p in first}
    assert list(scores.values()) == [90, 60, 50, 70]
    assert story.record.sample(Position.RIGHT_INDEX).attempt == 1


def test_after_the_last_attempt_the_best_stands_and_is_marked_forced():
    story = Storyboard().reaches_capture()
    for _ in range(3):
        story.is_captured(score=5)
    assert story.on(Capturing).step is CaptureStep.SIGNATURE
    assert story.record.sample(Position.FACE).forced


def test_without_any_sample_the_officer_is_called_and_the_step_stays():
    story = Storyboard().reaches_capture()
    for _ in range(3):
        story.happens(AttemptFailed(story.on(Capturing).task, Defect.NO_FACE))
    story.on(HelpComing)
    screen = story.happens(WentBack()).on(Capturing)
    assert (screen.step, screen.attempt) == (CaptureStep.PHOTO, 1)


def test_the_advice_of_a_failed_attempt_is_counted():
    story = Storyboard().reaches_capture()
    story.happens(AttemptFailed(story.on(Capturing).task, Defect.NO_FACE))
    assert story.on(Capturing).attempt == 2


def test_late_frames_and_samples_of_an_ended_task_change_nothing():
    story = Storyboard().reaches_capture()
    old = story.on(Capturing).task
    story.is_captured()
    before = story.kiosk
    story.happens(
        GuidanceGiven(old, Guidance(good=True)),
        SamplesTaken(old, (sample(Position.FACE),)),
        DeviceFaulted(old, Fault("busy", "face")),
    )
    assert story.kiosk == before


def test_each_new_capture_ends_the_one_before():
    story = Storyboard().reaches_capture()
    old = story.on(Capturing).task
    story.is_captured()
    assert StopCapture(old) in story.effects
    assert any(isinstance(effect, StartCapture) for effect in story.effects)


def test_capture_now_takes_the_present_frame():
    story = Storyboard().reaches_capture().happens(CaptureAsked())
    assert story.effects == (CaptureNow(story.on(Capturing).task),)


def test_a_device_unplugged_in_mid_step_is_told_and_heals_in_the_same_step():
    story = Storyboard().reaches_capture()
    task = story.on(Capturing).task
    story.happens(DeviceFaulted(task, Fault("not_connected", "face")))
    assert story.on(Capturing).fault is not None
    assert Show(Signal.FAULT) in story.effects
    story.happens(DeviceHealed(task))
    assert story.on(Capturing) == replace(story.on(Capturing), fault=None, step=CaptureStep.PHOTO)
    story.is_captured().on(Capturing)


def test_a_finger_that_does_not_match_is_tried_again_then_left_to_the_officer():
    story = Storyboard().reaches_capture().is_captured_whole()
    for _ in range(3):
        story.is_compared(matched=False)
    assert story.on(Capturing).positions == (Position.LEFT_INDEX,)
    assert story.record.verifications[0].matched is False


# --- help, stop, idle ---------------------------------------------------------------------------


def test_help_covers_the_screen_and_gives_it_back_with_its_best_samples():
    story = Storyboard().reaches_capture().is_captured(score=5)
    before = story.on(Capturing)
    story.happens(HelpAsked()).on(HelpComing)
    assert StopCapture(before.task) in story.effects
    after = story.happens(WentBack()).on(Capturing)
    assert (after.step, after.attempt, after.best) == (before.step, before.attempt, before.best)
    assert after.task != before.task


def test_stopping_asks_first():
    story = Storyboard().reaches_capture().happens(StopAsked())
    story.on(ConfirmingStop)
    story.happens(WentBack()).on(Capturing)


def test_stopping_ends_the_session_and_destroys_its_key():
    story = Storyboard().reaches_capture()
    enrollment_id = story.record.id
    story.happens(StopAsked(), StopConfirmed()).on(Attract)
    assert Destroy(enrollment_id) in story.effects
    assert story.facts[-1] == (enrollment_id, Aborted("stopped"))
    assert story.kiosk.enrollments == ()


def test_a_quiet_resident_is_asked_and_goes_on():
    story = Storyboard().reaches_capture().happens(IdleElapsed())
    story.on(StillThere)
    story.happens(WentBack()).on(Capturing)


def test_a_resident_who_left_is_parked_and_comes_back_to_the_same_step():
    story = Storyboard().reaches_capture().is_captured()
    parked = story.record.id
    story.happens(IdleElapsed(), IdleElapsed()).on(Attract)
    story.starts().hears_the_notice().identifies()
    assert story.on(Capturing).purpose is Purpose.VERIFY
    screen = story.is_compared().on(Capturing)
    assert (screen.enrollment_id, screen.step) == (parked, CaptureStep.SIGNATURE)
    assert [e.id for e in story.kiosk.enrollments] == [parked]


def test_a_session_left_before_anyone_was_identified_ends():
    story = Storyboard().starts().happens(IdleElapsed(), IdleElapsed())
    story.on(Attract)
    assert story.kiosk.enrollments == ()


# --- power loss ---------------------------------------------------------------------------------


def after_power_loss(story: Storyboard) -> Storyboard:
    kiosk, _ = restored(
        unit="UNIT",
        policy=Policy(),
        enrollments=story.kiosk.enrollments,
        next_number=story.kiosk.next_number,
        interrupted=story.record.id,
    )
    return Storyboard(kiosk)


def test_power_loss_resumes_at_the_last_completed_step_for_the_same_person():
    story = after_power_loss(Storyboard().reaches_capture().is_captured().is_captured())
    story.on(Resuming)
    story.types("A001").is_found(RESIDENT).is_compared()
    assert story.on(Capturing).step is CaptureStep.RIGHT_FOUR


def test_power_loss_shows_nothing_to_another_person():
    story = after_power_loss(Storyboard().reaches_capture().is_captured())
    story.types("A002").is_found(SISTER)
    assert story.on(Resuming).message == "resume.other_person"
    story.happens(WentBack()).on(Attract)


def test_power_loss_before_identification_goes_straight_on():
    after_power_loss(Storyboard().starts().hears_the_notice()).on(Identifying)


def test_a_policy_of_one_attempt_forces_at_once():
    story = Storyboard(with_policy(attempts_allowed=1)).reaches_capture().is_captured(score=1)
    assert story.on(Capturing).step is CaptureStep.SIGNATURE
