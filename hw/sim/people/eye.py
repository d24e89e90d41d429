"""What the dual-iris camera sees of a person's eyes."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from hw.api import Eye
from hw.sim.people.noise import smooth_noise, to_pixels
from hw.sim.people.person import Picture

EYE_HEIGHT = 480
EYE_WIDTH = 640


def dark_field(rng: np.random.Generator) -> Picture:
    """Nobody in front of the camera: grey (480, 1280), nearly black."""
    shape = (EYE_HEIGHT, 2 * EYE_WIDTH)
    noise = 1.5 * rng.standard_normal(shape, dtype=np.float32) + smooth_noise(rng, shape, scale_px=200)
    return to_pixels(14 + noise)


def glance(eye: Picture, rng: np.random.Generator) -> Picture:
    """One more picture of an eye, grey (480, 640): moved, turned and scaled a little, newly lit."""
    turn, scale = rng.uniform(-2.5, 2.5), rng.uniform(0.98, 1.02)
    move = cv2.getRotationMatrix2D((EYE_WIDTH / 2, EYE_HEIGHT / 2), turn, scale)
    move = move + np.array([[0, 0, 1], [0, 0, 1]]) * rng.uniform(-8, 8, (2, 1))
    size = (EYE_WIDTH, EYE_HEIGHT)
    moved = cv2.warpAffine(eye, move, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    lit = np.asarray(moved, np.float32) * rng.uniform(0.96, 1.04)
    return to_pixels(lit + 1.6 * rng.standard_normal(lit.shape, dtype=np.float32))


def pair(irises: Mapping[Eye, Picture], empty: Picture, rng: np.random.Generator) -> Picture:
    """Both eyes as the camera sees them, grey (480, 1280): the person's right eye on the left.

    A missing eye leaves its half of the field dark.
    """
    field = empty.copy()
    for eye, left in ((Eye.RIGHT, 0), (Eye.LEFT, EYE_WIDTH)):
        if eye in irises:
            field[:, left : left + EYE_WIDTH] = glance(irises[eye], rng)
    return field
