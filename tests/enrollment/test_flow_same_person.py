"""The person in the photo is the one who resumes and signs; if not, the officer learns of it."""

from __future__ import annotations

import pytest

from kiosk.enrollment.effects import Purpose, StartCapture
from kiosk.enrollment.events import (
    AttemptFailed,
    Continued,
    FinaliseAsked,
    IdleElapsed,
    OfficerCalled,
    ReturnAsked,
    SampleCompared,
    SamplesTaken,
    StepReturned,
    WentBack,
)
from kiosk.enrollment.flow import restored
from kiosk.enrollment.officer_flow import open_points
from kiosk.enrollment.policy import Policy
from kiosk.enrollment.positions import CaptureStep, Position
from kiosk.enrollment.quality_report import Defect
from kiosk.enrollment.record import Verification
from kiosk.enrollment.screens import Capturing, Finalising, OfficerRecord, Resuming, Waiting
from tests.enrollment.people import RESIDENT, sample
from tests.enrollment.storyboard import Storyboard

ATTEMPTS = Policy().attempts_allowed


def looks_for_the_face(story: Storyboard) -> bool:
    screen = story.on(Capturing)
    return (screen.purpose, screen.positions) == (Purpose.VERIFY, (Position.FACE,))


def reviewed() -> Storyboard:
    story = Storyboard().reaches_capture().is_captured_whole().is_compared().is_compared()
    return story.happens(Continued())


def power_returns(story: Storyboard) -> Storyboard:
    kiosk, _ = restored(
        unit="UNIT",
        policy=Policy(),
        enrollments=story.kiosk.enrollments,
        next_number=story.kiosk.next_number,
        interrupted=story.record.id,
    )
    after = Storyboard(kiosk)
    after.on(Resuming)
    return after


def test_before_signing_the_face_is_compared_with_the_accepted_photo():
    story = reviewed()
    assert looks_for_the_face(story)
    start = next(effect for effect in story.effects if isinstance(effect, StartCapture))
    photo = story.record.sample(Position.FACE)
    assert photo is not None
    assert start.first_sample == photo.image.sha256
    story.is_compared()
    assert story.on(Capturing).purpose is Purpose.APPROVE
    assert story.record.verifications[-1].position is Position.FACE


def test_the_same_person_leaves_nothing_for_the_officer():
    story = Storyboard().reaches_the_officer()
    story.on(Waiting)
    assert open_points(story.record) == ()


def test_somebody_else_is_asked_for_the_right_person_and_then_left_to_the_officer():
    story = reviewed()
    for attempt in range(1, ATTEMPTS + 1):
        assert looks_for_the_face(story)
        assert story.on(Capturing).attempt == attempt
        story.is_compared(matched=False)
    assert story.on(Capturing).purpose is Purpose.APPROVE
    story.is_captured().on(Waiting)
    assert open_points(story.record) == ("officer.point.face_differs",)


def test_the_right_person_on_the_second_attempt_is_accepted():
    story = reviewed().is_compared(matched=False).is_compared()
    assert story.on(Capturing).purpose is Purpose.APPROVE
    assert open_points(story.record) == ()


@pytest.mark.parametrize("advice", [Defect.NO_FACE, Defect.SEVERAL_FACES])
def test_nobody_to_compare_holds_up_nobody(advice):
    story = reviewed()
    for _ in range(ATTEMPTS):
        story.happens(AttemptFailed(story.on(Capturing).task, advice))
    assert story.on(Capturing).purpose is Purpose.APPROVE
    assert open_points(story.record) == ("officer.point.face_not_compared",)


def test_the_officer_finalises_a_face_that_differs_only_with_a_reason():
    story = reviewed()
    for _ in range(ATTEMPTS):
        story.is_compared(matched=False)
    story.is_captured().officer_opens_the_record().happens(FinaliseAsked())
    assert story.on(OfficerRecord).message == "officer.override_needed"
    story.happens(FinaliseAsked("best_of_attempts")).on(Finalising)


def test_after_a_power_loss_the_face_is_compared_before_the_next_step():
    story = power_returns(Storyboard().reaches_capture().is_captured().is_captured())
    story.types("A001").is_found(RESIDENT)
    assert looks_for_the_face(story)
    assert story.is_compared().on(Capturing).step is CaptureStep.RIGHT_FOUR


def test_who_comes_back_as_somebody_else_is_seen_by_the_officer_even_if_the_first_one_signs():
    story = power_returns(Storyboard().reaches_capture().is_captured())
    story.types("A001").is_found(RESIDENT)
    for _ in range(ATTEMPTS):
        story.is_compared(matched=False)
    story.is_captured_whole().is_compared().is_compared().happens(Continued()).is_compared()
    assert story.on(Capturing).purpose is Purpose.APPROVE
    assert open_points(story.record) == ("officer.point.face_differs",)


def test_a_parked_resident_is_compared_when_coming_back():
    story = Storyboard().reaches_capture().is_captured().happens(IdleElapsed(), IdleElapsed())
    story.starts().hears_the_notice().identifies()
    assert looks_for_the_face(story)


def test_before_there_is_a_photo_nothing_is_compared():
    story = power_returns(Storyboard().reaches_capture())
    story.types("A001").is_found(RESIDENT)
    screen = story.on(Capturing)
    assert (screen.purpose, screen.step) == (Purpose.ENROLL, CaptureStep.PHOTO)


def test_a_returned_step_is_followed_by_another_look():
    story = Storyboard().reaches_the_officer().officer_opens_the_record()
    story.happens(ReturnAsked(), StepReturned(CaptureStep.SIGNATURE), WentBack(), WentBack())
    story.happens(IdleElapsed()).starts().hears_the_notice().identifies().is_compared()
    story.is_captured().happens(Continued())
    assert looks_for_the_face(story)


def test_an_overlay_gives_the_comparison_back():
    story = reviewed().happens(OfficerCalled(), WentBack())
    assert looks_for_the_face(story)


def test_late_answers_of_the_other_kind_change_nothing():
    story = reviewed()
    before = story.kiosk
    taken = (sample(Position.FACE, 80),)
    assert story.happens(SamplesTaken(story.on(Capturing).task, taken)).kiosk == before
    photo = Storyboard().reaches_capture()
    before = photo.kiosk
    likeness = Verification(Position.FACE, 70.0, matched=True, matcher="test/1")
    assert photo.happens(SampleCompared(photo.on(Capturing).task, likeness)).kiosk == before
