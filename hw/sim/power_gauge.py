"""A simulated MAX17043 in memory: its registers, as words on an SMBus."""

from __future__ import annotations

import errno

from hw.api import DeviceKind
from hw.sim.device import Simulator, StandingFaults

_FAULTS = ("floating", "grounded", "no_acknowledge")
_VERSION = 0x0003


class SimulatedGauge(Simulator):
    """Give `open_bus` to the driver. Unplugged, the bus is not there.

    Faults last until armed with count 0. `floating`, `grounded`: every bit reads 1, 0.
    `no_acknowledge`: the bus is there, and the chip is not.
    """

    def __init__(self) -> None:
        self._faults = StandingFaults(*_FAULTS)
        super().__init__(DeviceKind.POWER, self._faults)
        self._plugged = False
        self._volts, self._charge_percent = 3.9, 80.0
        self.open_buses = 0

    @property
    def url(self) -> str:
        return "max17043:///dev/i2c-sim"

    @property
    def plugged(self) -> bool:
        return self._plugged

    def plug(self) -> None:
        self._plugged = True

    def unplug(self) -> None:
        self._plugged = False

    def charge(self, *, volts: float, percent: float) -> None:
        self._volts, self._charge_percent = volts, percent

    def open_bus(self) -> SimulatedBus:
        if not self._plugged:
            raise FileNotFoundError(errno.ENOENT, "no such bus")
        self.open_buses += 1
        return SimulatedBus(self)

    def register(self, register: int) -> bytes:
        """Two bytes in the order the chip sends them. Raises OSError."""
        if not self._plugged:
            raise OSError(errno.ENODEV, "the bus is gone")
        if "no_acknowledge" in self._faults:
            raise OSError(errno.EREMOTEIO, "no acknowledge")
        if "floating" in self._faults:
            return b"\xff\xff"
        if "grounded" in self._faults:
            return b"\x00\x00"
        steps = {
            0x02: round(self._volts / 0.00125) << 4,
            0x04: round(self._charge_percent * 256),
            0x08: _VERSION,
        }
        return steps[register].to_bytes(2, "big")


class SimulatedBus:
    def __init__(self, gauge: SimulatedGauge) -> None:
        self._gauge = gauge

    def read_word(self, register: int) -> int:
        return int.from_bytes(self._gauge.register(register), "little")

    def close(self) -> None:
        self._gauge.open_buses -= 1
