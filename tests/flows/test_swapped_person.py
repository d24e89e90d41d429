"""Somebody else sits down in the middle of an enrollment: the kiosk sees it, and the officer learns of it."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from hw.sim.people.looks import Hair, draw_looks
from hw.sim.people.portrait import paint
from kiosk.app.views import ScreenId
from kiosk.compose import assemble
from kiosk.config import load
from kiosk.demo.journey import Journey, Narrator
from kiosk.enrollment.effects import Purpose
from kiosk.enrollment.events import IdleElapsed
from kiosk.enrollment.officer_flow import open_points
from kiosk.enrollment.positions import CaptureStep, Position
from kiosk.enrollment.screens import Capturing
from kiosk.simulated import populate, simulated_office
from kiosk.storage.layout import DataFolder
from tests.flows.headless import HeadlessHands

RESIDENT, STRANGER = 0, 1
FRAMES = 6000


def draw(folder, seed, *, woman, **changes):
    """A person of whom there is a face only."""
    rng = np.random.default_rng((seed, 77))
    face, matte = paint(rng, replace(draw_looks(rng, woman=woman), **changes))
    folder.mkdir(parents=True)
    picture = np.dstack([cv2.cvtColor(face, cv2.COLOR_RGB2BGR), matte])
    for name in ("face", "exception_photo"):
        assert cv2.imwrite(str(folder / f"{name}.png"), picture)


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """Drawn faces are much alike to the network: these two are drawn as far apart as they can be."""
    people = tmp_path_factory.mktemp("people")
    draw(people / "a_resident", 20, woman=True, hair=Hair.HIJAB, glasses=False)
    old = {"age": 80, "nose": 1.6, "mouth": 1.4, "jaw": 1.25, "skin": (0.5, 0.36, 0.27)}
    draw(people / "b_stranger", 8, woman=False, glasses=True, moustache=True, **old)
    config = replace(load(), speech="silent")
    policy = replace(config.policy, capture_timeout_s=2.0, attempts_allowed=2)
    config = replace(config, policy=policy)
    with simulated_office(config, tmp_path_factory.mktemp("office"), people=people) as opened:
        yield opened


@pytest.fixture
def unit(office, tmp_path):
    """A kiosk with a journal of its own before the office's devices."""
    populate(DataFolder(tmp_path), tmp_path / "roster.csv", seed=1)
    opened = assemble(replace(office.config, data=tmp_path))
    yield opened
    opened.stop()


def until(hands, reached):
    for _ in range(FRAMES):
        if reached():
            return
        hands.settle(1)
    raise AssertionError("did not come")


def at(unit, purpose, step):
    screen = unit.controller.kiosk.screen
    return isinstance(screen, Capturing) and (screen.purpose, screen.step) == (purpose, step)


def identifies(unit, hands, one):
    hands.press("start_id")
    hands.press("continue")
    one._scan()


def photographed_then_parked(unit, office):
    """The resident was photographed and left; next, somebody comes with the same ticket."""
    resident = office.residents[0]
    office.devices.person(RESIDENT, cloth=resident.background)
    hands = HeadlessHands(unit.controller)
    narrator = Narrator(lambda _: None, None)
    one = Journey(hands, unit.controller, office.devices, narrator, resident, scans_ticket=True)
    identifies(unit, hands, one)
    until(hands, lambda: unit.controller.view().screen is ScreenId.CONFIRM_BIODATA)
    hands.press("yes_correct")
    until(hands, lambda: at(unit, Purpose.ENROLL, CaptureStep.SIGNATURE))
    unit.controller.dispatch(IdleElapsed())
    unit.controller.dispatch(IdleElapsed())
    assert unit.controller.view().screen is ScreenId.ATTRACT
    return hands, one


def verification(unit, hands, one):
    """What was recorded of the face when the session went on with the next step."""
    identifies(unit, hands, one)
    until(hands, lambda: at(unit, Purpose.VERIFY, CaptureStep.PHOTO))
    until(hands, lambda: at(unit, Purpose.ENROLL, CaptureStep.SIGNATURE))
    record = unit.controller.kiosk.enrollment(unit.controller.kiosk.screen.enrollment_id)
    (found,) = record.verifications
    assert found.position is Position.FACE
    return found, open_points(record)


def test_the_same_person_goes_on_and_leaves_no_remark(unit, office):
    hands, one = photographed_then_parked(unit, office)
    found, points = verification(unit, hands, one)
    assert found.matched
    assert points == ()


def test_another_person_is_told_and_goes_on_to_the_officer(unit, office):
    hands, one = photographed_then_parked(unit, office)
    office.devices.person(STRANGER)
    found, points = verification(unit, hands, one)
    assert not found.matched
    assert 0 < found.score < 50
    assert points == ("officer.point.face_differs",)


def test_an_empty_chair_holds_nothing_up(unit, office):
    hands, one = photographed_then_parked(unit, office)
    office.devices.leave()
    found, points = verification(unit, hands, one)
    assert (found.matched, found.matcher) == (False, "")
    assert points == ("officer.point.face_not_compared",)
