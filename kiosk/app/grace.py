"""How long a packet stays after its receipt: the office's wish, counted by clocks that can be trusted."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from kiosk.enrollment.record import ClockTrust, Stamp

_NS_PER_S = 1e9


@dataclass(frozen=True, slots=True)
class Kept:
    """An accepted packet in its grace. received: when, by the receiver's signed clock. since: the first look
    at it after this start of the program."""

    enrollment_id: str
    packet_sha256: str
    received: dt.datetime
    since: Stamp

    def over(self, now: Stamp, *, grace_s: float) -> bool:
        """By wall time only where somebody vouched for it; else by the time this program has run.

        A board without a clock battery may come up years ahead: that must purge nothing. Then a restart
        begins the count again, and the packet stays longer than asked, never shorter.
        """
        if (now.monotonic_ns - self.since.monotonic_ns) / _NS_PER_S >= grace_s:
            return True
        vouched = now.trust is not ClockTrust.UNTRUSTED
        return vouched and (now.at - self.received).total_seconds() >= grace_s
