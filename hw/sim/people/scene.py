"""A head-and-shoulders picture set into what the face camera sees."""

from __future__ import annotations

from enum import Enum

import cv2
import numpy as np

from hw.sim.people.noise import blur, fractal_noise, smooth_noise, smoothstep, to_pixels
from hw.sim.people.person import Picture, SimPerson

SCENE_WIDTH = 1280
SCENE_HEIGHT = 720


class Cloth(Enum):
    """The backdrop, RGB. Indonesian practice: red for odd birth years, blue for even ones, orange for
    foreigners."""

    RED = (186, 28, 34)
    BLUE = (30, 72, 176)
    ORANGE = (222, 120, 24)


def hang(cloth: Cloth, rng: np.random.Generator) -> Picture:
    """The empty chair: a plain cloth, softly lit, with the faint weave and folds it has. RGB 720p."""
    shape = (SCENE_HEIGHT, SCENE_WIDTH)
    yy, xx = np.mgrid[0:SCENE_HEIGHT, 0:SCENE_WIDTH].astype(np.float32)
    falloff = 1.04 - 0.14 * ((xx / SCENE_WIDTH - 0.5) ** 2 + (yy / SCENE_HEIGHT - 0.4) ** 2) * 2
    folds = 0.008 * smooth_noise(rng, (1, SCENE_WIDTH), scale_px=110)
    weave = 0.006 * rng.standard_normal(shape, dtype=np.float32)
    light = falloff + folds + weave + 0.01 * smooth_noise(rng, shape, scale_px=300)
    return to_pixels(light[:, :, None] * np.array(cloth.value, np.float32))


def seat(person: SimPerson, empty: Picture) -> Picture:
    """The person in the chair, shoulders at the lower edge, RGB 720p.

    A photo with a matte stands before `empty`; one without keeps its own background, carried on to
    both sides.
    """
    height, width = person.face.shape[:2]
    new_width = min(SCENE_WIDTH, round(width * SCENE_HEIGHT / height))
    face = np.asarray(
        cv2.resize(person.face, (new_width, SCENE_HEIGHT), interpolation=cv2.INTER_CUBIC), np.uint8
    )
    left = (SCENE_WIDTH - new_width) // 2
    if person.face_matte is None:
        return _carry_on(face, left)
    matte = cv2.resize(person.face_matte, (new_width, SCENE_HEIGHT), interpolation=cv2.INTER_LINEAR)
    alpha = np.asarray(matte, np.float32)[:, :, None] / 255
    scene = empty.copy()
    behind = scene[:, left : left + new_width]
    scene[:, left : left + new_width] = np.rint(alpha * face + (1 - alpha) * behind).astype(np.uint8)
    return scene


def _carry_on(face: Picture, left: int) -> Picture:
    """Widen a photo to the scene: each side continues its own edge, shoulders falling away."""
    scene = np.empty((SCENE_HEIGHT, SCENE_WIDTH, 3), np.uint8)
    right = left + face.shape[1]
    scene[:, left:right] = face
    rows = np.arange(SCENE_HEIGHT, dtype=np.float32)
    fall = smoothstep(0.55 * SCENE_HEIGHT, 0.8 * SCENE_HEIGHT, rows)[:, None]
    for edge, columns in ((face[:, :8], np.arange(left)[::-1]), (face[:, -8:], np.arange(right, SCENE_WIDTH))):
        profile = blur(np.asarray(np.median(edge, axis=1), np.float32)[:, None, :], 3.0)[:, 0, :]
        away = np.arange(1, columns.size + 1, dtype=np.float32)[None, :]
        source = np.clip(rows[:, None] - 0.6 * fall * away, 0, SCENE_HEIGHT - 1).astype(np.intp)
        scene[:, columns] = np.clip(profile[source], 0, 255).astype(np.uint8)
    return scene


def grain(picture: Picture, rng: np.random.Generator) -> Picture:
    """Sensor noise and a little unevenness, so that no two pictures are equal."""
    shape = picture.shape[:2]
    noise = 1.2 * rng.standard_normal(shape, dtype=np.float32) + 0.8 * fractal_noise(
        rng, shape, scale_px=4, octaves=2
    )
    return to_pixels(picture.astype(np.float32) + noise[(...,) + (None,) * (picture.ndim - 2)])
