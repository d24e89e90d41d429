"""Quality of a placement of several fingers: find them, name them, score each, say what to mend."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.enrollment.positions import Modality, Position
from kiosk.enrollment.quality_report import Defect, QualityReport
from kiosk.quality.fingerprint import assess_fingerprint, assess_fingerprint_live
from kiosk.quality.pictures import as_gray
from kiosk.quality.slap_hand import Hand, Naming, hand_of, name_tips
from kiosk.quality.slap_segment import Segmentation, Tip, segment
from kiosk.quality.workspace import Workspace

ALGORITHM = "slap/1"

LARGEST_ROTATION = 22.0
"""Degrees the whole hand may lean."""

LARGEST_RESIDUE_MM2 = 60.0
"""Marks on a platen without a finger: a smudge of a fingertip's third."""

MARGIN_PX = 12
"""White kept around a finger that is cut out."""


@dataclass(frozen=True, slots=True)
class SlapFinger:
    """One finger on the platen.

    box: x, y, width, height in pixels of the upright rectangle; turned about its own centre by `angle` degrees
    clockwise it covers the finger. report: of this finger, `report.position` is `position`.
    """

    position: Position
    box: tuple[int, int, int, int]
    angle: float
    report: QualityReport


@dataclass(frozen=True, slots=True)
class SlapAssessment:
    """report: of the whole placement; its score is the lowest finger's. hand: which one lies there.
    fingers: from left to right on the platen, those that could be named."""

    report: QualityReport
    hand: Hand
    fingers: tuple[SlapFinger, ...]


def assess_slap(
    gray: NDArray[np.uint8],
    *,
    expected: Sequence[Position] = (),
    live: bool = True,
    workspace: Workspace | None = None,
) -> SlapAssessment:
    """gray (h, w) uint8 or RGB (h, w, 3), 500 ppi, usually (1500, 1600); ridges dark on a light platen,
    fingertips up. Raises ValueError for another shape or type.

    expected: the positions asked for, without the excepted ones; when empty the hand is told from the picture
    (a lone finger then stays unnamed). live: quick scores without minutiae. workspace: a caller with more than
    one picture keeps one and passes it.
    """
    workspace = workspace or Workspace()
    gray = as_gray(gray, "a placement")
    segmentation = segment(gray, workspace)
    naming = name_tips(segmentation, expected)
    assess = assess_fingerprint_live if live else assess_fingerprint
    fingers = tuple(
        SlapFinger(
            position,
            tip.box,
            tip.angle,
            assess(_cut(gray, tip, workspace), position=position, workspace=workspace),
        )
        for position, tip in naming.named
    )
    scores = [finger.report.score for finger in fingers if finger.report.score is not None]
    report = QualityReport(
        modality=Modality.FINGERPRINT,
        position=None,
        score=min(scores) if scores and len(scores) == len(fingers) else None,
        algorithm=ALGORITHM,
        metrics={
            "fingers": float(len(segmentation.tips)),
            "rotation_degrees": segmentation.angle,
            "marked_mm2": segmentation.marked_mm2,
        },
        defects=_defects(segmentation, naming, fingers, expected),
    )
    return SlapAssessment(report, naming.hand, fingers)


def crop_finger(gray: NDArray[np.uint8], finger: SlapFinger) -> NDArray[np.uint8]:
    """The finger upright at 500 ppi, with a white margin; what lies beyond the picture is white."""
    upright = np.empty(_upright_shape(finger.box), np.uint8)
    _stand_upright(gray, finger.box, finger.angle, upright)
    return upright


def _cut(gray: NDArray[np.uint8], tip: Tip, workspace: Workspace) -> NDArray[np.uint8]:
    upright = workspace.lend("upright finger", _upright_shape(tip.box), np.uint8)
    _stand_upright(gray, tip.box, tip.angle, upright)
    return upright


def _upright_shape(box: tuple[int, int, int, int]) -> tuple[int, int]:
    return box[3] + 2 * MARGIN_PX, box[2] + 2 * MARGIN_PX


def _stand_upright(
    gray: NDArray[np.uint8], box: tuple[int, int, int, int], angle: float, upright: NDArray[np.uint8]
) -> None:
    x, y = box[0] + box[2] / 2, box[1] + box[3] / 2
    height, width = upright.shape
    sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    half_x, half_y = (width - 1) / 2, (height - 1) / 2
    back = np.array(
        [
            [cosine, -sine, x - 0.5 - cosine * half_x + sine * half_y],
            [sine, cosine, y - 0.5 - sine * half_x - cosine * half_y],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    cv2.warpAffine(gray, back, (width, height), dst=upright, flags=flags, borderValue=255)


def _defects(
    segmentation: Segmentation, naming: Naming, fingers: Sequence[SlapFinger], expected: Sequence[Position]
) -> tuple[Defect, ...]:
    """What concerns the placement first, then each finger's own, without repeats."""
    if not segmentation.tips:
        dirty = segmentation.marked_mm2 > LARGEST_RESIDUE_MM2
        return (Defect.NOTHING_PRESENT, Defect.PLATEN_DIRTY) if dirty else (Defect.NOTHING_PRESENT,)
    wanted = len(expected) or {Hand.THUMBS: 2, Hand.UNKNOWN: 1}.get(naming.hand, 4)
    tips = [tip for _, tip in naming.named]
    found = {
        Defect.WRONG_HAND: naming.wrong_hand,
        Defect.TOO_MANY_FINGERS: naming.extra > 0,
        Defect.FINGERS_MISSING: 0 < len(tips) < wanted,
        Defect.FINGERS_TOUCHING: len({tip.group for tip in tips}) < len(tips),
        Defect.CLIPPED: any(tip.at_side or tip.at_end for tip in tips),
        Defect.ROTATED: hand_of(expected) is not Hand.THUMBS and abs(segmentation.angle) > LARGEST_ROTATION,
    }
    defects = [defect for defect, present in found.items() if present]
    defects += [defect for finger in fingers for defect in finger.report.defects]
    return tuple(dict.fromkeys(defects))
