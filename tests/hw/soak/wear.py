"""What one subject leaves behind, measured."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from tests.hw.holdings import Holdings, least_holdings, resident_bytes, settle
from tests.hw.soak.subjects import Subject

WARM_UP_SHARE = 10
"""A tenth as many first: libraries keep their buffers and pools for good."""


@dataclass(frozen=True)
class Held:
    holdings: Holdings
    resident_bytes: int


@dataclass(frozen=True)
class Wear:
    cycles: int
    before: Held
    after: Held
    seconds: float

    @property
    def grown_bytes(self) -> int:
        return self.after.resident_bytes - self.before.resident_bytes


def measure(subject: Subject, folder: Path, *, cycles: int, rest_s: float) -> Wear:
    """rest_s: before a reading, for simulators to end what served a driver that left. AssertionError when
    threads or descriptors are left behind, or the device does not come."""
    with subject.prepared(folder) as repeat:
        repeat(max(3, cycles // WARM_UP_SHARE))
        before = Held(least_holdings(over_s=rest_s), resident_bytes())
        began_s = time.monotonic()
        repeat(cycles)
        seconds = time.monotonic() - began_s
        settle(before.holdings)
        return Wear(cycles, before, Held(least_holdings(over_s=rest_s), resident_bytes()), seconds)
