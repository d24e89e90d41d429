"""Iris quality: circles, the measures of ISO/IEC 29794-6, one score, and the defects a person can mend.

The score is the mean of the measures, each stretched between its useless and its sufficient value
(`_SCALE`), times (1 + weakest) / 2: it is this project's combination of the standard's measures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kiosk.enrollment.positions import Modality, Position
from kiosk.enrollment.quality_report import Defect, QualityReport
from kiosk.quality.iris_locate import Circle, in_picture, locate
from kiosk.quality.iris_measures import eye_measures, picture_measures
from kiosk.quality.pictures import as_gray
from kiosk.quality.workspace import Workspace

ALGORITHM = "iso29794-6-measures/1.0"
SMALLEST_SIDE = 64

_SCALE = {
    "usable_iris_area": (30.0, 85.0),
    "iris_sclera_contrast": (0.0, 10.0),
    "iris_pupil_contrast": (5.0, 45.0),
    "pupil_circularity": (-60.0, 60.0),
    "iris_radius_px": (40.0, 95.0),
    "concentricity": (70.0, 92.0),
    "margin": (0.0, 80.0),
    "grey_scale_use": (3.0, 6.5),
    "sharpness": (0.0, 60.0),
    "directional_power": (0.8, 0.4),
    "interlace_ratio": (4.0, 1.5),
    "pupil_ellipticity": (0.14, 0.06),
}
"""Useless and sufficient value of each measure; the latter lie a little beyond the standard's thresholds."""

_SMALLEST_IRIS_PX, _LARGE_IRIS_PX = 80, 160
_MARGIN_FLOOR = 20
_DARK_IRIS, _BRIGHT_IRIS = 25, 230
_SHARPNESS_FLOOR = 15
_GLARE_SHARE = 0.06
_ELLIPSE = 0.06
"""A gaze 28 degrees off narrows a round pupil to this; still pupils reach 0.04."""
_SMEARED, _SMEARED_SOFT, _SOFT_RIM, _COMBED = 0.45, 0.30, 0.32, 2.0
"""`directional_power` and `interlace_ratio`; still eyes reach 0.37 (0.17 with a soft rim) and 1."""
_LENS_RIM_LEVELS = 5.0
"""Bare eyes reach 3.6."""
_SURE_SIDE, _SURE_PAIR = 5.0, 8.0


@dataclass(frozen=True, slots=True, eq=False)
class IrisAssessment:
    """pupil, iris: in pixels of the picture; None when not found."""

    report: QualityReport
    pupil: Circle | None
    iris: Circle | None


def assess_iris(
    gray: NDArray[np.uint8], *, position: Position | None = None, workspace: Workspace | None = None
) -> IrisAssessment:
    """Judge one near-infrared picture of one eye.

    gray: (h, w) uint8 or RGB (h, w, 3), at least 64x64. position: which eye it should be; None when
    unknown. workspace: a caller with more than one picture keeps one and passes it.
    The score is 0 when no pupil or no iris is found. Raises ValueError for another shape or type.
    """
    gray = as_gray(gray, "an iris picture")
    if min(gray.shape) < SMALLEST_SIDE:
        raise ValueError(f"an iris picture has at least 64x64 pixels, not {gray.shape}")
    workspace = workspace or Workspace()
    height, width = gray.shape
    eye = locate(gray, workspace)
    if eye is None or eye.iris is None:
        pupil = in_picture(eye.pupil, eye.scale) if eye else None
        metrics = picture_measures(np.ascontiguousarray(gray))
        return IrisAssessment(_report(position, 0, metrics, (Defect.EYE_NOT_FOUND,)), pupil, None)
    metrics = {
        **eye_measures(eye, eye.iris, width=width, height=height, workspace=workspace),
        **picture_measures(eye.gray),
    }
    report = _report(position, _score(metrics), metrics, _defects(metrics, position))
    return IrisAssessment(report, in_picture(eye.pupil, eye.scale), in_picture(eye.iris, eye.scale))


