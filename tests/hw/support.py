"""What the device tests share: a person made of plain shapes, and patience."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hw.api import CaptureSet, PenPoint

PATIENCE_S = 30.0
"""Far more than anything here takes; a busy machine must not fail a test."""


def eventually(
    condition: Callable[[], object], *, what: str | Callable[[], str] = "", patience_s: float = PATIENCE_S
) -> None:
    """what: a function is asked at the end, for what has come instead."""
    deadline = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() >= deadline:
            told = what() if callable(what) else what
            raise AssertionError(f"did not come true in {patience_s} s: {told or condition}")
        time.sleep(0.005)


@dataclass(frozen=True)
class DrawnSubject:
    """colour: of the whole face picture, RGB."""

    colour: tuple[int, int, int] = (200, 40, 20)
    name: str = "SITI CONTOH"

    def preview(self, capture_set: CaptureSet, elapsed_s: float) -> NDArray[np.uint8]:
        del elapsed_s
        if capture_set is CaptureSet.FACE:
            return np.full((720, 1280, 3), self.colour, dtype=np.uint8)
        if capture_set is CaptureSet.BOTH_IRISES:
            return np.full((480, 1280), 30, dtype=np.uint8)
        return np.full((1500, 1600), 250, dtype=np.uint8)

    def sample(self, capture_set: CaptureSet, position: int) -> NDArray[np.uint8]:
        raise KeyError(capture_set, position)

    def signature(self) -> tuple[PenPoint, ...]:
        """Three strokes, 100 reports a second, lifted between them."""
        points = []
        for report in range(120):
            stroke, step = divmod(report, 40)
            points.append(
                PenPoint(
                    x=300 + 700 * stroke + 12 * step,
                    y=400 + round(300 * np.sin(step / 6)),
                    t_ns=report * 10_000_000,
                    pressure=0 if step >= 36 else 40 + step,
                )
            )
        return tuple(points)
