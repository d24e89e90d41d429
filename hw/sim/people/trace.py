"""A signature picture back to pen strokes: thin the ink to its middle line, then follow it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from hw.sim.people.pen import Path

_AROUND = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
"""Neighbours clockwise from north, P2..P9 of Zhang and Suen."""

_LOOK_BACK = 6
"""Skeleton pixels over which the pen's direction is judged at a crossing."""


def strokes_of(picture: NDArray[np.uint8]) -> tuple[Path, ...]:
    """Strokes in picture coordinates, from left to right; empty when there is no ink.

    picture: grey (h, w), RGB (h, w, 3) or RGBA (h, w, 4); ink is darker than the paper. The order
    and direction in which it was written are lost in a raster: they are guessed.
    """
    skeleton = thin(_ink(picture))
    strokes = [stroke for stroke in _join(_follow(skeleton)) if len(stroke) >= 5]
    strokes.sort(key=lambda stroke: float(stroke[:, 0].mean()))
    return tuple(strokes)


def thin(ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The one-pixel skeleton of a mask. Zhang, Suen: CACM 27(3), 1984."""
    mask = np.pad(ink, 1).astype(np.uint8)
    while True:
        before = int(mask.sum())
        for first in (True, False):
            p = [np.roll(mask, (-dy, -dx), (0, 1)) for dy, dx in _AROUND]
            count = np.sum(p, axis=0)
            rises = np.sum([(p[i] == 0) & (p[(i + 1) % 8] == 1) for i in range(8)], axis=0)
            north, east, south, west = p[0], p[2], p[4], p[6]
            if first:
                free = (north * east * south == 0) & (east * south * west == 0)
            else:
                free = (north * east * west == 0) & (north * south * west == 0)
            mask[(mask == 1) & (count >= 2) & (count <= 6) & (rises == 1) & free] = 0
        if int(mask.sum()) == before:
            return np.asarray(mask[1:-1, 1:-1] > 0)


def _ink(picture: NDArray[np.uint8]) -> NDArray[np.bool_]:
    if picture.ndim == 3 and picture.shape[2] == 4:
        alpha = picture[:, :, 3:4].astype(np.float32) / 255
        picture = (picture[:, :, :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)
    grey = picture if picture.ndim == 2 else np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    if int(grey.max()) - int(grey.min()) < 40:
        return np.zeros(grey.shape, np.bool_)
    grey = np.asarray(cv2.GaussianBlur(grey, (0, 0), 1.5), np.uint8)
    _, mask = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    return np.asarray(mask) > 0


def _follow(skeleton: NDArray[np.bool_]) -> list[Path]:
    free = {(int(y), int(x)) for y, x in zip(*np.nonzero(skeleton), strict=True)}
    degree = {pixel: sum((pixel[0] + dy, pixel[1] + dx) in free for dy, dx in _AROUND) for pixel in free}
    starts = sorted((p for p in free if degree[p] == 1), key=lambda p: (p[1], p[0]))
    strokes = [_walk(start, free) for start in starts if start in free]
    while free:
        strokes.append(_walk(min(free, key=lambda p: (p[1], p[0])), free))
    return strokes


def _walk(start: tuple[int, int], free: set[tuple[int, int]]) -> Path:
    """Follow the line from `start`, as straight as it goes, taking its pixels out of `free`."""
    trail = [start]
    free.discard(start)
    while True:
        y, x = trail[-1]
        back_y, back_x = trail[-min(len(trail), _LOOK_BACK)]
        heading = (y - back_y, x - back_x)
        ahead = [(dy, dx) for dy, dx in _AROUND if (y + dy, x + dx) in free]
        if not ahead:
            return np.array([(px, py) for py, px in trail], np.float64)
        dy, dx = max(ahead, key=lambda d: (d[0] * heading[0] + d[1] * heading[1]) / np.hypot(*d))
        for near in ahead:
            if abs(near[0] - dy) + abs(near[1] - dx) == 1:
                free.discard((y + near[0], x + near[1]))
        trail.append((y + dy, x + dx))
        free.discard(trail[-1])


def _join(strokes: list[Path]) -> list[Path]:
    """Put together what a crossing stroke has cut in two: ends that nearly touch and point the same way."""
    joined: list[Path] = []
    for stroke in sorted(strokes, key=len, reverse=True):
        for index, earlier in enumerate(joined):
            options = [
                (a, b) for a in (earlier, earlier[::-1]) for b in (stroke, stroke[::-1]) if _continues(a, b)
            ]
            if options:
                joined[index] = np.concatenate(options[0])
                break
        else:
            joined.append(stroke)
    return joined


def _continues(before: Path, after: Path) -> bool:
    leaving = before[-1] - before[-min(len(before), _LOOK_BACK)]
    entering = after[min(len(after), _LOOK_BACK) - 1] - after[0]
    sizes = np.hypot(*leaving) * np.hypot(*entering)
    near = np.hypot(*(after[0] - before[-1])) <= _LOOK_BACK
    return bool(near and sizes > 0 and leaving @ entering > 0.8 * sizes)
