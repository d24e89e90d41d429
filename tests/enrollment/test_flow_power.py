"""The battery is nearly empty: what is begun is ended, nothing else is begun, and nothing is lost."""

from __future__ import annotations

import pytest

from kiosk.enrollment import events as ev
from kiosk.enrollment.effects import Record, Show, Signal, StartCapture, StopCapture
from kiosk.enrollment.positions import CaptureStep
from kiosk.enrollment.screens import (
    Attract,
    Capturing,
    HelpComing,
    Identifying,
    OfficerSigningIn,
    PoweringDown,
    Resuming,
)
from tests.enrollment.storyboard import Storyboard

LOW, BACK = ev.PowerChanged(low=True), ev.PowerChanged(low=False)


def test_nobody_can_start_and_the_lights_go_out() -> None:
    story = Storyboard().happens(LOW)
    assert story.kiosk.screen == PoweringDown("")
    assert Show(Signal.DARK) in story.effects
    story.starts()
    assert story.kiosk.screen == PoweringDown("")
    story.happens(BACK)
    assert story.kiosk.screen == Attract()


def test_the_step_under_way_is_ended_and_journaled_and_the_next_not_begun() -> None:
    story = Storyboard().reaches_capture().happens(LOW)
    screen = story.kiosk.screen
    assert isinstance(screen, Capturing)
    assert screen.step is CaptureStep.PHOTO
    story.is_captured()
    assert story.kiosk.screen == PoweringDown(screen.enrollment_id)
    assert StopCapture(screen.task) in story.effects
    assert any(isinstance(effect, Record) for effect in story.effects)
    assert not any(isinstance(effect, StartCapture) for effect in story.effects)


def test_with_power_again_the_resident_proves_who_sits_there_and_goes_on() -> None:
    story = Storyboard().reaches_capture().happens(LOW)
    enrollment_id = story.kiosk.screen.enrollment_id
    story.is_captured()
    story.happens(BACK)
    assert story.kiosk.screen == Resuming(enrollment_id)


def test_somebody_not_yet_known_goes_on_at_once() -> None:
    story = Storyboard().starts().hears_the_notice().types("35").happens(LOW)
    assert isinstance(story.kiosk.screen, PoweringDown)
    story.happens(BACK)
    assert isinstance(story.kiosk.screen, Identifying)


def test_whoever_waits_for_help_is_told_as_well() -> None:
    story = Storyboard().reaches_capture().happens(ev.HelpAsked())
    assert isinstance(story.kiosk.screen, HelpComing)
    story.happens(LOW)
    assert isinstance(story.kiosk.screen, PoweringDown)
    assert story.kiosk.screen.enrollment_id


def test_an_officer_is_not_stopped() -> None:
    story = Storyboard().happens(LOW).happens(ev.OfficerCalled())
    assert isinstance(story.kiosk.screen, OfficerSigningIn)
    story.happens(ev.WentBack())
    assert story.kiosk.screen == PoweringDown("")
    story.happens(ev.OfficerCalled()).happens(BACK)
    assert isinstance(story.kiosk.screen, OfficerSigningIn)
    story.happens(ev.WentBack())
    assert story.kiosk.screen == Attract()


@pytest.mark.parametrize("event", [ev.IdleElapsed(), ev.HelpAsked(), ev.StopAsked(), ev.Continued()])
def test_nothing_else_leaves_the_screen(event: ev.Event) -> None:
    story = Storyboard().happens(LOW).happens(event)
    assert story.kiosk.screen == PoweringDown("")
