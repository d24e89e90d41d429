"""Fingers laid on a platen together, and the truth of where each one lies."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hw.api import CaptureSet, Finger
from hw.sim.people.noise import smooth_noise, to_pixels
from hw.sim.people.person import SLAP_FINGERS, Picture

PLATEN_WIDTH = 1600
PLATEN_HEIGHT = 1500
"""Pixels at 500 ppi: 81 x 76 mm, the image area of a 4-4-2 scanner (EBTS appendix F)."""

_TIP_DROP_PX = {"index": 130.0, "middle": 0.0, "ring": 60.0, "little": 300.0, "thumb": 0.0}
"""How far each tip lies below the middle finger's, at 500 ppi: about 7, 3 and 15 mm."""

_FAN_DEG = {"index": -4.0, "middle": -1.0, "ring": 2.5, "little": 7.0, "thumb": 6.0}
"""How each finger of a right hand leans outward, degrees clockwise."""


@dataclass(frozen=True, slots=True)
class FingerBox:
    """Where one finger's ridges lie: a rectangle turned about its centre.

    Pixels, origin top left; `angle_deg` clockwise from upright; `width` across the finger.
    """

    finger: Finger
    centre_x: float
    centre_y: float
    width: float
    height: float
    angle_deg: float

    def corners(self) -> NDArray[np.float32]:
        """(4, 2) x, y: top left, top right, bottom right, bottom left of the upright finger."""
        half = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * (self.width / 2, self.height / 2)
        angle = np.deg2rad(self.angle_deg)
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        return np.asarray(half @ turn + (self.centre_x, self.centre_y), np.float32)


def compose_slap(
    fingers: Mapping[Finger, Picture],
    capture_set: CaptureSet,
    *,
    rotation_deg: float = 0.0,
    spacing: float = 1.0,
    missing: Collection[Finger] = (),
) -> tuple[Picture, tuple[FingerBox, ...]]:
    """Lay the fingers of one set on a clean platen as a flat hand does.

    fingers: grey, 500 ppi, upright; at least those of the set that are not `missing`.
    rotation_deg: the whole hand, clockwise about the middle of the platen.
    spacing: 1 leaves about 3 mm between neighbours, 0 none, negative overlaps them.
    missing: fingers that do not touch; their place stays empty.

    Returns grey (1500, 1600), white where nothing touches, and one box per finger from left to
    right. What does not fit on the platen is cut off. Raises KeyError when a finger is not given
    and ValueError when the set is not one of fingers.
    """
    if capture_set not in SLAP_FINGERS:
        raise ValueError(f"{capture_set} is not laid on a platen")
    order = [finger for finger in SLAP_FINGERS[capture_set] if finger not in missing]
    inked = {finger: _trim(fingers[finger]) for finger in order}
    platen = np.full((PLATEN_HEIGHT, PLATEN_WIDTH), 255, np.uint8)
    boxes = _lay_out(capture_set, inked, rotation_deg=rotation_deg, gap_px=60.0 * spacing)
    for box in boxes:
        np.minimum(platen, _place(inked[box.finger], box), out=platen)
    return platen, boxes


def clean_platen(rng: np.random.Generator) -> Picture:
    """What the scanner sees with nothing on it: white, unevenly lit by a grey level or two."""
    uneven = smooth_noise(rng, (PLATEN_HEIGHT, PLATEN_WIDTH), scale_px=400)
    return to_pixels(252 + 0.8 * uneven)


def _trim(finger: Picture) -> Picture:
    """The part of a finger picture that carries ridges."""
    ink = np.asarray(cv2.GaussianBlur(finger, (0, 0), 4.0)) < 225
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if rows.size == 0:
        return finger
    return finger[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _lay_out(
    capture_set: CaptureSet, inked: Mapping[Finger, Picture], *, rotation_deg: float, gap_px: float
) -> tuple[FingerBox, ...]:
    order = SLAP_FINGERS[capture_set]
    usual = 300 if not inked else int(np.mean([picture.shape[1] for picture in inked.values()]))
    widths = [inked[finger].shape[1] if finger in inked else usual for finger in order]
    gap = gap_px * (4 if capture_set is CaptureSet.THUMBS else 1)
    left = (PLATEN_WIDTH - sum(widths) - gap * (len(order) - 1)) / 2
    turn = np.deg2rad(rotation_deg)
    boxes = []
    for finger, width in zip(order, widths, strict=True):
        digit = finger.name.split("_")[1].lower()
        mirror = -1.0 if (capture_set is CaptureSet.LEFT_SLAP or finger is Finger.LEFT_THUMB) else 1.0
        height = inked[finger].shape[0] if finger in inked else 0
        x = left + width / 2 - PLATEN_WIDTH / 2
        y = 430 + _TIP_DROP_PX[digit] + height / 2 - PLATEN_HEIGHT / 2
        left += width + gap
        if finger not in inked:
            continue
        boxes.append(
            FingerBox(
                finger=finger,
                centre_x=float(PLATEN_WIDTH / 2 + x * np.cos(turn) - y * np.sin(turn)),
                centre_y=float(PLATEN_HEIGHT / 2 + x * np.sin(turn) + y * np.cos(turn)),
                width=float(width),
                height=float(height),
                angle_deg=rotation_deg + mirror * _FAN_DEG[digit],
            )
        )
    return tuple(boxes)


def _place(picture: Picture, box: FingerBox) -> Picture:
    angle = np.deg2rad(box.angle_deg)
    cos, sin = np.cos(angle), np.sin(angle)
    half_w, half_h = (picture.shape[1] - 1) / 2, (picture.shape[0] - 1) / 2
    move = np.array(
        [
            [cos, -sin, box.centre_x - cos * half_w + sin * half_h],
            [sin, cos, box.centre_y - sin * half_w - cos * half_h],
        ]
    )
    size = (PLATEN_WIDTH, PLATEN_HEIGHT)
    return np.asarray(cv2.warpAffine(picture, move, size, flags=cv2.INTER_LINEAR, borderValue=255), np.uint8)
