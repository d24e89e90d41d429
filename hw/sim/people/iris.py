"""Draw an eye that never existed, as an iris camera sees it in near-infrared light."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hw.sim.people.eye import EYE_HEIGHT, EYE_WIDTH
from hw.sim.people.noise import Field, blur, fractal_noise, smooth_noise, smoothstep, to_pixels

_SHAPE = (EYE_HEIGHT, EYE_WIDTH)
_TURN = 1024
_DEPTH = 128
"""Size of the unrolled iris: around, and from pupil to limbus."""


@dataclass(frozen=True, slots=True)
class Lids:
    """What both eyes of a person share. Heights in iris radii above and below the pupil's centre."""

    upper: float
    lower: float
    skin: float
    lashes: int


def draw_lids(rng: np.random.Generator) -> Lids:
    """Lids held open for the camera."""
    return Lids(
        upper=rng.uniform(0.92, 1.12),
        lower=rng.uniform(1.0, 1.14),
        skin=rng.uniform(140, 172),
        lashes=int(rng.integers(90, 140)),
    )


def grow_iris(rng: np.random.Generator, lids: Lids, *, nose_on_right: bool) -> NDArray[np.uint8]:
    """A new eye, grey (480, 640), iris radius 112 to 128 px, pupil about 0.4 of it.

    nose_on_right: where the inner corner lies, true for the person's right eye.
    """
    yy, xx = np.mgrid[0:EYE_HEIGHT, 0:EYE_WIDTH].astype(np.float32)
    centre_x, centre_y = 320 + rng.uniform(-8, 8), 242 + rng.uniform(-6, 6)
    limbus = rng.uniform(112, 128)
    pupil = limbus * rng.uniform(0.36, 0.44)
    nose = 1.0 if nose_on_right else -1.0
    dx, dy = xx - centre_x, yy - centre_y
    radius = np.asarray(np.hypot(dx, dy), np.float32)

    eyeball = _sclera(rng, dx, dy, limbus)
    # The pupil lies a little nasally in the iris: 0.2 to 0.3 mm of 6 (Yang, Thompson, Burns: IOVS 43(7), 2002).
    offset = nose * limbus * np.float32(rng.uniform(0.03, 0.05))
    from_pupil = np.asarray(np.hypot(dx - offset, dy), np.float32)
    share = np.clip((radius - pupil) / (limbus - pupil), 0, 1)
    depth = (1 - share) * (from_pupil - pupil) / (limbus - pupil) + share**2
    angle = np.asarray(np.arctan2(dy, dx - (1 - share) * offset), np.float32)
    iris = _sampled(_unroll(rng), angle, np.asarray(depth, np.float32))
    eyeball = _over(eyeball, iris, smoothstep(limbus + 4, limbus - 4, radius))
    uneven = from_pupil + 0.35 * smooth_noise(rng, _SHAPE, scale_px=40)
    eyeball = _over(eyeball, np.float32(rng.uniform(20, 28)), smoothstep(pupil + 1.6, pupil - 1.6, uneven))

    upper, lower = _margins(dx[0], centre_y, limbus, lids, nose)
    below_upper, above_lower = yy - upper[None, :], lower[None, :] - yy
    eyeball *= (
        1 - 0.45 * np.exp(-np.maximum(below_upper, 0) / 12) - 0.12 * np.exp(-np.maximum(above_lower, 0) / 10)
    )
    wide = smoothstep(4, 24, lower - upper)[None, :]
    inside = smoothstep(-1.5, 1.5, np.minimum(below_upper, above_lower))
    picture = _over(_skin(rng, lids, below_upper, above_lower), eyeball, inside)
    picture = _over(
        picture, np.float32(0.5 * lids.skin), 0.75 * np.exp(-0.5 * ((below_upper + 1) / 2.6) ** 2) * wide
    )
    picture = _over(picture, np.float32(215), 0.35 * np.exp(-0.5 * ((above_lower - 1) / 2.5) ** 2) * wide)
    picture = _over(picture, np.float32(34), _lashes(rng, lids, dx[0], upper=upper, lower=lower))
    picture = _over(picture, np.float32(255), _glints(dx - offset, dy, pupil, rng))
    picture = blur(picture, 0.8) + 1.6 * rng.standard_normal(_SHAPE, dtype=np.float32)
    return to_pixels(picture)


