"""What may be known of the kiosk's power."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hw.api import Device, DeviceKind, Fault

KIND = DeviceKind.PANEL
"""The contract has no kind of its own for power; the panel stands for the kiosk's own body."""


@dataclass(frozen=True, slots=True)
class PowerStatus:
    """on_mains: None where the supply cannot tell. charge_percent: 0 to 100. runtime_s: left at today's load.

    shutting_down: the supply will cut the power, whatever the charge. read_ns: monotonic clock.
    """

    on_mains: bool | None
    charge_percent: float | None
    runtime_s: float | None
    battery_low: bool
    battery_worn: bool
    shutting_down: bool
    read_ns: int

    @property
    def critical(self) -> bool:
        """Put away what is open: the power ends soon."""
        return self.shutting_down or (self.battery_low and self.on_mains is not True)


class PowerSupply(Device, Protocol):
    def power(self) -> PowerStatus | Fault | None:
        """The newest status; None until the first; a Fault while the supply cannot be asked."""
