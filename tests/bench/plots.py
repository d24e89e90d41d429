"""Scatter plots as small PNG files, drawn with OpenCV: numbers only, never pictures of people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

_SIDE, _LEFT, _BELOW, _MARGIN = 420, 62, 52, 30
_INK, _GRID = (40, 40, 40), (225, 225, 225)
COLOURS = ((180, 90, 20), (30, 110, 220), (60, 150, 60))
"""BGR."""


@dataclass(frozen=True, slots=True)
class Dots:
    label: str
    x: Sequence[float]
    y: Sequence[float]


def scatter(
    path: Path,
    groups: Sequence[Dots],
    *,
    x_label: str,
    y_label: str,
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    diagonal: bool = False,
    guides: Sequence[tuple[str, float]] = (),
) -> None:
    """guides: lines at x or y, ("x", 40.0). Points outside the ranges lie on the edge."""
    canvas = np.full((_SIDE + _BELOW + _MARGIN, _SIDE + _LEFT + _MARGIN, 3), 255, np.uint8)
    across = _scale(x_range, _LEFT, _LEFT + _SIDE)
    down = _scale(y_range, _MARGIN + _SIDE, _MARGIN)
    for value in _ticks(x_range):
        x = across(value)
        cv2.line(canvas, (x, _MARGIN), (x, _MARGIN + _SIDE), _GRID, 1)
        _write(canvas, f"{value:g}", (x - 9, _MARGIN + _SIDE + 18))
    for value in _ticks(y_range):
        y = down(value)
        cv2.line(canvas, (_LEFT, y), (_LEFT + _SIDE, y), _GRID, 1)
        _write(canvas, f"{value:g}", (_LEFT - 36, y + 4))
    cv2.rectangle(canvas, (_LEFT, _MARGIN), (_LEFT + _SIDE, _MARGIN + _SIDE), _INK, 1)
    if diagonal:
        ends = max(x_range[0], y_range[0]), min(x_range[1], y_range[1])
        start, end = ((across(value), down(value)) for value in ends)
        cv2.line(canvas, start, end, (150, 150, 150), 1, cv2.LINE_AA)
    for axis, value in guides:
        start, end = (
            ((across(value), _MARGIN), (across(value), _MARGIN + _SIDE))
            if axis == "x"
            else ((_LEFT, down(value)), (_LEFT + _SIDE, down(value)))
        )
        cv2.line(canvas, start, end, (120, 120, 200), 1, cv2.LINE_AA)
    for place, (dots, colour) in enumerate(zip(groups, COLOURS, strict=False)):
        for x, y in zip(np.clip(dots.x, *x_range), np.clip(dots.y, *y_range), strict=True):
            cv2.circle(canvas, (across(x), down(y)), 3, colour, -1, cv2.LINE_AA)
        cv2.circle(canvas, (_LEFT + 12 + 150 * place, 16), 4, colour, -1, cv2.LINE_AA)
        _write(canvas, dots.label, (_LEFT + 22 + 150 * place, 20))
    _write(canvas, x_label, (_LEFT + _SIDE // 2 - 4 * len(x_label), _MARGIN + _SIDE + 40))
    _write_upwards(canvas, y_label)
    path.parent.mkdir(parents=True, exist_ok=True)
    # 16 colours keep the file small.
    cv2.imwrite(str(path), canvas // 16 * 17, [cv2.IMWRITE_PNG_COMPRESSION, 9])


def _scale(ends: tuple[float, float], first: int, last: int):
    def pixel(value: float) -> int:
        return round(first + (value - ends[0]) / (ends[1] - ends[0]) * (last - first))

    return pixel


def _ticks(ends: tuple[float, float]) -> NDArray[np.float64]:
    rough = (ends[1] - ends[0]) / 5
    power = 10.0 ** np.floor(np.log10(rough))
    step = power * min((1, 2, 5, 10), key=lambda times: abs(times * power - rough))
    return np.arange(np.ceil(ends[0] / step) * step, ends[1] + step / 1000, step)


def _write(canvas: NDArray[np.uint8], text: str, place: tuple[int, int]) -> None:
    cv2.putText(canvas, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.42, _INK, 1, cv2.LINE_AA)


def _write_upwards(canvas: NDArray[np.uint8], text: str) -> None:
    strip = np.full((18, 8 * len(text) + 10, 3), 255, np.uint8)
    _write(strip, text, (2, 13))
    turned = cv2.rotate(strip, cv2.ROTATE_90_COUNTERCLOCKWISE)
    top = _MARGIN + max(0, (_SIDE - turned.shape[0]) // 2)
    canvas[top : top + turned.shape[0], 2:20] = turned
