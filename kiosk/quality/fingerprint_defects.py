"""What a person can mend about one fingerprint, from its region and its ridges."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.enrollment.positions import Position
from kiosk.enrollment.quality_report import Defect
from kiosk.quality.fingerprint_region import Region
from kiosk.quality.workspace import Workspace

DARK = 180
"""Grey of ink or residue on a white platen."""

SMALLEST_CONTRAST = 35.0
"""Grey deviation inside the region; real prints of all qualities have 55 to 97."""

DRY_MEAN = 215.0
WET_MEAN = 90.0
"""Mean grey of the region; real prints have 116 to 202."""

LOW_SCORE = 45
LIGHT_MEAN = 140.0
DARK_MEAN = 110.0
"""Under this score a hint about the skin is worth giving, from milder shades of grey."""

SMALLEST_AREA = 50_000
"""Pixels at 500 ppi, 129 mm2: NFIQ 2's own limit for a sufficient foreground."""

SMALLEST_LITTLE_AREA = 35_000
SMALLEST_COHERENCE = 0.30
"""Mean ridge coherence of the region; real prints have 0.36 to 0.85, blurred and smeared ones less."""

FEWEST_BLOCKS = 30
"""32x32 blocks inside the ridge mask: 79 mm2."""

LARGEST_ROTATION = 30.0
SMALLEST_ARCHING = 0.3
"""Real fingertips have 0.33 to 0.81, lower joints mostly less."""

FLATTEST_TOP = 0.85
LARGEST_RESIDUE = 2500
"""Dark pixels, 6.5 mm2, away from the finger."""

_LITTLE = (Position.LEFT_LITTLE, Position.RIGHT_LITTLE)


@dataclass(frozen=True, slots=True)
class FingerShape:
    """Measured on the region. rotation_degrees: of its long axis, clockwise from upright. arching: 0 to 1, how
    level the ridges run in its upper third, as they do above every finger's core. flat_top: how wide the region
    is at 3 % of its height beside its widest; a fingertip is round, 0.3 to 0.5."""

    area_px: int
    mean_gray: float
    contrast: float
    rotation_degrees: float
    arching: float
    residue_px: int
    flat_top: float

    @property
    def metrics(self) -> dict[str, float]:
        return {
            "area_mm2": self.area_px * (25.4 / 500) ** 2,
            "mean_gray": self.mean_gray,
            "contrast": self.contrast,
            "rotation_degrees": self.rotation_degrees,
            "arching": self.arching,
            "flat_top": self.flat_top,
            "residue_px": float(self.residue_px),
        }


def shape_of(image: NDArray[np.uint8], region: Region, workspace: Workspace) -> FingerShape:
    mask = region.mask
    bits = mask.view(np.uint8)
    area = cv2.countNonZero(bits)
    if area == 0:
        return FingerShape(0, 255.0, 0.0, 0.0, 0.0, cv2.countNonZero(_dark(image, workspace)), 0.0)
    mean, deviation = cv2.meanStdDev(image, mask=bits)
    return FingerShape(
        area_px=area,
        mean_gray=float(mean[0, 0]),
        contrast=float(deviation[0, 0]),
        rotation_degrees=_rotation(bits),
        arching=_arching(image, mask, workspace),
        residue_px=_residue(image, bits, workspace),
        flat_top=_flat_top(mask),
    )


def _rotation(bits: NDArray[np.uint8]) -> float:
    """Of the long axis; 0 for a region too round to have one."""
    moments = cv2.moments(bits, binaryImage=True)
    across, along, mixed = moments["mu20"], moments["mu02"], moments["mu11"]
    spread = math.hypot(along - across, 2 * mixed)
    if spread < 0.1 * (along + across):
        return 0.0
    return math.degrees(0.5 * math.atan2(-2 * mixed, along - across))


def _dark(image: NDArray[np.uint8], workspace: Workspace) -> NDArray[np.uint8]:
    """1 where ink or residue may be."""
    dark = workspace.lend("dark", image.shape, np.bool_)
    np.less(image, DARK, out=dark)
    return dark.view(np.uint8)


