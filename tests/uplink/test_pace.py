"""The bandwidth cap, on a clock of the test's own."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from kiosk.uplink.pace import Pace, StopAskedError


@dataclass
class Clock:
    now_s: float = 100.0
    waits: list[float] = field(default_factory=list)
    stopped: bool = False

    def monotonic_s(self) -> float:
        return self.now_s

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now_s += seconds
        return self.stopped


def paced(clock: Clock, *, bytes_per_s: float | None) -> Pace:
    return Pace(bytes_per_s=bytes_per_s, monotonic_s=clock.monotonic_s, wait=clock.wait)


def test_over_time_no_more_goes_than_the_cap_allows():
    clock = Clock()
    pace = paced(clock, bytes_per_s=8_000)
    for _ in range(100):
        pace.spend(16_000)
        clock.now_s += 0.5  # the request itself
    assert 99 * 16_000 / (clock.now_s - 0.5 - 100.0) == pytest.approx(8_000)


def test_a_line_slower_than_the_cap_is_not_held_up():
    clock = Clock()
    pace = paced(clock, bytes_per_s=8_000)
    for _ in range(10):
        pace.spend(16_000)
        clock.now_s += 3.0
    assert clock.waits == []


def test_an_idle_hour_is_no_credit():
    clock = Clock()
    pace = paced(clock, bytes_per_s=1_000)
    clock.now_s += 3600
    pace.spend(5_000)
    pace.spend(5_000)
    assert clock.waits == [pytest.approx(5.0)]


def test_without_a_cap_nothing_waits():
    clock = Clock()
    pace = paced(clock, bytes_per_s=None)
    for _ in range(10):
        pace.spend(1_000_000)
    assert clock.waits == []


def test_who_is_asked_to_end_sends_no_more():
    clock = Clock(stopped=True)
    pace = paced(clock, bytes_per_s=1_000)
    pace.spend(1_000)
    with pytest.raises(StopAskedError):
        pace.spend(1_000)
