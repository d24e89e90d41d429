"""One measurement, and the table of all of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from tests.bench.peers import Peers
from tests.bench.pictures import Pictures

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Result:
    """baseline: the number this one is held against, and `against` says what that is. Both in `unit`."""

    name: str
    value: float | None
    unit: str
    baseline: float | None = None
    against: str = ""

    @property
    def ratio(self) -> float | None:
        """value / baseline: under 1 is faster, smaller or less than the baseline."""
        if self.value is None or not self.baseline:
            return None
        return self.value / self.baseline

    def as_json(self) -> dict[str, float | str | None]:
        return {
            "value": _rounded(self.value),
            "unit": self.unit,
            "baseline": _rounded(self.baseline),
            "ratio": _rounded(self.ratio),
        }

    def row(self) -> str:
        numbers = [_shown(self.value), self.unit.ljust(9), _shown(self.baseline), _shown(self.ratio)]
        return f"{self.name:<46} {' '.join(numbers)}  {self.against}".rstrip()


HEADER = f"{'':<46} {'value':>10} {'unit':<9} {'baseline':>10} {'ratio':>10}  baseline is"


@dataclass(frozen=True, slots=True)
class Bench:
    """What every subject gets. plots: folder for PNG files. quick: leave out what takes minutes."""

    pictures: Pictures
    peers: Peers
    plots: Path
    quick: bool
    say: Callable[[str], None] = field(default=lambda line: print(line, file=sys.stderr, flush=True))

    def each(self, items: Iterable[T], *, of: str) -> Iterator[T]:
        """The items, with a line of progress that counts them."""
        listed = list(items)
        for number, item in enumerate(listed, start=1):
            if sys.stderr.isatty():
                print(f"\r  {of} {number}/{len(listed)} ", end="", file=sys.stderr, flush=True)
            elif number % max(1, len(listed) // 4) == 0:
                self.say(f"  {of} {number}/{len(listed)}")
            yield item
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.5g}")


def _shown(value: float | None) -> str:
    if value is None:
        return f"{'-':>10}"
    return f"{value:>10.0f}" if abs(value) >= 1000 else f"{value:>10.3g}"
