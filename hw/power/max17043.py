"""The driver of a MAX17043 fuel gauge, the battery board's: charge and voltage of one lithium cell.

Registers: MAX17043/MAX17044 data sheet, register summary. The chip sends the high byte first, SMBus the low.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from hw.api import DeviceInfo, DeviceKind, Fault, FaultCode, PowerStatus, PowerSupply, SelfTest, SelfTestCode
from hw.device_url import DeviceUrl
from hw.power.i2c import I2cBus, LinuxI2cBus
from hw.worker import Session, SessionEnded, WorkedDevice

CHIP_ADDRESS = 0x36
VCELL, SOC, VERSION = 0x02, 0x04, 0x08

POLL_S = 2.0
"""The chip measures every 0.5 s; a cell's charge changes in minutes."""

LOW_PERCENT = 20
_VOLTS_PER_STEP = 0.00125
_PERCENT_PER_STEP = 1 / 256

_PLAUSIBLE_VOLTS = (2.5, 4.5)
"""A lithium cell's own limits with a margin. A bus without pull-up resistors reads 0 or FFFFh."""


class Max17043Gauge(WorkedDevice):
    """See `hw.api.PowerSupply`. The chip does not see mains, and tells no run time."""

    def __init__(
        self,
        open_bus: Callable[[], I2cBus],
        *,
        url: str,
        low_percent: float = LOW_PERCENT,
        poll_s: float = POLL_S,
    ) -> None:
        super().__init__(DeviceKind.POWER, url)
        self._open_bus = open_bus
        self._low_percent = low_percent
        self._poll_s = poll_s
        self._status: PowerStatus | None = None
        self._version = ""

    def info(self) -> DeviceInfo | Fault:
        if (fault := self._worker.standing.fault) is not None:
            return fault
        return DeviceInfo(DeviceKind.POWER, self._url, make="Maxim", model="MAX17043", firmware=self._version)

    def _forget(self) -> None:
        self._status = None

    def power(self) -> PowerStatus | Fault | None:
        return self._worker.standing.fault or self._status

    def self_test(self) -> tuple[SelfTest, ...]:
        with self._worker.running():
            return (self._worker.test_opening(SelfTestCode.FUEL_GAUGE_ANSWERS),)

    def _serve(self, session: Session) -> None:
        with contextlib.closing(self._open_bus()) as bus:
            self._version = f"{_read(bus, VERSION):04x}"
            while not session.stopped:
                self._status = self._measure(bus)
                session.ready()
                session.wait(self._poll_s)

    def _measure(self, bus: I2cBus) -> PowerStatus:
        volts = (_read(bus, VCELL) >> 4) * _VOLTS_PER_STEP
        lowest, highest = _PLAUSIBLE_VOLTS
        if not lowest <= volts <= highest:
            raise SessionEnded(FaultCode.BAD_ANSWER, f"no lithium cell has {volts:.2f} V")
        charge = min(_read(bus, SOC) * _PERCENT_PER_STEP, 100.0)  # a full cell reads a little over
        return PowerStatus(
            on_mains=None,
            charge_percent=charge,
            runtime_s=None,
            battery_low=charge <= self._low_percent,
            battery_worn=False,
            shutting_down=False,
            read_ns=time.monotonic_ns(),
        )


def _read(bus: I2cBus, register: int) -> int:
    word = bus.read_word(register)
    return (word & 0xFF) << 8 | word >> 8


def open_url(url: DeviceUrl) -> PowerSupply:
    path: Path = url.device_path()
    low_percent = url.integer("low", default=LOW_PERCENT, lowest=1, highest=50)
    return Max17043Gauge(lambda: LinuxI2cBus(path, chip=CHIP_ADDRESS), url=url.text, low_percent=low_percent)