def split_irises(
    frame_gray: NDArray[np.uint8], *, workspace: Workspace | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The person's right and left eye of a dual-iris frame (480, 1280): the right eye lies in the left half.

    With a workspace both are lent."""
    lender = workspace or Workspace()
    middle = frame_gray.shape[1] // 2
    right, left = frame_gray[:, :middle], frame_gray[:, middle:]
    halves = lender.lend("right eye", right.shape, np.uint8), lender.lend("left eye", left.shape, np.uint8)
    halves[0][:], halves[1][:] = right, left
    return halves


def _report(
    position: Position | None, score: int, metrics: dict[str, float], defects: tuple[Defect, ...]
) -> QualityReport:
    rounded = {name: round(float(value), 4) for name, value in metrics.items()}
    return QualityReport(Modality.IRIS, position, score, ALGORITHM, rounded, defects)


def _score(metrics: dict[str, float]) -> int:
    parts = np.array(
        [np.clip((metrics[name] - low) / (high - low), 0, 1) for name, (low, high) in _SCALE.items()]
    )
    return round(float(100 * parts.mean() * (1 + parts.min()) / 2))


def side_evidence(metrics: Mapping[str, float]) -> float:
    """Which eye a picture shows: above 0 the person's right, below 0 the left; beyond 5 is strong.

    Two anatomical signs (`lid_fall`, `pupil_shift`), weighed on four eyes of three people, which were told
    apart rightly; too few to trust weak evidence.
    """
    return metrics.get("lid_fall", 0.0) / 0.1 + metrics.get("pupil_shift", 0.0) / 0.015


def are_swapped(right: IrisAssessment, left: IrisAssessment) -> bool:
    """Whether a pair of pictures shows each eye in the other's place; surer than either picture alone."""
    evidence = side_evidence(right.report.metrics) - side_evidence(left.report.metrics)
    return right.iris is not None and left.iris is not None and evidence < -_SURE_PAIR


def _is_other_eye(position: Position | None, metrics: dict[str, float]) -> bool:
    evidence = side_evidence(metrics)
    if position is Position.RIGHT_IRIS:
        return evidence < -_SURE_SIDE
    return position is Position.LEFT_IRIS and evidence > _SURE_SIDE


def _is_moving(metrics: dict[str, float]) -> bool:
    # A long smear bends the rim's circle and so hides half of its own swing.
    floor = _SMEARED if metrics["rim_steepness"] > _SOFT_RIM else _SMEARED_SOFT
    return metrics["directional_power"] > floor or metrics["interlace_ratio"] > _COMBED


def _defects(metrics: dict[str, float], position: Position | None) -> tuple[Defect, ...]:
    tight = metrics["margin"] < _MARGIN_FLOOR
    found = {
        Defect.EYES_SWAPPED: _is_other_eye(position, metrics),
        Defect.TOO_FAR: metrics["iris_radius_px"] < _SMALLEST_IRIS_PX,
        Defect.TOO_NEAR: tight and metrics["iris_radius_px"] > _LARGE_IRIS_PX,
        Defect.OFF_CENTRE: tight and metrics["iris_radius_px"] <= _LARGE_IRIS_PX,
        Defect.EYELID_COVERS: metrics["usable_iris_area"] < 70,
        Defect.GAZE_AWAY: metrics["pupil_ellipticity"] > _ELLIPSE,
        Defect.PUPIL_TOO_SMALL: metrics["dilation"] < 20,
        Defect.PUPIL_TOO_LARGE: metrics["dilation"] > 70,
        Defect.MOVING: _is_moving(metrics),
        Defect.OUT_OF_FOCUS: metrics["sharpness"] < _SHARPNESS_FLOOR,
        Defect.LOW_CONTRAST: metrics["iris_pupil_contrast"] < 30 or metrics["iris_sclera_contrast"] < 5,
        Defect.TOO_DARK: metrics["iris_level"] < _DARK_IRIS,
        Defect.TOO_BRIGHT: metrics["iris_level"] > _BRIGHT_IRIS,
        Defect.GLARE: metrics["glare_share"] > _GLARE_SHARE,
        Defect.LENS_WORN: metrics["lens_rim_levels"] > _LENS_RIM_LEVELS,
    }
    return tuple(defect for defect, present in found.items() if present)
