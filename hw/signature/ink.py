"""The ink of one signature: points from the driver's thread, read by any other."""

from __future__ import annotations

import threading

from hw.api import PenPoint

MAX_POINTS = 60_000
"""Ten minutes of unbroken writing at 100 reports a second; what comes after is not kept."""


class Ink:
    def __init__(self, *, max_points: int = MAX_POINTS) -> None:
        self._lock = threading.Lock()
        self._points: list[PenPoint] = []
        self._max_points = max_points

    def add(self, point: PenPoint) -> None:
        with self._lock:
            if len(self._points) < self._max_points:
                self._points.append(point)

    @property
    def writing(self) -> bool:
        """Whether the last point kept has the pen on the pad."""
        with self._lock:
            return bool(self._points) and self._points[-1].pressure > 0

    def points(self) -> tuple[PenPoint, ...]:
        with self._lock:
            return tuple(self._points)

    def clear(self) -> None:
        with self._lock:
            self._points.clear()
