"""The same fingers under two NIKs: looked for behind the resident's back, judged by the officer."""

from __future__ import annotations

import pytest

from kiosk.enrollment.effects import SearchGallery
from kiosk.enrollment.events import (
    Continued,
    FinaliseAsked,
    GallerySearched,
    IdleElapsed,
    OfficerCalled,
    ReturnAsked,
    StepReturned,
    WentBack,
)
from kiosk.enrollment.facts import FingersSearched, replay
from kiosk.enrollment.flow import restored
from kiosk.enrollment.gallery_flow import PROBES
from kiosk.enrollment.officer_flow import open_points
from kiosk.enrollment.policy import Policy
from kiosk.enrollment.positions import CaptureStep
from kiosk.enrollment.record import GallerySearch, RecordedBefore
from kiosk.enrollment.screens import Capturing, Finalising, OfficerRecord
from tests.enrollment.storyboard import Storyboard

NOBODY = GallerySearch("test/1", records=40)
SOMEBODY = GallerySearch("test/1", records=40, hits=(RecordedBefore("UNIT-000007", 31.0, 4),))


def asked(story: Storyboard) -> SearchGallery:
    (search,) = (effect for effect in story.effects if isinstance(effect, SearchGallery))
    return search


def asks_nothing(story: Storyboard) -> bool:
    return not any(isinstance(effect, SearchGallery) for effect in story.effects)


def with_all_fingers() -> Storyboard:
    story = Storyboard().reaches_capture()
    while story.on(Capturing).step is not CaptureStep.IRISES:
        assert asks_nothing(story)
        story.is_captured()
    return story


def answered(story: Storyboard, search: GallerySearch) -> Storyboard:
    request = asked(story)
    return story.happens(GallerySearched(request.enrollment_id, request.fingers, search))


def goes_on_to_the_officer(story: Storyboard) -> Storyboard:
    story.is_captured_whole().is_compared().is_compared().happens(Continued()).is_compared()
    return story.is_captured().officer_opens_the_record()


def test_the_best_fingers_are_looked_for_once_when_the_last_is_there():
    story = with_all_fingers()
    request = asked(story)
    assert len(request.fingers) == PROBES
    assert set(request.fingers) <= {sample.image for sample in story.record.samples}
    assert asks_nothing(story.is_captured()), "asked once, however long the answer takes"


def test_the_answer_holds_nobody_up_and_is_journaled():
    story = with_all_fingers()
    before = story.kiosk.screen
    answered(story, SOMEBODY)
    assert story.kiosk.screen == before
    assert story.facts[-1] == (story.record.id, FingersSearched(SOMEBODY))
    assert replay(fact for _, fact in story.facts) == story.record


def test_somebody_new_leaves_nothing_for_the_officer():
    story = goes_on_to_the_officer(answered(with_all_fingers(), NOBODY))
    assert open_points(story.record) == ()
    story.happens(FinaliseAsked()).on(Finalising)
    assert story.record.gallery_search == NOBODY


def test_somebody_known_is_finalised_only_with_a_reason_that_stays():
    story = goes_on_to_the_officer(answered(with_all_fingers(), SOMEBODY))
    assert open_points(story.record) == ("officer.point.recorded_before",)
    assert story.happens(FinaliseAsked()).on(OfficerRecord).message == "officer.override_needed"
    story.happens(FinaliseAsked("recorded_before")).on(Finalising)
    assert story.record.override == "recorded_before"


def test_an_officer_who_leaves_the_record_finds_it_as_it_was():
    story = goes_on_to_the_officer(answered(with_all_fingers(), SOMEBODY))
    story.happens(WentBack(), IdleElapsed()).officer_opens_the_record()
    assert open_points(story.record) == ("officer.point.recorded_before",)


def test_fingers_taken_anew_are_looked_for_anew():
    story = goes_on_to_the_officer(answered(with_all_fingers(), SOMEBODY))
    story.happens(ReturnAsked(), StepReturned(CaptureStep.THUMBS), WentBack(), IdleElapsed())
    assert story.record.gallery_search == SOMEBODY, "until other fingers are there"
    story.starts().hears_the_notice().identifies().is_compared()
    late = story.record
    story.is_captured(score=90)
    assert story.record.gallery_search is None
    request = asked(story)
    old = tuple(sample.image for sample in late.samples if sample.image in request.fingers)[:1]
    story.happens(GallerySearched(late.id, old, SOMEBODY))
    assert story.record.gallery_search is None, "an answer for fingers that are no more"
    story.happens(GallerySearched(request.enrollment_id, request.fingers, NOBODY))
    assert open_points(story.record) == ()


@pytest.mark.parametrize("step", [CaptureStep.IRISES, CaptureStep.SIGNATURE])
def test_another_step_taken_anew_changes_nothing(step):
    story = goes_on_to_the_officer(answered(with_all_fingers(), SOMEBODY))
    story.happens(ReturnAsked(), StepReturned(step), WentBack(), IdleElapsed())
    story.starts().hears_the_notice().identifies().is_compared().is_captured()
    assert asks_nothing(story)
    assert story.record.gallery_search == SOMEBODY


def test_after_a_power_loss_the_search_begins_again():
    story = with_all_fingers()
    _, unfinished = restored(
        unit="UNIT", policy=Policy(), enrollments=story.kiosk.enrollments, next_number=story.kiosk.next_number
    )
    assert asked(story) in unfinished


def test_an_answer_for_a_record_that_was_given_up_or_finalised_is_dropped():
    story = with_all_fingers()
    request = asked(story)
    goes_on_to_the_officer(story).happens(FinaliseAsked()).on(Finalising)
    before = story.kiosk
    story.happens(GallerySearched(request.enrollment_id, request.fingers, SOMEBODY))
    story.happens(GallerySearched("UNIT-000099", request.fingers, SOMEBODY))
    assert story.kiosk == before


def test_an_officer_called_in_between_does_not_lose_the_answer():
    story = with_all_fingers()
    request = asked(story)
    story.happens(OfficerCalled(), GallerySearched(request.enrollment_id, request.fingers, NOBODY))
    assert story.record.gallery_search == NOBODY
