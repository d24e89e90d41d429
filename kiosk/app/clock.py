"""Wall time with its trust, monotonic time for durations."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

from kiosk.enrollment.record import ClockTrust, Stamp

SYNCHRONIZED = Path("/run/systemd/timesync/synchronized")
"""systemd-timesyncd touches this file once a time server has set the clock."""


class Clock:
    """The board has no clock battery: until a network or an officer vouches for it, time is untrusted."""

    def __init__(self, synchronized: Path = SYNCHRONIZED) -> None:
        self._synchronized = synchronized

    def now(self) -> Stamp:
        trust = ClockTrust.NETWORK if self._synchronized.exists() else ClockTrust.UNTRUSTED
        return Stamp(dt.datetime.now(dt.UTC), trust, time.monotonic_ns())

    def monotonic_s(self) -> float:
        return time.monotonic()
