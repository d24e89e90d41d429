"""Wall time with its trust, monotonic time for durations."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from pathlib import Path

from hw.api import Fault, SatelliteTime
from kiosk.enrollment.record import ClockTrust, Stamp

SYNCHRONIZED = Path("/run/systemd/timesync/synchronized")
"""Made once somebody has set the clock: systemd-timesyncd leaves it empty, `kiosk-clock.service` writes whose
word it is, as chrony names its source."""

SATELLITES = "GPS"
"""chrony's name for its receiver (refid in chrony.conf)."""

SATELLITES_HOLD = dt.timedelta(days=1)
"""Without satellites the board's crystal keeps their time: 50 ppm are 4 s a day."""


def no_receiver() -> SatelliteTime | Fault | None:
    return None


class Clock:
    """The board has no clock battery: until network or satellites vouch for the time, it is untrusted.

    satellite_time: as `hw.api.Locator.satellite_time`; not to block. For one thread.
    """

    def __init__(
        self,
        synchronized: Path = SYNCHRONIZED,
        *,
        satellite_time: Callable[[], SatelliteTime | Fault | None] = no_receiver,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._synchronized = synchronized
        self._satellite_time = satellite_time
        self._monotonic_ns = monotonic_ns
        self._told: SatelliteTime | None = None

    def now(self) -> Stamp:
        told = self._satellite_time()  # before the monotonic reading, which is to be the later of the two
        now_ns = self._monotonic_ns()
        if (source := self._source()) is not None:
            trust = ClockTrust.GPS if source == SATELLITES else ClockTrust.NETWORK
            return Stamp(dt.datetime.now(dt.UTC), trust, now_ns)
        if isinstance(told, SatelliteTime):
            self._told = told
        if self._told is not None:
            since = dt.timedelta(microseconds=(now_ns - self._told.received_ns) / 1000)
            if since <= SATELLITES_HOLD:
                return Stamp(self._told.utc + since, ClockTrust.GPS, now_ns)
        return Stamp(dt.datetime.now(dt.UTC), ClockTrust.UNTRUSTED, now_ns)

    def _source(self) -> str | None:
        """Who has set the clock; None when nobody has."""
        try:
            return self._synchronized.read_text().strip()
        except OSError:
            return None

    def monotonic_s(self) -> float:
        return self._monotonic_ns() / 1e9