def _over(below: Field, above: Field | np.float32, cover: Field) -> Field:
    return np.asarray(below + cover * (above - below), np.float32)


def _unroll(rng: np.random.Generator) -> Field:
    """The iris as a band, rows from pupil to limbus: fibres, crypts, furrows and the collarette."""
    rows = np.linspace(0, 1, _DEPTH, dtype=np.float32)[:, None]
    wave = _ring_noise(rng, rows_px=_DEPTH, columns_px=60)[0]
    collarette = 0.30 + 0.03 * wave + 0.015 * _ring_noise(rng, rows_px=_DEPTH, columns_px=16)[0]
    fibres = sum(
        weight * _ring_noise(rng, rows_px=along, columns_px=across)
        for weight, along, across in ((7.0, 70, 7), (6.0, 40, 13), (5.0, 90, 28), (3.5, 14, 6), (2.5, 4, 4))
    )
    outside = smoothstep(-0.03, 0.06, rows - collarette[None, :])
    ridge = np.exp(-0.5 * ((rows - collarette[None, :]) / 0.035) ** 2)
    crypts = smoothstep(1.15, 1.9, _ring_noise(rng, rows_px=22, columns_px=26))
    crypts *= np.exp(-0.5 * ((rows - 0.46) / 0.16) ** 2)
    furrows = np.sin(2 * np.pi * (rows * 5.5 + 0.25 * wave[None, :])) * smoothstep(0.5, 0.8, rows)
    base = rng.uniform(100, 118)
    tone = base - 13 + 13 * outside + 9 * ridge + fibres * (0.7 + 0.3 * outside) - 30 * crypts + 3.0 * furrows
    tone -= 28 * smoothstep(0.86, 1.0, rows) + 16 * smoothstep(0.06, 0.0, rows)
    return np.asarray(tone, np.float32)


def _ring_noise(rng: np.random.Generator, *, rows_px: float, columns_px: float) -> Field:
    """Smooth noise over the unrolled iris that closes on itself around the eye."""
    columns = max(4, round(_TURN / columns_px))
    grid = rng.standard_normal((max(3, round(_DEPTH / rows_px) + 2), columns), dtype=np.float32)
    wrapped = np.concatenate([grid, grid, grid], axis=1)
    band = cv2.resize(wrapped, (3 * _TURN, _DEPTH), interpolation=cv2.INTER_CUBIC)
    return np.asarray(band[:, _TURN : 2 * _TURN], np.float32)


