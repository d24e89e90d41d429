"""Drawn fingers laid on a platen as a hand lays them, with the truth of where each one lies."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from made_fingers import draw_finger
from numpy.typing import NDArray

from kiosk.enrollment.positions import STEP_POSITIONS, CaptureStep, Position

WIDTH, HEIGHT = 1600, 1500
SIZES = {
    "index": (270, 390),
    "middle": (285, 410),
    "ring": (270, 385),
    "little": (220, 310),
    "thumb": (350, 450),
}
DROPS = {"index": 140.0, "middle": 0.0, "ring": 60.0, "little": 330.0, "thumb": 0.0}
LEANS = {"index": -4.0, "middle": -1.0, "ring": 2.0, "little": 6.0, "thumb": 6.0}
ON_PLATEN = {
    CaptureStep.RIGHT_FOUR: STEP_POSITIONS[CaptureStep.RIGHT_FOUR],
    CaptureStep.LEFT_FOUR: STEP_POSITIONS[CaptureStep.LEFT_FOUR][::-1],
    CaptureStep.THUMBS: STEP_POSITIONS[CaptureStep.THUMBS],
}
"""Left to right as they lie."""


@dataclass(frozen=True, slots=True)
class Laid:
    """Centre, size and clockwise lean of one finger's print."""

    position: Position
    x: float
    y: float
    width: int
    height: int
    angle: float

    def overlap(self, box: Sequence[int], angle: float) -> float:
        """Intersection over union with another turned box."""
        x, y, width, height = box
        ours = cv2.boxPoints(((self.x, self.y), (self.width, self.height), self.angle))
        theirs = cv2.boxPoints(((x + width / 2, y + height / 2), (width, height), angle))
        common, _ = cv2.intersectConvexConvex(ours, theirs)
        return common / (self.width * self.height + width * height - common)


@cache
def _finger(digit: str, pressure: float, contrast: float) -> NDArray[np.uint8]:
    width, height = SIZES[digit]
    seed = sorted(SIZES).index(digit)
    return draw_finger(seed, width=width, height=height, minutiae=8, pressure=pressure, contrast=contrast)[0]


def lay(
    step: CaptureStep,
    *,
    turn: float = 0.0,
    gap: float = 60.0,
    missing: Collection[Position] = (),
    pressure: float = 0.0,
    contrast: float = 110.0,
    shift: tuple[float, float] = (0.0, 0.0),
) -> tuple[NDArray[np.uint8], tuple[Laid, ...]]:
    """The platen (1500, 1600) and what lies on it. turn: degrees clockwise about the middle; gap: px."""
    order = ON_PLATEN[step]
    mirror = -1 if step is CaptureStep.LEFT_FOUR else 1
    space = gap * (4 if step is CaptureStep.THUMBS else 1)
    digits = [position.value.split("_")[1] for position in order]
    left = -(sum(SIZES[digit][0] for digit in digits) + space * (len(order) - 1)) / 2
    sine, cosine = np.sin(np.radians(turn)), np.cos(np.radians(turn))
    platen = np.full((HEIGHT, WIDTH), 254, np.uint8)
    laid = []
    for position, digit in zip(order, digits, strict=True):
        width, height = SIZES[digit]
        x, y = left + width / 2, DROPS[digit] - 300 + height / 2
        left += width + space
        if position in missing:
            continue
        outward = -1 if position is Position.LEFT_THUMB else mirror
        finger = Laid(
            position,
            WIDTH / 2 + x * cosine - y * sine + shift[0],
            HEIGHT / 2 + x * sine + y * cosine + shift[1],
            width,
            height,
            turn + outward * LEANS[digit],
        )
        _press(platen, _finger(digit, pressure, contrast), finger)
        laid.append(finger)
    return platen, tuple(laid)


def _press(platen: NDArray[np.uint8], finger: NDArray[np.uint8], place: Laid) -> None:
    move = cv2.getRotationMatrix2D((place.width / 2, place.height / 2), -place.angle, 1)
    move[:, 2] += (place.x - place.width / 2, place.y - place.height / 2)
    laid = cv2.warpAffine(finger, move, (WIDTH, HEIGHT), borderValue=254)
    np.minimum(platen, laid, out=platen)
