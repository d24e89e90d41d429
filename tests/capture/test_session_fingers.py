"""Ten different fingers, each in its place, or the resident is asked again."""

import numpy as np
import pytest

from hw.api import Finger
from hw.sim.people import impress, synthesize
from kiosk.capture.session_fingers import SessionFingers
from kiosk.enrollment.positions import CaptureStep, Modality, Position, position_of
from kiosk.enrollment.quality_report import Defect


@pytest.fixture(scope="module")
def prints():
    """A new impression of any finger of one invented person, at each call."""
    person, rng = synthesize(11), np.random.default_rng(5)

    def give(position: Position):
        return impress(person.fingers[Finger(position.iso_code)], rng)

    return give


def placement(prints, step: CaptureStep):
    return {position: prints(position) for position in step.positions}


def test_a_right_hand_a_left_hand_and_thumbs_are_ten_fingers(prints):
    fingers = SessionFingers()
    for step in (CaptureStep.RIGHT_FOUR, CaptureStep.LEFT_FOUR, CaptureStep.THUMBS):
        assert fingers.seen("one", placement(prints, step)) is None


def test_the_same_hand_laid_down_twice_is_the_wrong_hand(prints):
    fingers = SessionFingers()
    fingers.seen("one", placement(prints, CaptureStep.RIGHT_FOUR))
    again = {
        position_of(Modality.FINGERPRINT, position.iso_code + 5): prints(position)
        for position in CaptureStep.RIGHT_FOUR.positions
    }
    assert fingers.seen("one", again) is Defect.WRONG_HAND
    assert fingers.seen("one", placement(prints, CaptureStep.LEFT_FOUR)) is None


def test_one_finger_under_two_names_is_told(prints):
    twice = {
        Position.RIGHT_INDEX: prints(Position.RIGHT_INDEX),
        Position.RIGHT_RING: prints(Position.RIGHT_INDEX),
    }
    assert SessionFingers().seen("one", twice) is Defect.SAME_FINGER_TWICE


def test_a_placement_given_anew_is_not_its_own_double(prints):
    fingers = SessionFingers()
    for _ in range(2):
        assert fingers.seen("one", placement(prints, CaptureStep.RIGHT_FOUR)) is None


def test_the_next_resident_is_compared_with_nobody(prints):
    fingers = SessionFingers()
    fingers.seen("one", {Position.RIGHT_INDEX: prints(Position.RIGHT_INDEX)})
    assert fingers.seen("two", {Position.LEFT_INDEX: prints(Position.RIGHT_INDEX)}) is None