def _sampled(texture: Field, angle: Field, depth: Field) -> Field:
    around = np.concatenate([texture, texture[:, :4]], axis=1)
    columns = np.asarray((angle / (2 * np.pi) % 1.0) * _TURN, np.float32)
    rows = np.asarray(np.clip(depth, 0, 1) * (_DEPTH - 1), np.float32)
    return np.asarray(
        cv2.remap(around, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32
    )


def _sclera(rng: np.random.Generator, dx: Field, dy: Field, limbus: float) -> Field:
    """The white of the eye: darker where the ball turns away, with faint vessels toward the corners."""
    ball = np.hypot(dx, 1.25 * dy) / (2.9 * limbus)
    vessels = np.abs(fractal_noise(rng, _SHAPE, scale_px=46, octaves=3))
    lines = smoothstep(0.09, 0.0, np.asarray(vessels, np.float32)) * smoothstep(
        0.45, 0.9, np.asarray(ball, np.float32)
    )
    tone = 196 - 70 * np.clip(ball, 0, 1.2) ** 2 - 14 * lines + 2.5 * smooth_noise(rng, _SHAPE, scale_px=50)
    return np.asarray(tone, np.float32)


def _margins(dx: Field, centre_y: float, limbus: float, lids: Lids, nose: float) -> tuple[Field, Field]:
    """y of the upper and the lower lid's edge at every column; they meet at both corners, the inner one
    lower, toward which the upper lid falls more steeply."""
    t = np.clip(dx / 292, -0.999, 0.999)
    tilt = nose * 0.24 * limbus * t
    upper = centre_y - lids.upper * limbus * (1 - np.abs(t) ** 2.3) * (1 - 0.12 * nose * t) + tilt
    lower = centre_y + lids.lower * limbus * (1 - np.abs(t) ** 2.0) * (1 - 0.1 * nose * t) + tilt
    return np.asarray(upper, np.float32), np.asarray(lower, np.float32)


def _skin(rng: np.random.Generator, lids: Lids, below_upper: Field, above_lower: Field) -> Field:
    grain = 3.0 * fractal_noise(rng, _SHAPE, scale_px=9, octaves=3) + 5 * smooth_noise(
        rng, _SHAPE, scale_px=120
    )
    crease = 30 * np.exp(-0.5 * ((below_upper + 42 + 6 * smooth_noise(rng, _SHAPE, scale_px=160)) / 6) ** 2)
    pouch = 9 * np.exp(-0.5 * ((above_lower + 52) / 12) ** 2)
    lid = 10 * smoothstep(-42, -10, below_upper) - 12 * smoothstep(-9, 0, below_upper)
    return np.asarray(lids.skin + grain + lid - crease - pouch, np.float32)


def _lashes(rng: np.random.Generator, lids: Lids, dx: Field, *, upper: Field, lower: Field) -> Field:
    """Coverage by lashes: upper ones arch up and outward, lower ones are shorter and sparser."""
    cover = np.zeros((2 * EYE_HEIGHT, 2 * EYE_WIDTH), np.uint8)
    steps = np.linspace(0, 1, 8)[:, None]
    for edge, sign, count, length in ((upper, -1.0, lids.lashes, 46.0), (lower, 1.0, lids.lashes // 2, 22.0)):
        for offset in rng.uniform(-250, 250, count):
            column = int(np.clip(np.searchsorted(dx, offset), 0, dx.size - 1))
            reach = length * rng.uniform(0.6, 1.15)
            fan = np.array([offset / 250 * 0.8 + rng.normal(0, 0.22), sign * 0.55])
            bend = np.array([offset / 250 * 0.2, sign * 0.5])
            root = np.array([column, edge[column] - sign * 2 + rng.normal(0, 1.5)])
            droop = np.array([0.0, -sign * 0.45])
            line = root + reach * (steps * fan + steps**2 * bend + 4 * steps * (1 - steps) * droop * 0.35)
            points = np.rint(2 * 16 * line).astype(np.int32)
            cv2.polylines(
                cover, [points], isClosed=False, color=255, thickness=2, lineType=cv2.LINE_AA, shift=4
            )
    small = cv2.resize(cover, (EYE_WIDTH, EYE_HEIGHT), interpolation=cv2.INTER_AREA)
    return np.asarray(small / np.float32(255) * np.float32(0.85), np.float32)


def _glints(dx: Field, dy: Field, pupil: float, rng: np.random.Generator) -> Field:
    """Two infrared lamps mirrored in the cornea."""
    cover = np.zeros(_SHAPE, np.float32)
    height = rng.uniform(-0.25, 0.3) * pupil
    for x, size in ((-0.42 * pupil, 5.5), (0.46 * pupil, 4.5)):
        distance = np.asarray(np.hypot(dx - x, dy - height), np.float32)
        cover = np.maximum(cover, smoothstep(size + 1.5, size - 1.5, distance))
    return cover
