"""The panel's driver: gpiozero devices on pins of one factory, blinked and read by one thread."""

from __future__ import annotations

import contextlib
import importlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gpiozero

from hw.api import (
    DeviceInfo,
    DeviceKind,
    Fault,
    FaultCode,
    Panel,
    PanelInputs,
    PanelState,
    SelfTest,
    SelfTestCode,
)
from hw.device_url import DeviceUrl, DeviceUrlError
from hw.panel.pins import LAST_PIN, PanelPins
from hw.panel.signals import SIGNALS
from hw.worker import Session, SessionEnded, WorkedDevice

TICK_S = 0.04
"""Short against the shortest light or tone; a switch is seen within one tick."""

FACTORIES = {"lgpio": "gpiozero.pins.lgpio:LGPIOFactory", "mock": "hw.sim.panel_wiring:open_factory"}
PinFactory = Any
"""A gpiozero.Factory, which ships no types."""


class GpioPanel(WorkedDevice):
    """See `hw.api.Panel`. Stopped, all its lights are out."""

    def __init__(self, open_factory: Callable[[], PinFactory], *, pins: PanelPins, url: str) -> None:
        super().__init__(DeviceKind.PANEL, url)
        self._open_factory = open_factory
        self._pins = pins
        self._shown = (PanelState.DARK, 0.0)
        self._wake = threading.Event()
        self._inputs = PanelInputs()
        self._chip = ""

    def info(self) -> DeviceInfo | Fault:
        return self._worker.standing.fault or DeviceInfo(
            kind=self.kind, url=self._url, make="gpio", model=self._chip
        )

    def show(self, state: PanelState) -> None:
        """Showing the same state again changes nothing; in particular it does not beep again."""
        if state is not self._shown[0]:
            self._shown = (state, time.monotonic())
            self._wake.set()

    def inputs(self) -> PanelInputs:
        """As read within the last tick; all False while the panel is not there."""
        return self._inputs

    def self_test(self) -> tuple[SelfTest, ...]:
        with self._worker.running():
            opened = self._worker.test_opening(SelfTestCode.PANEL_OPENS)
            if not opened.passed:
                return (opened,)
            time.sleep(2 * TICK_S)
            shut = SelfTest(SelfTestCode.CASE_SHUT, passed=not self._inputs.tamper)
            return (opened, shut)

    def _serve(self, session: Session) -> None:
        with contextlib.ExitStack() as opened:
            try:
                factory = self._open_factory()
                opened.callback(factory.close)
                devices = _Devices.open(factory, self._pins, opened)
            except (gpiozero.GPIOZeroError, ImportError) as error:
                raise SessionEnded(FaultCode.NOT_CONNECTED, f"{type(error).__name__}: {error}") from error
            opened.callback(self._forget_inputs)
            self._chip = type(factory).__name__
            session.ready()
            while not session.stopped:
                self._wake.clear()
                state, since_s = self._shown
                devices.apply(state, time.monotonic() - since_s)
                self._inputs = devices.inputs()
                self._wake.wait(TICK_S)

    def _forget_inputs(self) -> None:
        self._inputs = PanelInputs()


@dataclass(frozen=True, slots=True)
class _Devices:
    red: gpiozero.LED
    amber: gpiozero.LED
    green: gpiozero.LED
    ring: gpiozero.PWMLED
    buzzer: gpiozero.DigitalOutputDevice
    presence: gpiozero.DigitalInputDevice
    officer_key: gpiozero.DigitalInputDevice
    tamper: gpiozero.DigitalInputDevice

    @classmethod
    def open(cls, factory: PinFactory, pins: PanelPins, opened: contextlib.ExitStack) -> _Devices:
        def enter(device: Any) -> Any:
            return opened.enter_context(contextlib.closing(device))

        return cls(
            red=enter(gpiozero.LED(pins.red, pin_factory=factory)),
            amber=enter(gpiozero.LED(pins.amber, pin_factory=factory)),
            green=enter(gpiozero.LED(pins.green, pin_factory=factory)),
            ring=enter(gpiozero.PWMLED(pins.ring, pin_factory=factory)),
            buzzer=enter(gpiozero.DigitalOutputDevice(pins.buzzer, pin_factory=factory)),
            presence=enter(gpiozero.DigitalInputDevice(pins.presence, pull_up=False, pin_factory=factory)),
            officer_key=enter(gpiozero.DigitalInputDevice(pins.officer_key, pull_up=True, pin_factory=factory)),
            tamper=enter(gpiozero.DigitalInputDevice(pins.tamper, pull_up=True, pin_factory=factory)),
        )

    def apply(self, state: PanelState, elapsed_s: float) -> None:
        signal = SIGNALS[state]
        levels: tuple[tuple[Any, float], ...] = (
            (self.red, float(signal.red.lit(elapsed_s))),
            (self.amber, float(signal.amber.lit(elapsed_s))),
            (self.green, float(signal.green.lit(elapsed_s))),
            (self.ring, signal.ring),
            (self.buzzer, float(signal.buzzes(elapsed_s))),
        )
        for device, level in levels:
            if device.value != level:
                device.value = level

    def inputs(self) -> PanelInputs:
        return PanelInputs(
            presence=bool(self.presence.value),
            officer_key=bool(self.officer_key.value),
            tamper=not self.tamper.value,
        )


def open_url(url: DeviceUrl) -> Panel:
    factory = url.choice("factory", FACTORIES, default="lgpio")
    numbers = {
        name: url.integer(name, default=PanelPins().number(name), lowest=0, highest=LAST_PIN)
        for name in PanelPins.names()
    }
    for pin, number in numbers.items():
        if list(numbers.values()).count(number) > 1:
            raise DeviceUrlError(url.text, f"parameter {pin}", str(number), ["each pin once"])
    module, _, attribute = FACTORIES[factory].partition(":")
    arguments: dict[str, Any] = {}
    if factory == "mock":
        arguments = {
            "pins": PanelPins(**numbers),
            "port": url.integer("port", default=0, lowest=0, highest=65535),
        }

    def open_factory() -> PinFactory:
        return getattr(importlib.import_module(module), attribute)(**arguments)

    return GpioPanel(open_factory, pins=PanelPins(**numbers), url=url.text)
