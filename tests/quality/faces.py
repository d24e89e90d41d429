"""Drawn faces before a cloth, and what can go wrong with them."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from hw.sim.people.looks import Hair, draw_looks
from hw.sim.people.person import SimPerson
from hw.sim.people.portrait import paint
from hw.sim.people.scene import Cloth, grain, hang, seat

__all__ = ["Cloth", "Hair", "drawn_face", "placed", "relit", "turned"]


def drawn_face(seed: int, *, cloth: Cloth = Cloth.RED, woman: bool = False, **changes) -> np.ndarray:
    """A face in a 720p frame. changes: fields of `Looks`."""
    rng = np.random.default_rng((seed, 77))
    looks = replace(draw_looks(rng, woman=woman), **{"glasses": False, **changes})
    face, matte = paint(rng, looks)
    person = SimPerson(name="-", face=face, face_matte=matte, fingers={}, irises={}, signature=())
    return grain(seat(person, hang(cloth, rng)), rng)


def placed(frame: np.ndarray, *, scale: float = 1.0, dx: int = 0, dy: int = 0) -> np.ndarray:
    """The frame shrunk or grown about its middle and moved; its own border fills what is left open."""
    height, width = frame.shape[:2]
    matrix = np.array(
        [[scale, 0, (1 - scale) * width / 2 + dx], [0, scale, (1 - scale) * height / 2 + dy]], np.float64
    )
    return cv2.warpAffine(frame, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)


def turned(frame: np.ndarray, degrees: float) -> np.ndarray:
    """The head leaning clockwise."""
    height, width = frame.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1)
    return cv2.warpAffine(frame, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)


def relit(frame: np.ndarray, *, gain: float = 1.0, stops_across: float = 0.0) -> np.ndarray:
    """Brighter or darker, and falling off to the right across the face by photographic stops."""
    across = np.clip(np.linspace(-1, 1, frame.shape[1]) * 6, -1, 1)
    fall = gain * 2.0 ** (-stops_across * across / 2 / 2.2)
    return np.clip(frame * fall[None, :, None], 0, 255).astype(np.uint8)
