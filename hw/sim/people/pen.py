"""From a drawn path to the reports of a pen: speed, pressure, lifts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hw.api import PenPoint

PAD_WIDTH = 2896
PAD_HEIGHT = 1370
MAX_PRESSURE = 127
"""ePadLink units."""

REPORT_NS = 10_000_000
"""The pad reports 100 times a second."""

Path = NDArray[np.float64]
"""(n, 2): x, y along one stroke."""


def fit_to_pad(strokes: Sequence[Path], *, fill: float = 0.8) -> tuple[Path, ...]:
    """Scale and centre strokes so that they fill `fill` of the pad, their aspect kept."""
    points = np.concatenate(list(strokes))
    low, high = points.min(axis=0), points.max(axis=0)
    scale = fill * min(PAD_WIDTH / max(high[0] - low[0], 1e-9), PAD_HEIGHT / max(high[1] - low[1], 1e-9))
    centre = (low + high) / 2
    return tuple((stroke - centre) * scale + (PAD_WIDTH / 2, PAD_HEIGHT / 2) for stroke in strokes)


def write(
    strokes: Sequence[Path], *, speed_per_s: float = 3200.0, press: float = 0.75, lift_s: float = 0.12
) -> tuple[PenPoint, ...]:
    """Move a pen along `strokes` (pad units), one report every 10 ms.

    The hand slows in curves by the two-thirds power law (Lacquaniti, Terzuolo, Viviani 1983) and at
    both ends of a stroke. Each stroke ends with one report of pressure 0. `speed_per_s`: pad units
    a second on a straight line; `press`: share of the pad's largest pressure.
    """
    reports: list[PenPoint] = []
    tick = 0
    for stroke in strokes:
        path, pressure = _paced(_evenly(stroke, step=12.0), speed_per_s=speed_per_s)
        xs = np.clip(np.rint(path[:, 0]), 0, PAD_WIDTH).astype(int)
        ys = np.clip(np.rint(path[:, 1]), 0, PAD_HEIGHT).astype(int)
        force = np.clip(np.rint(pressure * press * MAX_PRESSURE), 1, MAX_PRESSURE).astype(int)
        for x, y, p in zip(xs.tolist(), ys.tolist(), force.tolist(), strict=True):
            reports.append(PenPoint(x=x, y=y, t_ns=tick * REPORT_NS, pressure=p))
            tick += 1
        reports.append(PenPoint(x=int(xs[-1]), y=int(ys[-1]), t_ns=tick * REPORT_NS, pressure=0))
        tick += max(1, round(lift_s * 1e9 / REPORT_NS))
    return tuple(reports)


def again(signature: Sequence[PenPoint], rng: np.random.Generator) -> tuple[PenPoint, ...]:
    """The same signature by the same hand another time: a little smaller, leaning, faster, lighter."""
    scale, lean = rng.uniform(0.92, 1.0), rng.uniform(-0.03, 0.03)
    pace, press = rng.uniform(0.9, 1.1), rng.uniform(0.92, 1.05)

    def once_more(point: PenPoint) -> PenPoint:
        x, y = scale * (point.x - PAD_WIDTH / 2), scale * (point.y - PAD_HEIGHT / 2)
        down = point.pressure > 0
        return PenPoint(
            x=min(max(round(PAD_WIDTH / 2 + x - lean * y), 0), PAD_WIDTH),
            y=min(max(round(PAD_HEIGHT / 2 + y), 0), PAD_HEIGHT),
            t_ns=round(point.t_ns * pace),
            pressure=min(max(round(point.pressure * press), 1), MAX_PRESSURE) if down else 0,
        )

    return tuple(once_more(point) for point in signature)


def _evenly(path: Path, *, step: float) -> Path:
    """The same path with points every `step` units of its length, lightly smoothed."""
    lengths = np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))))
    count = max(4, int(lengths[-1] / step) + 1)
    at = np.linspace(0.0, lengths[-1], count)
    even = np.stack([np.interp(at, lengths, path[:, axis]) for axis in (0, 1)], axis=1)
    if count < 8:
        return even
    kernel = np.hanning(7)[1:-1] / np.hanning(7).sum()
    smooth = np.stack([np.convolve(even[:, axis], kernel, mode="valid") for axis in (0, 1)], axis=1)
    return np.concatenate([even[:1], smooth, even[-1:]])


def _paced(path: Path, *, speed_per_s: float) -> tuple[Path, NDArray[np.float64]]:
    """Positions and relative pressure (0..1) at each report along an evenly spaced path."""
    velocity = np.gradient(path, axis=0)
    spacing = np.maximum(np.hypot(velocity[:, 0], velocity[:, 1]), 1e-6)
    heading = np.unwrap(np.arctan2(velocity[:, 1], velocity[:, 0]))
    curvature = np.abs(np.gradient(heading)) / spacing
    along = np.linspace(0.0, 1.0, len(path))
    ends = np.clip(np.sin(np.pi * along) ** 0.5, 0.25, 1.0)
    speed = speed_per_s * ends / (1.0 + 60.0 * curvature) ** (1 / 3)
    clock = np.concatenate(([0.0], np.cumsum(spacing[1:] / speed[1:])))
    ticks = np.arange(0.0, max(clock[-1], 0.03), REPORT_NS / 1e9)
    paced = np.stack([np.interp(ticks, clock, path[:, axis]) for axis in (0, 1)], axis=1)
    slow = 1.0 - 0.35 * np.interp(ticks, clock, speed) / speed_per_s
    landing = np.interp(ticks, clock, np.clip(6 * np.minimum(along, 1 - along) + 0.35, 0, 1))
    return paced, slow * landing
