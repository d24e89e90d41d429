"""Devices go and come back while a resident stands there; the step goes on by itself."""

from dataclasses import replace

import pytest

from hw.api import DeviceKind, DeviceState
from kiosk.app.views import ScreenId
from kiosk.compose import assemble
from kiosk.demo.journey import Journey, Narrator
from kiosk.enrollment.positions import CaptureStep
from kiosk.enrollment.quality_report import Defect
from kiosk.enrollment.screens import Capturing
from kiosk.simulated import OFFICER, populate
from kiosk.storage.layout import DataFolder
from tests.flows.headless import HeadlessHands

FRAMES = 3000


@pytest.fixture
def unit(office, tmp_path):
    """A kiosk with a journal of its own before the office's devices."""
    office.devices.person(0)
    populate(DataFolder(tmp_path), tmp_path / "roster.csv", seed=1)
    opened = assemble(replace(office.config, data=tmp_path, speech="silent"))
    yield opened
    opened.stop()


def until(hands, reached):
    for _ in range(FRAMES):
        if reached():
            return
        hands.settle(1)
    raise AssertionError("did not come")


def reach(unit, office, step):
    """A journey that stops where `step` begins."""
    hands = HeadlessHands(unit.controller)
    one = Journey(
        hands,
        unit.controller,
        office.devices,
        Narrator(lambda _: None, None),
        office.residents[0],
        scans_ticket=True,
    )
    hands.press("start_id")
    hands.press("continue")
    one._scan()
    until(hands, lambda: unit.controller.view().screen is ScreenId.CONFIRM_BIODATA)
    hands.press("yes_correct")
    while unit.controller.kiosk.screen.step is not step:
        one._capture()
    return hands, one


def test_the_slap_scanner_is_unplugged_and_comes_back(unit, office, tmp_path):
    hands, one = reach(unit, office, CaptureStep.RIGHT_FOUR)
    office.devices.unplug(DeviceKind.SLAP_SCANNER)
    until(hands, lambda: unit.controller.view().screen is ScreenId.DEVICE_FAULT)
    assert {action.id for action in unit.controller.view().actions} == {"call_officer"}
    office.devices.replug(DeviceKind.SLAP_SCANNER)
    until(hands, lambda: unit.controller.view().screen is ScreenId.CAPTURE)
    screen = unit.controller.kiosk.screen
    assert isinstance(screen, Capturing)
    assert (screen.step, screen.attempt) == (CaptureStep.RIGHT_FOUR, 1)
    one._capture()
    assert unit.controller.kiosk.screen.step is CaptureStep.LEFT_FOUR
    audit = DataFolder(tmp_path).audit.read_text()
    assert "device_fault" in audit
    assert "device_restored" in audit


def test_the_right_hand_laid_down_for_the_left_is_told_until_it_is_mended(unit, office):
    hands, one = reach(unit, office, CaptureStep.LEFT_FOUR)
    office.devices.fault(DeviceKind.SLAP_SCANNER, "hands_swapped", count=1)
    until(hands, lambda: unit.controller.kiosk.screen.guidance.advice is Defect.WRONG_HAND)
    assert unit.controller.kiosk.screen.step is CaptureStep.LEFT_FOUR
    office.devices.fault(DeviceKind.SLAP_SCANNER, "hands_swapped", count=0)
    one._capture()
    assert unit.controller.kiosk.screen.step is CaptureStep.THUMBS


def test_turning_the_officers_key_asks_for_the_sign_in_once(unit, office):
    hands = HeadlessHands(unit.controller)
    hands.settle(20)
    office.devices.switch(officer_key=True)
    until(hands, lambda: unit.controller.view().screen is ScreenId.OFFICER_SIGN_IN)
    hands.press("back")
    hands.settle(20)
    assert unit.controller.view().screen is ScreenId.ATTRACT
    office.devices.switch(officer_key=False)


def test_a_printer_without_paper_is_told_and_prints_later(unit, office):
    hands, one = reach(unit, office, CaptureStep.PHOTO)
    record = one.enrol()
    office.devices.fault(DeviceKind.PRINTER, "paper_out", count=1)
    slips = office.devices.slips()
    hands.press("officer")
    one._sign_in(OFFICER)
    hands.press(f"open_{record.id}")
    hands.press("finalise")
    until(hands, lambda: getattr(unit.controller.kiosk.screen, "fault", None) is not None)
    assert unit.controller.view().screen is ScreenId.FINALISED
    office.devices.fault(DeviceKind.PRINTER, "paper_out", count=0)
    until(hands, lambda: unit.devices.printer.state() is DeviceState.READY)
    hands.press("print_again")
    until(hands, lambda: unit.controller.kiosk.screen.printed)
    assert office.devices.slips() == slips + 1
