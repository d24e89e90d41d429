"""What a demonstration costs, read off the running process."""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(slots=True)
class PreviewRate:
    """Counts while captures are on the screen: frames drawn, and fresh preview pictures among them."""

    seconds: float = 0.0
    drawn: int = 0
    fresh: int = 0

    def add(self, *, seconds: float, drawn: int, fresh: int) -> None:
        self.seconds += seconds
        self.drawn += drawn
        self.fresh += fresh

    @property
    def drawn_per_s(self) -> float:
        return self.drawn / self.seconds if self.seconds else 0.0

    @property
    def fresh_per_s(self) -> float:
        return self.fresh / self.seconds if self.seconds else 0.0


def seconds_since_start() -> float:
    """Since this process was started (proc(5): field 22 of stat, in clock ticks after boot)."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    ticks_per_s = 100.0
    return time.clock_gettime(time.CLOCK_BOOTTIME) - float(fields[19]) / ticks_per_s


def peak_memory_mb() -> float:
    """Largest resident set so far; Linux counts it in kilobytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
