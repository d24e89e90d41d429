"""One touch of one finger: how pressure, skin and movement change what the platen sees."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hw.sim.people.noise import Field, blur, smooth_noise, to_pixels

_RIM_PX = 14


@dataclass(frozen=True, slots=True)
class Touch:
    """How a finger meets the platen.

    pressure: -1 barely touching .. 0 ordinary .. 1 squashed; widens the ridges.
    dryness: 0 ordinary .. 1 so dry that ridges break up.
    texture: how much the skin roughens the ridges; a picture of a real print brings its own, then 0.
    rotation_deg, shift_px, stretch_px: largest turn, displacement and elastic distortion.
    """

    pressure: float = 0.0
    dryness: float = 0.0
    texture: float = 0.62
    rotation_deg: float = 4.0
    shift_px: float = 5.0
    stretch_px: float = 2.5


def impress(
    finger: NDArray[np.uint8], rng: np.random.Generator, *, touch: Touch | None = None
) -> NDArray[np.uint8]:
    """A fresh impression of `finger`: grey, 500 ppi, a little larger than the picture it is made from.

    The same ridges and minutiae, displaced, turned, stretched, thickened and roughened as skin does
    between two touches (after Cappelli, Maio, Maltoni: SFinGe, Handbook of Fingerprint Recognition,
    chapter 6: thickness, distortion, noise).
    """
    touch = touch or Touch()
    bordered = np.pad(finger, _RIM_PX, constant_values=255)
    ink = _displace(np.asarray(1 - bordered / 255, np.float32), rng, touch)
    local = blur(ink, 9.0)
    contact = _contact(ink, local, rng)
    spread = np.sqrt(blur(np.square(ink - local), 12.0)) + 0.02
    ridge = (ink - local) / spread

    uneven = (0.08 + 0.36 * touch.texture) * smooth_noise(rng, ink.shape, scale_px=70)
    bias = 0.9 * touch.pressure - 0.55 * touch.dryness + uneven
    grain = smooth_noise(rng, ink.shape, scale_px=3.4)
    roughness = touch.texture + 0.9 * touch.dryness + 0.9 * (1 - contact)
    tone = 1 / (1 + np.exp(-2.6 * (ridge + bias + roughness * grain)))
    darkness = rng.uniform(0.74, 0.84) * (1 + 0.10 * touch.pressure - 0.15 * touch.dryness)
    shade = contact * (0.05 + darkness * tone)
    speckle = (0.004 + 0.026 * contact) * rng.standard_normal(ink.shape, dtype=np.float32)
    shade = blur(np.asarray(shade, np.float32), 0.55) + speckle
    return to_pixels(254 - 254 * shade)


def _displace(ink: Field, rng: np.random.Generator, touch: Touch) -> Field:
    height, width = ink.shape
    turn = np.deg2rad(rng.uniform(-1, 1) * touch.rotation_deg)
    shift = rng.uniform(-1, 1, 2) * touch.shift_px
    yy, xx = np.mgrid[0:height, 0:width].astype(np.float32)
    y, x = yy - height / 2 - shift[1], xx - width / 2 - shift[0]
    cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    pull_x = touch.stretch_px * smooth_noise(rng, ink.shape, scale_px=180)
    pull_y = touch.stretch_px * smooth_noise(rng, ink.shape, scale_px=180)
    map_x = (cos * x + sin * y + width / 2 + pull_x).astype(np.float32)
    map_y = (-sin * x + cos * y + height / 2 + pull_y).astype(np.float32)
    moved = cv2.remap(ink, map_x, map_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(np.clip(moved, 0, 1), np.float32)


def _contact(ink: Field, local: Field, rng: np.random.Generator) -> Field:
    """1 where the skin lies flat, falling to 0 along a ragged rim, never wider than the ink itself."""
    rim = np.clip(local / 0.30, 0, 1) + 0.10 * smooth_noise(rng, local.shape, scale_px=9)
    body = np.clip((rim - 0.30) / 0.45, 0, 1)
    return np.asarray(body * np.clip(blur(ink, 2.2) / 0.14, 0, 1), np.float32)