def _arching(image: NDArray[np.uint8], mask: NDArray[np.bool_], workspace: Workspace) -> float:
    rows = np.flatnonzero(mask.any(axis=1))
    columns = np.flatnonzero(mask.any(axis=0))
    height, width = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    tip = image[
        rows[0] + height // 12 : rows[0] + height // 3, columns[0] + width // 3 : columns[-1] - width // 3 + 1
    ]
    if min(tip.shape) < 16:
        return 0.0
    small = cv2.resize(tip, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    levels, along, across = workspace.lend("tip gradients", (3, *small.shape), np.float32)
    levels[:] = small
    _gradient(levels, along)
    _gradient(levels.T, across.T)
    np.square(along, out=along)
    np.square(across, out=across)
    upwards = along.sum()
    across += along
    return float(upwards / max(float(across.sum()), 1e-6))


def _gradient(levels: NDArray[np.float32], slopes: NDArray[np.float32]) -> None:
    """Central differences down the rows, one-sided at the first and the last."""
    np.subtract(levels[2:], levels[:-2], out=slopes[1:-1])
    slopes[1:-1] /= 2
    np.subtract(levels[1], levels[0], out=slopes[0])
    np.subtract(levels[-1], levels[-2], out=slopes[-1])


def _flat_top(mask: NDArray[np.bool_]) -> float:
    widths = mask.sum(axis=1)
    widths = widths[widths > 0]
    return float(widths[len(widths) * 3 // 100]) / float(widths.max())


def _residue(image: NDArray[np.uint8], bits: NDArray[np.uint8], workspace: Workspace) -> int:
    """Dark pixels more than 2.4 mm off the finger."""
    if cv2.countNonZero(bits) > 0.9 * bits.size:
        return 0
    small = cv2.resize(bits, (-(-bits.shape[1] // 8), -(-bits.shape[0] // 8)), interpolation=cv2.INTER_NEAREST)
    near = np.asarray(cv2.dilate(small, np.ones((13, 13), np.uint8)))
    far = workspace.lend("far from the finger", bits.shape, np.uint8)
    cv2.resize(1 - near, bits.shape[::-1], dst=far, interpolation=cv2.INTER_NEAREST)
    far &= _dark(image, workspace)
    return cv2.countNonZero(far)


def defects_of(
    shape: FingerShape, *, coherence: float, blocks: int, position: Position | None
) -> tuple[Defect, ...]:
    """coherence: mean over the region; blocks: how many hold ridges. Most telling first."""
    defects: list[Defect] = []
    if shape.contrast < SMALLEST_CONTRAST:
        defects.append(Defect.LOW_CONTRAST)
    if shape.mean_gray > DRY_MEAN:
        defects.append(Defect.TOO_DRY)
    elif shape.mean_gray < WET_MEAN:
        defects.append(Defect.TOO_WET)
    if coherence < SMALLEST_COHERENCE:
        light = shape.mean_gray > LIGHT_MEAN
        defects.append(Defect.TOO_DRY if light else Defect.SMEARED)
    if shape.area_px < (SMALLEST_LITTLE_AREA if position in _LITTLE else SMALLEST_AREA):
        defects.append(Defect.PARTIAL)
    if blocks < FEWEST_BLOCKS:
        defects.append(Defect.FEW_RIDGES)
    if shape.arching < SMALLEST_ARCHING or (shape.flat_top > FLATTEST_TOP and shape.arching < 0.5):
        defects.append(Defect.TOO_FAR_FROM_TIP)
    if abs(shape.rotation_degrees) > LARGEST_ROTATION:
        defects.append(Defect.ROTATED)
    if shape.residue_px > LARGEST_RESIDUE:
        defects.append(Defect.PLATEN_DIRTY)
    return tuple(dict.fromkeys(defects))


def skin_hint(shape: FingerShape, *, score: int | None) -> Defect | None:
    """Why a print scores low though nothing else is wrong: light, broken ridges are dry skin, dark ones wet."""
    if score is not None and score >= LOW_SCORE:
        return None
    if shape.mean_gray < DARK_MEAN:
        return Defect.TOO_WET
    return Defect.TOO_DRY if shape.mean_gray > LIGHT_MEAN else None
