"""In the van: satellites vouch for the time, and the battery ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hw.api import DeviceState
from kiosk.app.views import ScreenId
from kiosk.compose import assemble
from kiosk.enrollment.record import ClockTrust
from kiosk.simulated import populate
from kiosk.storage.layout import DataFolder
from tests.flows.headless import HeadlessHands

FRAMES = 3000


@pytest.fixture
def unit(office, tmp_path):
    populate(DataFolder(tmp_path), tmp_path / "roster.csv", seed=1)
    opened = assemble(replace(office.config, data=tmp_path, speech="silent"))
    yield opened
    opened.stop()
    office.devices.supply("OL", charge_percent=100)


def until(hands, reached):
    for _ in range(FRAMES):
        if reached():
            return
        hands.settle(1)
    raise AssertionError("did not come")


def test_the_battery_is_nearly_empty_and_mains_return(unit, office):
    controller, hands = unit.controller, HeadlessHands(unit.controller)
    office.devices.supply("OB DISCHRG LB", charge_percent=8)
    until(hands, lambda: controller.view().screen is ScreenId.POWER_LOW)
    until(hands, lambda: set(office.devices.state()["lamps"].values()) == {0.0})
    office.devices.supply("OL CHRG", charge_percent=9)
    until(hands, lambda: controller.view().screen is ScreenId.ATTRACT)


def test_satellites_vouch_for_the_kiosks_time(unit):
    hands = HeadlessHands(unit.controller)
    until(hands, lambda: unit.devices.position.state() is DeviceState.READY)
    clock = unit.controller._services.clock
    until(hands, lambda: clock.now().trust in (ClockTrust.GPS, ClockTrust.NETWORK))
