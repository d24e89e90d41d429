"""Where a face's parts lie, how the head is turned, and the portrait cut around it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kiosk.quality.face_networks import LEFT_EYE_CORNERS, RIGHT_EYE_CORNERS, EyeContour, Mesh

FOREHEAD, CHIN, NOSE_ROOT, NOSE_BRIDGE = 10, 152, 168, 197
RIGHT_SIDE, LEFT_SIDE = 234, 454
RIGHT_CHEEK, LEFT_CHEEK = 50, 280
_LIP_PAIRS = ((13, 14), (82, 87), (312, 317), (81, 178), (311, 402))
"""Mesh points of the inner upper and lower lip that face each other."""
_LID_PAIRS = ((2, 10), (3, 11), (4, 12), (5, 13), (6, 14))
"""Lower and upper lid points of an `EyeContour` that face each other."""
# fmt: off
OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)
# fmt: on
"""Outline of the face in the mesh, in order."""

PORTRAIT_ASPECT = 3 / 4
EYE_LINE = 0.45
EYES_TO_CHIN = 0.36
"""The portrait: eyes at 45 % from its top and a head (crown to chin, about twice eyes to chin) of 72 % of its
height, inside the full frontal geometry of ISO/IEC 19794-5:2011 (30-50 % and 60-90 %)."""
LARGEST_EYES_TO_CHIN, SMALLEST_EYES_TO_CHIN = 0.45, 0.30
PORTRAIT_HEIGHT = 640
"""Pixels, the least a printed card needs; 480 wide."""


@dataclass(frozen=True, slots=True)
class FaceGeometry:
    """Lengths in pixels of the picture, angles in degrees.

    Signs as in ISO/IEC 19794-5: yaw positive when the person looks to the own left (the nose points to the
    picture's right), pitch positive when looking down; roll positive when the head leans clockwise.
    eyes_to_chin: T of ISO/IEC 29794-5. inter_eye: between the eye centres, over cos(yaw).
    """

    eye_middle: tuple[float, float]
    right_eye: tuple[float, float]
    left_eye: tuple[float, float]
    eyes_to_chin: float
    inter_eye: float
    eye_opening: float
    mouth_opening: float
    yaw: float
    pitch: float
    roll: float


@dataclass(frozen=True, slots=True)
class Portrait:
    """The cut of the card's portrait in picture pixels, before it is held inside the frame."""

    x: float
    y: float
    width: float
    height: float


def geometry_of(mesh: Mesh, right: EyeContour, left: EyeContour) -> FaceGeometry:
    points = mesh.points.astype(np.float64)
    right_eye, left_eye = (
        points[list(corners)].mean(axis=0) for corners in (RIGHT_EYE_CORNERS, LEFT_EYE_CORNERS)
    )
    middle = (right_eye + left_eye) / 2
    yaw, pitch = _turn(points)
    across = left_eye[:2] - right_eye[:2]
    lips = [np.hypot(*(points[up, :2] - points[low, :2])) for up, low in _LIP_PAIRS]
    return FaceGeometry(
        eye_middle=(float(middle[0]), float(middle[1])),
        right_eye=(float(right_eye[0]), float(right_eye[1])),
        left_eye=(float(left_eye[0]), float(left_eye[1])),
        eyes_to_chin=max(1.0, float(np.hypot(*(points[CHIN, :2] - middle[:2])))),
        inter_eye=max(1.0, float(np.hypot(*across)) / max(0.2, np.cos(np.radians(yaw)))),
        eye_opening=min(_lid_opening(right), _lid_opening(left)),
        mouth_opening=float(max(lips)),
        yaw=yaw,
        pitch=pitch,
        roll=float(np.degrees(np.arctan2(across[1], across[0]))),
    )


def _lid_opening(eye: EyeContour) -> float:
    return float(max(np.hypot(*(eye.lids[low] - eye.lids[up])) for low, up in _LID_PAIRS))


def _turn(points: NDArray[np.float64]) -> tuple[float, float]:
    """Yaw and pitch from the mesh's depth: the plane through temples, forehead and chin."""
    across = points[LEFT_SIDE] - points[RIGHT_SIDE]
    down = points[CHIN] - points[FOREHEAD]
    yaw = np.degrees(np.arctan2(across[2], np.hypot(across[0], across[1])))
    pitch = np.degrees(np.arctan2(down[2], np.hypot(down[0], down[1])))
    return float(yaw), float(pitch)


def portrait_of(face: FaceGeometry, *, frame_height: int) -> Portrait:
    """The ideal cut. It grows to 640 pixels where the head stays large enough for that."""
    height = face.eyes_to_chin / EYES_TO_CHIN
    largest = face.eyes_to_chin / SMALLEST_EYES_TO_CHIN
    smallest = face.eyes_to_chin / LARGEST_EYES_TO_CHIN
    if height < PORTRAIT_HEIGHT <= largest:
        height = float(PORTRAIT_HEIGHT)
    if smallest <= frame_height < height:
        height = float(frame_height)
    width = height * PORTRAIT_ASPECT
    return Portrait(
        x=face.eye_middle[0] - width / 2, y=face.eye_middle[1] - EYE_LINE * height, width=width, height=height
    )


def held_inside(cut: Portrait, *, width: int, height: int) -> tuple[int, int, int, int]:
    """The cut as whole pixels (x, y, w, h), moved and if need be shrunk to lie inside the frame."""
    scale = min(1.0, width / cut.width, height / cut.height)
    tall = max(1, min(height, round(cut.height * scale)))
    wide = max(1, min(width, round(tall * PORTRAIT_ASPECT)))
    centre_x, centre_y = cut.x + cut.width / 2, cut.y + cut.height / 2
    x = min(max(0, round(centre_x - wide / 2)), width - wide)
    y = min(max(0, round(centre_y - tall / 2)), height - tall)
    return x, y, wide, tall
