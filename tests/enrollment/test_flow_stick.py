"""The officer at the USB stick: one task at a time, each to its end, and the answer is seen."""

import pytest

from kiosk.enrollment.effects import DoStickTask
from kiosk.enrollment.events import (
    IdleElapsed,
    OfficerCalled,
    Role,
    SignedOut,
    StickAsked,
    StickProgressed,
    StickTaskChosen,
    StickTaskEnded,
    WentBack,
)
from kiosk.enrollment.screens import Attract, OfficerAtStick, OfficerQueue
from kiosk.enrollment.stick_events import StickOutcome, StickTask
from tests.enrollment.storyboard import Storyboard

DONE = StickOutcome(StickTask.HAND_OUT, done=3)


def at_stick(role: Role = Role.OFFICER) -> Storyboard:
    return Storyboard().happens(OfficerCalled()).staff_signs_in(role=role).happens(StickAsked())


def test_from_the_queue_and_back():
    at_stick().happens(WentBack()).on(OfficerQueue)


def test_packets_are_handed_out_and_the_answer_is_seen():
    story = at_stick().happens(StickTaskChosen(StickTask.HAND_OUT))
    staff = story.on(OfficerAtStick).staff
    assert story.effects == (DoStickTask(StickTask.HAND_OUT, staff.number),)
    story.happens(StickProgressed(1, 4))
    assert story.on(OfficerAtStick).share_done == 0.25
    story.happens(StickTaskEnded(DONE))
    assert story.on(OfficerAtStick).outcome == DONE
    story.happens(WentBack())
    assert story.on(OfficerAtStick).outcome is None


@pytest.mark.parametrize("event", [SignedOut(), IdleElapsed(), WentBack(), StickTaskChosen(StickTask.RECEIPTS)])
def test_nobody_leaves_while_the_stick_is_written(event):
    story = at_stick().happens(StickTaskChosen(StickTask.HAND_OUT)).happens(event)
    assert story.on(OfficerAtStick).task is StickTask.HAND_OUT
    assert story.effects == ()


def test_the_answer_of_another_task_is_not_this_ones():
    story = at_stick().happens(StickTaskChosen(StickTask.RECEIPTS), StickTaskEnded(DONE), StickProgressed(1, 2))
    assert story.on(OfficerAtStick).task is StickTask.RECEIPTS


def test_the_roster_is_a_supervisors_to_take():
    story = at_stick().happens(StickTaskChosen(StickTask.ROSTER))
    assert story.on(OfficerAtStick).task is None
    story = at_stick(Role.SUPERVISOR).happens(StickTaskChosen(StickTask.ROSTER))
    assert story.on(OfficerAtStick).task is StickTask.ROSTER


def test_signed_out_before_it_begins():
    at_stick().happens(SignedOut()).on(Attract)
