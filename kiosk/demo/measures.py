"""What a demonstration costs, read off the running process."""

from __future__ import annotations

import resource
from dataclasses import dataclass


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


def peak_memory_mb() -> float:
    """Largest resident set so far; Linux counts it in kilobytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
