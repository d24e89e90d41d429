"""How long to wait after the line failed."""

from __future__ import annotations

import random
from collections.abc import Callable


class Backoff:
    """Doubling from `first_s` to `longest_s`, each wait drawn from the upper half of its span.

    The draw keeps the units of an office, which lose the line together, from returning together.
    """

    def __init__(self, *, first_s: float, longest_s: float, draw: Callable[[], float] = random.random) -> None:
        """draw: uniform in 0..1."""
        self._first_s = first_s
        self._longest_s = longest_s
        self._draw = draw
        self._failures = 0

    def failed(self) -> float:
        """Counts one failure and returns the seconds to wait."""
        span_s = min(self._longest_s, self._first_s * 2.0 ** min(self._failures, 30))
        self._failures += 1
        return span_s * (0.5 + self._draw() / 2)

    def succeeded(self) -> None:
        self._failures = 0
