"""Iris quality: circles, the measures of ISO/IEC 29794-6, one score, and the defects a person can mend.

The score is the mean of the measures, each stretched between its useless and its sufficient value
(`_SCALE`), times (1 + weakest) / 2: it is this project's combination of the standard's measures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kiosk.enrollment.positions import Modality, Position
from kiosk.enrollment.quality_report import Defect, QualityReport
from kiosk.quality.iris_locate import Circle, in_picture, locate
from kiosk.quality.iris_measures import eye_measures, picture_measures

ALGORITHM = "iso29794-6-measures/1.0"
SMALLEST_SIDE = 64

_SCALE = {
    "usable_iris_area": (30.0, 85.0),
    "iris_sclera_contrast": (0.0, 10.0),
    "iris_pupil_contrast": (5.0, 45.0),
    "pupil_circularity": (0.0, 80.0),
    "iris_radius_px": (40.0, 95.0),
    "concentricity": (70.0, 92.0),
    "margin": (0.0, 80.0),
    "grey_scale_use": (3.0, 6.5),
    "sharpness": (0.0, 60.0),
}
"""Useless and sufficient value of each measure; the latter lie a little above the standard's thresholds."""


@dataclass(frozen=True, slots=True, eq=False)
class IrisAssessment:
    """pupil, iris: in pixels of the picture; None when not found."""

    report: QualityReport
    pupil: Circle | None
    iris: Circle | None


def assess_iris(gray: NDArray[np.uint8], *, position: Position | None = None) -> IrisAssessment:
    """Judge one near-infrared picture of one eye.

    gray: (h, w) uint8, at least 64x64. position: which eye it should be; None when unknown.
    The score is 0 when no pupil or no iris is found. Raises ValueError for another shape or type.
    """
    if gray.ndim != 2 or gray.dtype != np.uint8 or min(gray.shape) < SMALLEST_SIDE:
        raise ValueError(f"an iris picture is (h, w) uint8 of at least 64x64, not {gray.shape} {gray.dtype}")
    height, width = gray.shape
    eye = locate(gray)
    if eye is None or eye.iris is None:
        pupil = in_picture(eye.pupil, eye.scale) if eye else None
        metrics = picture_measures(np.ascontiguousarray(gray))
        return IrisAssessment(_report(position, 0, metrics, (Defect.EYE_NOT_FOUND,)), pupil, None)
    metrics = {**eye_measures(eye, eye.iris, width=width, height=height), **picture_measures(eye.gray)}
    report = _report(position, _score(metrics), metrics, _defects(metrics))
    return IrisAssessment(report, in_picture(eye.pupil, eye.scale), in_picture(eye.iris, eye.scale))


def split_irises(frame_gray: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The person's right and left eye of a dual-iris frame (480, 1280): the right eye lies in the left half."""
    middle = frame_gray.shape[1] // 2
    return np.ascontiguousarray(frame_gray[:, :middle]), np.ascontiguousarray(frame_gray[:, middle:])


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


def _defects(metrics: dict[str, float]) -> tuple[Defect, ...]:
    found = {
        Defect.TOO_FAR: metrics["iris_radius_px"] < 80,
        Defect.TOO_NEAR: metrics["margin"] < 20 and metrics["iris_radius_px"] > 160,
        Defect.OFF_CENTRE: metrics["margin"] < 20 and metrics["iris_radius_px"] <= 160,
        Defect.EYELID_COVERS: metrics["usable_iris_area"] < 70,
        Defect.PUPIL_TOO_SMALL: metrics["dilation"] < 20,
        Defect.PUPIL_TOO_LARGE: metrics["dilation"] > 70,
        Defect.OUT_OF_FOCUS: metrics["sharpness"] < 10,
        Defect.LOW_CONTRAST: metrics["iris_pupil_contrast"] < 30 or metrics["iris_sclera_contrast"] < 5,
        Defect.TOO_DARK: metrics["iris_level"] < 25,
        Defect.TOO_BRIGHT: metrics["iris_level"] > 230,
        Defect.GLARE: metrics["glare_share"] > 0.08,
    }
    return tuple(defect for defect, present in found.items() if present)
