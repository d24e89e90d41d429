"""Face quality: measures of ISO/IEC 29794-5, one score, and the defects a person can mend.

The score is the mean of the measures named in `SCORED` times (1 + weakest / 100) / 2: one bad measure
halves it, and more bad measures lower it further. It is this project's combination; the standard's
unified score needs a large network.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kiosk.enrollment.person import BackgroundColour
from kiosk.enrollment.positions import Modality, Position
from kiosk.enrollment.quality_report import Defect, QualityReport
from kiosk.quality.face_geometry import (
    EYE_LINE,
    LARGEST_EYES_TO_CHIN,
    PORTRAIT_HEIGHT,
    SMALLEST_EYES_TO_CHIN,
    FaceGeometry,
    Portrait,
    geometry_of,
    held_inside,
    portrait_of,
)
from kiosk.quality.face_glasses import glasses_measures
from kiosk.quality.face_measures import (
    align,
    background_measures,
    cheek_measures,
    focus_measures,
    light_measures,
    sigmoid,
)
from kiosk.quality.face_networks import LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS, Detection, FaceEngine
from kiosk.quality.pictures import as_rgb

ALGORITHM = "iso29794-5-measures/1.0"

SCORED = (
    "exposure",
    "under_exposure_prevention",
    "over_exposure_prevention",
    "light_balance",
    "natural_colour",
    "background_uniformity",
    "sharpness",
    "noise_prevention",
    "eyes_open",
    "mouth_closed",
    "inter_eye_distance",
    "head_pose_yaw",
    "head_pose_pitch",
    "head_pose_roll",
    "single_face",
)

_TURNED_DEG, _NODDED_DEG, _TILTED_DEG = 14.0, 18.0, 8.0
_EYES_OPEN_FLOOR = 50.0
_MOUTH_OPENING_SHARE = 0.045
"""Of eyes to chin. Closed lips measure up to 0.02; the standard's middle, 0.2, is a mouth wide open."""
_DARK_FACE, _BRIGHT_FACE = 0.06, 0.75
"""Mean linear luminance of the face."""
_BURNT_SHARE = 0.10
_LIGHT_DIFFERENCE_STOPS = 1.0
_SHARPNESS_FLOOR = 40.0
_PLAIN_FLOOR, _PLAIN_SPREAD = 70.0, 30.0
_CLOTH_SHARE = 0.6
_SECOND_FACE_SHARE = 0.15
_PRESENCE_FLOOR = 0.5
_FRAME_LINE = 0.22
"""Bare faces reach 0.18, in hard light; drawn frames start at 0.24."""
_EYE_GLARE_SHARE = 0.08
_OFF_CENTRE_SHARE = 0.07
"""How far the frame may push the portrait away from its ideal place, of its size."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceAssessment:
    """box: the face, (x, y, width, height) in pixels; landmarks: (468, 3) float32 pixels; None without a face.

    portrait: the 3:4 cut (x, y, width, height), wholly inside the picture.
    """

    report: QualityReport
    box: tuple[int, int, int, int] | None
    landmarks: NDArray[np.float32] | None
    portrait: tuple[int, int, int, int] | None = None


def assess_face(
    rgb: NDArray[np.uint8],
    *,
    background: BackgroundColour | None = None,
    engine: FaceEngine | None = None,
    thorough: bool = False,
) -> FaceAssessment:
    """Judge one photo.

    rgb: (h, w, 3) uint8, or grey (h, w); any size from 64x64. background: the cloth this resident needs; None
    skips that check. engine: the loaded networks; a caller with more than one picture keeps one and passes it.
    thorough: look for small bystanders too, for a still (half as slow again).
    The score is None when no face is found. Raises ModelsMissingError, ValueError for another shape.
    """
    rgb = as_rgb(rgb, "a face picture")
    engine = engine or FaceEngine()
    faces = engine.detect(rgb, thorough=thorough)
    if not faces:
        return _nobody()
    mesh = engine.mesh(rgb, faces[0])
    if mesh.presence < _PRESENCE_FLOOR:
        return _nobody()
    right, left = (engine.eye(rgb, mesh, corners) for corners in (RIGHT_EYE_CORNERS, LEFT_EYE_CORNERS))
    face = geometry_of(mesh, right, left)
    height, width = rgb.shape[:2]
    workspace = engine.workspace
    view = align(rgb, mesh.points, face, workspace)
    metrics = {
        **_shape_measures(face, width=width, height=height),
        **light_measures(view, workspace),
        **cheek_measures(view),
        **background_measures(view),
        **focus_measures(rgb, face, workspace),
        **glasses_measures(view),
        "second_face_share": _second_share(faces),
        "single_face": 100 * (1 - _second_share(faces)),
        "face_presence": mesh.presence,
    }
    defects = _defects(metrics, face, background, width=width, height=height)
    report = QualityReport(
        modality=Modality.FACE,
        position=Position.FACE,
        score=_score(metrics),
        algorithm=ALGORITHM,
        metrics={name: round(float(value), 4) for name, value in metrics.items()},
        defects=defects,
    )
    x, y, w, h = (round(value) for value in faces[0].box)
    cut = held_inside(portrait_of(face, frame_height=height), width=width, height=height)
    return FaceAssessment(report=report, box=(x, y, w, h), landmarks=mesh.points, portrait=cut)


def face_crop(rgb: NDArray[np.uint8], assessment: FaceAssessment) -> NDArray[np.uint8]:
    """The card's portrait, 3:4, cut from the picture's own pixels: at least 480x640 where the picture allows.

    Raises ValueError when the assessment found no face."""
    if assessment.portrait is None:
        raise ValueError("there is no face to cut out")
    x, y, width, height = assessment.portrait
    return np.ascontiguousarray(rgb[y : y + height, x : x + width])


def _nobody() -> FaceAssessment:
    report = QualityReport(Modality.FACE, Position.FACE, None, ALGORITHM, {}, (Defect.NO_FACE,))
    return FaceAssessment(report=report, box=None, landmarks=None)


def _second_share(faces: tuple[Detection, ...]) -> float:
    return faces[1].area / faces[0].area if len(faces) > 1 else 0.0


def _shape_measures(face: FaceGeometry, *, width: int, height: int) -> dict[str, float]:
    t, (eyes_x, eyes_y) = face.eyes_to_chin, face.eye_middle
    portrait = portrait_of(face, frame_height=height)
    return {
        "eyes_to_chin_px": t,
        "inter_eye_px": face.inter_eye,
        "inter_eye_distance": 100 * sigmoid(face.inter_eye, 70, 20),
        "yaw_deg": face.yaw,
        "pitch_deg": face.pitch,
        "roll_deg": face.roll,
        "head_pose_yaw": _pose(face.yaw),
        "head_pose_pitch": _pose(face.pitch),
        "head_pose_roll": _pose(face.roll),
        # The contours of these networks keep 0.02 to 0.036 of a closed eye, where the standard's keep none.
        "eyes_open": 100 * sigmoid(face.eye_opening / t, 0.05, 0.007),
        "eye_opening_share": face.eye_opening / t,
        "mouth_closed": 100 * (1 - sigmoid(face.mouth_opening / t, 0.2, 0.06)),
        "mouth_opening_share": face.mouth_opening / t,
        "head_size": 200 * (1 - sigmoid(abs(t / min(portrait.height, height) - 0.45), 0, 0.05)),
        "crop_left": 100 * sigmoid(face.right_eye[0] / face.inter_eye, 0.9, 0.1),
        "crop_right": 100 * sigmoid((width - face.left_eye[0]) / face.inter_eye, 0.9, 0.1),
        "margin_above": 100 * sigmoid(eyes_y / t, 1.4, 0.1),
        "margin_below": 100 * sigmoid((height - eyes_y) / t, 1.8, 0.1),
        "eyes_x_share": eyes_x / width,
        "eyes_y_share": eyes_y / height,
    }


def _pose(angle_deg: float) -> float:
    return float(100 * max(0.0, np.cos(np.radians(angle_deg))) ** 2)


def _score(metrics: dict[str, float]) -> int:
    parts = np.array([metrics[name] for name in SCORED if name in metrics])
    return int(np.clip(round(float(parts.mean() * (1 + parts.min() / 100) / 2)), 0, 100))


def _defects(
    metrics: dict[str, float],
    face: FaceGeometry,
    background: BackgroundColour | None,
    *,
    width: int,
    height: int,
) -> tuple[Defect, ...]:
    cut = portrait_of(face, frame_height=height)
    t = face.eyes_to_chin
    too_far = t < SMALLEST_EYES_TO_CHIN * min(PORTRAIT_HEIGHT, height)
    too_near = t > LARGEST_EYES_TO_CHIN * height or cut.width > 1.02 * width
    found = {
        Defect.SEVERAL_FACES: metrics["second_face_share"] > _SECOND_FACE_SHARE,
        Defect.TOO_FAR: too_far,
        Defect.TOO_NEAR: too_near,
        Defect.OFF_CENTRE: not too_near and _pushed(cut, width=width, height=height) > _OFF_CENTRE_SHARE,
        Defect.HEAD_TURNED: abs(face.yaw) > _TURNED_DEG or abs(face.pitch) > _NODDED_DEG,
        Defect.HEAD_TILTED: abs(face.roll) > _TILTED_DEG,
        Defect.TOO_DARK: metrics["luminance_mean_share"] < _DARK_FACE,
        Defect.TOO_BRIGHT: metrics["luminance_mean_share"] > _BRIGHT_FACE
        or metrics["over_exposure_share"] > _BURNT_SHARE,
        Defect.UNEVEN_LIGHT: metrics["light_difference_stops"] > _LIGHT_DIFFERENCE_STOPS,
        Defect.OUT_OF_FOCUS: metrics["sharpness"] < _SHARPNESS_FLOOR,
        Defect.EYES_CLOSED: metrics["eyes_open"] < _EYES_OPEN_FLOOR,
        Defect.MOUTH_OPEN: metrics["mouth_opening_share"] > _MOUTH_OPENING_SHARE,
        Defect.GLASSES: metrics["frame_line"] > _FRAME_LINE,
        Defect.GLARE: metrics["eye_glare_share"] > _EYE_GLARE_SHARE,
        Defect.BACKGROUND_NOT_PLAIN: metrics.get("background_uniformity", 100.0) < _PLAIN_FLOOR
        or metrics.get("background_spread_levels", 0.0) > _PLAIN_SPREAD,
        Defect.BACKGROUND_WRONG_COLOUR: background is not None
        and metrics.get(f"background_{background.value}_share", 1.0) < _CLOTH_SHARE,
    }
    return tuple(defect for defect, present in found.items() if present)


def _pushed(cut: Portrait, *, width: int, height: int) -> float:
    """How far the portrait must leave its ideal place to lie inside the frame, of its own size."""
    x, y, w, h = held_inside(cut, width=width, height=height)
    across = abs(x + w / 2 - cut.x - cut.width / 2) / cut.width
    down = abs(y + EYE_LINE * h - cut.y - EYE_LINE * cut.height) / cut.height
    return max(across, down)
