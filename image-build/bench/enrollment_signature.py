"""The signature that is drawn on the touch screen: the simulated person's, as shares of the field."""

from __future__ import annotations

from functools import cache

from hw.signature.epad_report import GEOMETRY
from hw.sim.crowd import Crowd

Stroke = tuple[tuple[float, float], ...]


@cache
def strokes(*, seed: int = 1, person: int = 0) -> tuple[Stroke, ...]:
    """Points from the top left, 0 to 1; a stroke ends where the pen leaves the pad."""
    drawn: list[list[tuple[float, float]]] = [[]]
    for point in Crowd(seed=seed).subject(person).signature():
        if point.pressure > 0:
            drawn[-1].append((point.x / GEOMETRY.width, point.y / GEOMETRY.height))
        elif drawn[-1]:
            drawn.append([])
    return tuple(tuple(stroke) for stroke in drawn if len(stroke) > 1)
