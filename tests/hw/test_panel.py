"""The panel: states light lamps, switches are seen, and a pin of it is mocked only when a URL says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from gpiozero import Device as GpioDevice
from gpiozero.pins.mock import MockFactory, MockPWMPin
from hypothesis import given
from hypothesis import strategies as st

from hw.api import DeviceState, Fault, FaultCode, PanelInputs, PanelState, SelfTestCode
from hw.panel.gpio_panel import GpioPanel
from hw.panel.pins import PanelPins
from hw.panel.signals import SIGNALS, Pattern
from hw.registry import DeviceUrlError, open_device
from hw.sim.panel import SimulatedPanel
from hw.sim.panel_wiring import PanelWiring
from tests.hw.support import eventually

PINS = PanelPins()


@pytest.fixture
def wiring() -> PanelWiring:
    return PanelWiring(pins=PINS)


@pytest.fixture
def panel(wiring: PanelWiring) -> Iterator[GpioPanel]:
    driver = GpioPanel(lambda: wiring, pins=PINS, url="gpio:?factory=mock")
    driver.start()
    eventually(lambda: driver.state() is DeviceState.READY)
    yield driver
    driver.stop()


def test_idle_is_green(panel: GpioPanel, wiring: PanelWiring) -> None:
    panel.show(PanelState.IDLE)
    eventually(lambda: wiring.lamps == {"red": 0, "amber": 0, "green": 1, "ring": 0, "buzzer": 0})


def test_a_fault_is_red_and_heard(panel: GpioPanel, wiring: PanelWiring) -> None:
    panel.show(PanelState.FAULT)
    eventually(lambda: wiring.lamps["red"] == 1 and wiring.lamps["buzzer"] == 1)
    eventually(lambda: wiring.lamps["buzzer"] == 0)


def test_calling_the_officer_flashes_amber(panel: GpioPanel, wiring: PanelWiring) -> None:
    panel.show(PanelState.CALL_OFFICER)
    for level in (1, 0, 1):
        eventually(lambda level=level: wiring.lamps["amber"] == level)


def test_the_ring_light_does_not_change_from_guidance_to_capture(panel: GpioPanel, wiring: PanelWiring) -> None:
    panel.show(PanelState.GUIDING)
    eventually(lambda: wiring.lamps["ring"] > 0)
    before = wiring.lamps["ring"]
    panel.show(PanelState.CAPTURING)
    eventually(lambda: wiring.lamps["green"] == 0)
    assert wiring.lamps["ring"] == before


def test_dark_is_dark(panel: GpioPanel, wiring: PanelWiring) -> None:
    panel.show(PanelState.GUIDING)
    eventually(lambda: wiring.lamps["ring"] > 0)
    panel.show(PanelState.DARK)
    eventually(lambda: not any(wiring.lamps.values()))


def test_stopping_puts_the_lights_out(panel: GpioPanel, wiring: PanelWiring) -> None:
    panel.show(PanelState.GUIDING)
    eventually(lambda: wiring.lamps["ring"] > 0)
    panel.stop()
    assert not any(wiring.lamps.values())


def test_at_first_nobody_is_there_and_the_case_is_shut(panel: GpioPanel) -> None:
    assert panel.inputs() == PanelInputs()


@pytest.mark.parametrize("switch", ["presence", "officer_key", "tamper"])
def test_a_switch_is_seen_and_seen_to_return(switch: str, panel: GpioPanel, wiring: PanelWiring) -> None:
    wiring.drive(**{switch: True})
    eventually(lambda: panel.inputs() == PanelInputs(**{switch: True}))
    wiring.drive(**{switch: False})
    eventually(lambda: panel.inputs() == PanelInputs())


def test_the_pins_levels_are_those_of_the_wiring(panel: GpioPanel, wiring: PanelWiring) -> None:
    wiring.pin(PINS.presence).drive_high()
    wiring.pin(PINS.officer_key).drive_low()
    wiring.pin(PINS.tamper).drive_high()
    eventually(lambda: panel.inputs() == PanelInputs(presence=True, officer_key=True, tamper=True))


def test_a_cut_tamper_wire_is_tampering() -> None:
    factory = MockFactory(pin_class=MockPWMPin)  # nothing wired: every pull-up wins
    panel = GpioPanel(lambda: factory, pins=PINS, url="gpio:?factory=mock")
    panel.start()
    eventually(lambda: panel.inputs() == PanelInputs(tamper=True))
    assert [test.code for test in panel.self_test() if not test.passed] == [SelfTestCode.CASE_SHUT]
    panel.stop()


def test_no_pin_factory_becomes_everybodys(panel: GpioPanel) -> None:
    assert GpioDevice.pin_factory is None


def test_a_machine_without_the_chip_has_lost_its_panel() -> None:
    panel = open_device("gpio:?factory=lgpio")
    panel.start()
    eventually(lambda: panel.state() is DeviceState.LOST)
    fault = panel.info()
    assert isinstance(fault, Fault)
    assert fault.code is FaultCode.NOT_CONNECTED
    panel.stop()


def test_pins_of_ones_own_are_used() -> None:
    panel: Any = open_device("gpio:?factory=mock&red=5&presence=6")
    panel.start()
    eventually(lambda: panel.state() is DeviceState.READY)
    panel.stop()


def test_two_things_on_one_pin_are_refused() -> None:
    with pytest.raises(DeviceUrlError, match="each pin once"):
        open_device("gpio:?factory=mock&red=17&green=17")


def test_lamps_and_switches_reach_another_process() -> None:
    simulated = SimulatedPanel()
    simulated.start()
    panel: Any = open_device(simulated.url)
    panel.start()
    eventually(lambda: panel.state() is DeviceState.READY)
    simulated.set_inputs(presence=True)
    eventually(lambda: panel.inputs() == PanelInputs(presence=True))
    panel.show(PanelState.IDLE)
    eventually(lambda: simulated.lamps["green"] == 1)
    panel.stop()
    eventually(lambda: simulated.lamps["green"] == 0)
    simulated.stop()


def test_every_state_has_its_signal() -> None:
    assert set(SIGNALS) == set(PanelState)


def test_no_light_flashes_near_three_times_a_second() -> None:
    for signal in SIGNALS.values():
        for pattern in (signal.red, signal.amber, signal.green):
            assert pattern.off_s == 0 or pattern.on_s + pattern.off_s >= 0.5


@given(st.floats(0, 1e6))
def test_a_steady_light_is_lit_and_one_that_is_off_is_not(elapsed_s: float) -> None:
    assert Pattern(on_s=1.0).lit(elapsed_s)
    assert not Pattern().lit(elapsed_s)
