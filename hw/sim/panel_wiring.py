"""The panel's pins without a panel: gpiozero's mock pins, with switches and lamps wired to them.

`PanelWiring` is driven in the same process. `open_factory(port=...)` wires the pins to a
`hw.sim.panel.SimulatedPanel` in another process: one JSON object a line, inputs one way, lamps the other.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any

from gpiozero.pins.mock import MockFactory, MockPWMPin

from hw.panel.pins import PanelPins

CONNECT_TIMEOUT_S = 2.0
OUTPUTS = ("red", "amber", "green", "ring", "buzzer")


class WiredPin(MockPWMPin):
    """An input stays at the level its switch gives it, whatever pull resistor is chosen."""

    def _get_state(self) -> float:
        if self.factory.broken:
            raise OSError("the panel's cable is broken")
        state: float = super()._get_state()
        return state

    def _set_pull(self, value: str) -> None:
        super()._set_pull(value)
        self.factory.settle(self)

    def _change_state(self, value: float) -> bool:
        changed: bool = super()._change_state(value)
        if changed and self.function == "output":
            self.factory.lamp_changed(self, float(value))
        return changed


class PanelWiring(MockFactory):
    """At first nobody stands there, the key is not turned, and the case is shut."""

    def __init__(self, *, pins: PanelPins, on_lamp: Callable[[str, float], None] | None = None) -> None:
        super().__init__(pin_class=WiredPin)
        self._names = {f"GPIO{pins.number(name)}": name for name in PanelPins.names()}
        self._pin_numbers = pins
        self._pins_lock = threading.RLock()
        self._levels = {"presence": False, "officer_key": True, "tamper": False}
        self._lamps = dict.fromkeys(OUTPUTS, 0.0)
        self._on_lamp = on_lamp
        self.broken = False

    def pin(self, name: int | str, **kwargs: Any) -> WiredPin:
        with self._pins_lock:  # a switch may be thrown while the driver opens its pins
            pin: WiredPin = super().pin(name, **kwargs)
            return pin

    def break_off(self) -> None:
        """From now on the pins cannot be read: the driver takes the panel for lost."""
        self.broken = True

    @property
    def lamps(self) -> Mapping[str, float]:
        """Levels of the outputs, 0..1, by name."""
        return dict(self._lamps)

    def drive(
        self, *, presence: bool | None = None, officer_key: bool | None = None, tamper: bool | None = None
    ) -> None:
        """Somebody comes or goes, turns the key, opens the case; None leaves a switch as it is."""
        levels = {
            "presence": presence,
            "officer_key": None if officer_key is None else not officer_key,
            "tamper": tamper,
        }
        for name, level in levels.items():
            if level is not None:
                self._levels[name] = level
                self.settle(self.pin(self._pin_numbers.number(name)))

    def settle(self, pin: WiredPin) -> None:
        level = self._levels.get(self._names.get(pin.info.name, ""))
        if level is not None and pin.function == "input":
            (pin.drive_high if level else pin.drive_low)()

    def lamp_changed(self, pin: WiredPin, level: float) -> None:
        name = self._names[pin.info.name]
        self._lamps[name] = level
        if self._on_lamp is not None:
            self._on_lamp(name, level)


class _Cable:
    """Carries switches and lamps between the wiring here and the simulated panel there."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._thread: threading.Thread | None = None

    def follow(self, wiring: PanelWiring) -> None:
        self._thread = threading.Thread(target=self._read, args=(wiring,), name="sim-panel-cable", daemon=True)
        self._thread.start()

    def tell(self, name: str, level: float) -> None:
        with contextlib.suppress(OSError):  # the reader finds out
            self._connection.sendall(json.dumps({name: level}).encode() + b"\n")

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        if self._thread is not None:
            self._thread.join()
        self._connection.close()

    def _read(self, wiring: PanelWiring) -> None:
        with contextlib.suppress(OSError), self._connection.makefile("rb") as lines:
            for line in lines:
                wiring.drive(**json.loads(line))
        wiring.break_off()


class _RemoteWiring(PanelWiring):
    def __init__(self, *, pins: PanelPins, port: int) -> None:
        connection = socket.create_connection(("127.0.0.1", port), CONNECT_TIMEOUT_S)
        connection.settimeout(None)  # switches may be quiet for hours
        self._cable = _Cable(connection)
        super().__init__(pins=pins, on_lamp=self._cable.tell)
        self._cable.follow(self)

    def close(self) -> None:
        super().close()
        self._cable.close()


def open_factory(*, pins: PanelPins, port: int) -> Any:
    """port: of the simulated panel, 0 for pins wired to nothing. Raises OSError while nobody is there."""
    return _RemoteWiring(pins=pins, port=port) if port else PanelWiring(pins=pins)
