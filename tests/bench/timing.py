"""Times that mean something on a machine that does other things too."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

TURN_S = 0.05
"""A turn lasts at least this long: a preview's frames come one after another, with warm caches."""

Job = Callable[[], float | None]
"""Does its work once and gives the seconds it took; None when it cannot."""


def timed(work: Callable[[], object]) -> Job:
    def run() -> float:
        began_s = time.perf_counter()
        work()
        return time.perf_counter() - began_s

    return run


def interleaved_ms(jobs: Mapping[str, Job], *, repeats: int) -> dict[str, float | None]:
    """Median milliseconds of each job. They take turns, so that a busy second is shared by all."""
    for job in jobs.values():
        job()
    seconds: dict[str, list[float | None]] = {name: [] for name in jobs}
    for _ in range(repeats):
        for name, job in jobs.items():
            seconds[name] += _turn(job)
    return {name: _median_ms(values) for name, values in seconds.items()}


def _turn(job: Job) -> list[float | None]:
    began_s = time.perf_counter()
    times = [job()]
    while time.perf_counter() - began_s < TURN_S:
        times.append(job())
    return times


def _median_ms(seconds: list[float | None]) -> float | None:
    known = [value for value in seconds if value is not None]
    return 1000 * statistics.median(known) if known else None
