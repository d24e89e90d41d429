"""Grow the ridges of a finger that never existed.

After SFinGe (Cappelli, Maio, Maltoni; Handbook of Fingerprint Recognition, 2nd ed., chapter 6): a
pattern grown along the flow of the ridges from scattered seeds makes its own minutiae where the
growth fronts meet.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from hw.sim.people.flow import Pattern, place_singularities, ridge_flow
from hw.sim.people.noise import Field, blur, smooth_noise, smoothstep, stretch, to_pixels

PERIOD_PX = 9.2
"""Ridge to ridge at 500 ppi, 0.46 mm: the usual mean of adults."""

_HALF = 2
"""The pattern grows at half resolution, 250 ppi, and is finished at 500."""

_SEEDS = 60
_ROUNDS = 22
"""Fronts that meet make minutiae and further rounds heal some: mindtct then finds about 70, those at the
rim of the print included, as in real flat prints."""

FINGER_SIZE_PX = {1: (330, 450), 2: (288, 430), 3: (292, 440), 4: (280, 430), 5: (248, 390)}
"""Width and height of the flat contact area at 500 ppi, thumb to little finger."""


def grow_finger(
    rng: np.random.Generator, *, pattern: Pattern, digit: int, left: bool, size: float = 1.0
) -> NDArray[np.uint8]:
    """The whole, cleanly inked print of a new finger: grey, 500 ppi, ridges dark on white, tip up.

    digit: 1 thumb .. 5 little finger; left: a finger of the left hand, whose ulnar side is on the left
    of the print; size: of the hand, 1 an average man's.
    """
    width, height = (round(side * size * rng.uniform(0.97, 1.03)) for side in FINGER_SIZE_PX[digit])
    shape = (height // _HALF, width // _HALF)
    points = place_singularities(rng, pattern, opens_left=left ^ (pattern is Pattern.RADIAL_LOOP))
    flow = ridge_flow(shape, points)
    flow += np.float32(0.16) * smooth_noise(rng, shape, scale_px=70)
    flow += np.float32(0.08) * smooth_noise(rng, shape, scale_px=28)
    period = _period(rng, shape, digit)
    coarse = _grow(rng, flow, np.asarray(period / _HALF, np.float32))

    full = (height, width)
    ridges = stretch(coarse, full)
    ridges = _along_and_across(ridges, _stretch_flow(flow, full), stretch(period, full), gain=2.2)
    inked = smoothstep(-0.9, 0.9, ridges + np.float32(0.12) * smooth_noise(rng, full, scale_px=60))
    inked *= (1 - _pores(rng, ridges)) * (1 - _creases(rng, full))
    return to_pixels(255 * (1 - _silhouette(rng, full) * (0.04 + 0.88 * inked)))


def _period(rng: np.random.Generator, shape: tuple[int, int], digit: int) -> Field:
    """Ridge period in full-resolution pixels: finer at the tip, coarser below the core.

    Its unevenness makes ridges end and fork in places of their own.
    """
    person = PERIOD_PX * (1.04 if digit == 1 else 0.95 if digit == 5 else 1.0) * rng.uniform(0.96, 1.05)
    down = np.linspace(-1, 1, shape[0], dtype=np.float32)[:, None]
    return np.asarray(person * (1 + 0.06 * down + 0.11 * smooth_noise(rng, shape, scale_px=27)), np.float32)


def _grow(rng: np.random.Generator, flow: Field, period: Field) -> Field:
    """From scattered spots to ridges that fill the finger, in -1..1."""
    height, width = flow.shape
    field = np.zeros(flow.shape, np.float32)
    spots = rng.uniform(0, 1, (_SEEDS, 2)) * (height - 1, width - 1)
    field[spots[:, 0].astype(int), spots[:, 1].astype(int)] = 4.0
    return _along_and_across(field, flow, period, gain=2.6, times=_ROUNDS)


def _along_and_across(field: Field, flow: Field, period: Field, *, gain: float, times: int = 1) -> Field:
    """Smooth along the ridges and pass one period across them, then saturate; `times` over.

    A Gabor filter turned to the flow at every pixel, taken apart into its two directions.
    """
    height, width = field.shape
    yy, xx = np.mgrid[0:height, 0:width].astype(np.float32)
    cos, sin = np.cos(flow), -np.sin(flow)
    sigma = float(period.mean())
    step = max(1.0, sigma / 3)
    along = np.arange(-4, 5, dtype=np.float32)[:, None, None] * np.float32(step)
    smooth = np.exp(-0.5 * (along / sigma) ** 2)
    smooth /= smooth.sum()
    half = round(float(period.mean()) * 1.25)
    across = np.arange(-half, half + 1, dtype=np.float32)[:, None, None]
    wave = np.cos(2 * np.pi * across / period) * np.exp(-0.5 * (across / (0.5 * period)) ** 2)
    wave -= wave.mean(axis=0)
    wave /= np.abs(wave).sum(axis=0)
    for _ in range(times):
        smoothed = _sampled(field, xx + along * cos, yy + along * sin, smooth)
        field = np.tanh(np.float32(gain) * _sampled(smoothed, xx - across * sin, yy + across * cos, wave))
    return field


def _sampled(field: Field, x: Field, y: Field, weight: Field) -> Field:
    """Sum over the first axis of `weight` times `field` at (x, y)."""
    taps, height, width = x.shape
    rows = (taps * height, width)
    seen = cv2.remap(field, x.reshape(rows), y.reshape(rows), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return np.asarray((seen.reshape(taps, height, width) * weight).sum(axis=0), np.float32)


def _stretch_flow(flow: Field, shape: tuple[int, int]) -> Field:
    """Angles are interpolated doubled: a ridge has no direction, only an orientation."""
    doubled = stretch(np.cos(2 * flow), shape) + 1j * stretch(np.sin(2 * flow), shape)
    return np.asarray(np.angle(doubled) / 2, np.float32)


def _pores(rng: np.random.Generator, ridges: Field) -> Field:
    """Sweat pores: small bright dots on the middle lines of ridges, some of them open."""
    height, width = ridges.shape
    spots = np.zeros(ridges.shape, np.float32)
    count = height * width // 160
    rows, columns = rng.integers(0, height, count), rng.integers(0, width, count)
    on_ridge = ridges[rows, columns] > 0.75
    spots[rows[on_ridge], columns[on_ridge]] = rng.uniform(0.3, 1.0, int(on_ridge.sum()))
    return np.asarray(np.clip(blur(spots, 0.9) * 4.0, 0, 0.75), np.float32)


def _creases(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """A few fine white lines across the ridges, as work and age leave them."""
    height, width = shape
    lines = np.zeros(shape, np.float32)
    for _ in range(int(rng.integers(0, 4))):
        start = rng.uniform((0.1 * width, 0.2 * height), (0.9 * width, 0.95 * height))
        way = rng.uniform(-0.5, 0.5) + np.pi * rng.integers(0, 2)
        steps = np.linspace(0, rng.uniform(40, 130), 12)[:, None]
        bend = np.cumsum(rng.normal(0, 1.2, (12, 1)), axis=0)
        line = start + steps * (np.cos(way), np.sin(way)) + bend * (-np.sin(way), np.cos(way))
        cv2.polylines(lines, [np.rint(line).astype(np.int32)], isClosed=False, color=1.0, thickness=2)
    return np.asarray(0.8 * blur(lines, 0.7), np.float32)


def _silhouette(rng: np.random.Generator, shape: tuple[int, int]) -> Field:
    """The contact area: a round tip, nearly straight sides, a flatter lower end; 1 inside, 0 outside."""
    height, width = shape
    yy, xx = np.mgrid[0:height, 0:width].astype(np.float32)
    lean = rng.normal(0, 0.05) * (2 * yy / height - 1)
    bulge = 1.04 + 0.025 * smooth_noise(rng, (height, 1), scale_px=height / 3)
    x = ((xx - width / 2) / (width / 2 - 4) - lean) * bulge
    y = (yy - 0.46 * height) / np.where(yy < 0.46 * height, 0.46 * height - 4, 0.54 * height - 4)
    power = np.where(y < 0, rng.uniform(1.8, 2.5), rng.uniform(2.4, 4.2))
    radius = np.abs(x) ** power + np.abs(y) ** power
    rough = 0.02 * smooth_noise(rng, shape, scale_px=80) + 0.02 * smooth_noise(rng, shape, scale_px=8)
    return smoothstep(1.0, 0.86, np.asarray(radius + rough, np.float32))
