"""What may be known of the kiosk's place, and of time by satellite."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hw.api import Device, DeviceKind, Fault

KIND = DeviceKind.PANEL
"""The contract has no kind of its own for position; the panel stands for the kiosk's own body."""


@dataclass(frozen=True, slots=True)
class Position:
    """WGS 84 degrees, north and east positive. altitude_m: above mean sea level, None in a flat fix.

    accuracy_m: radius that holds the true place in 95 of 100 cases, None where the receiver does not say.
    received_ns: monotonic clock.
    """

    latitude_deg: float
    longitude_deg: float
    altitude_m: float | None
    accuracy_m: float | None
    received_ns: int


@dataclass(frozen=True, slots=True)
class SatelliteTime:
    """utc: what the clocks showed within `uncertainty_s` before `received_ns` on the monotonic clock."""

    utc: datetime
    received_ns: int
    uncertainty_s: float


class Locator(Device, Protocol):
    def position(self) -> Position | Fault | None:
        """The newest fix; None without one, indoors; a Fault while the receiver cannot be asked."""

    def satellite_time(self) -> SatelliteTime | Fault | None:
        """Time of the newest fix. A receiver without a fix tells its battery clock's time, which is none."""
