"""Whether two pictures show the same person, by their faces.

A face becomes 128 numbers (`face_identity_network`); their distance decides. Nothing is kept: the numbers
are as personal as the picture, and are made anew from it whenever they are wanted.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.quality.face_identity_network import SIDE, Network
from kiosk.quality.face_networks import FaceEngine

MATCHER = "dlib-resnet-v1"

SAME_PERSON_DISTANCE = 0.5
"""Its author's 0.6 is meant for pictures taken years apart. These are minutes apart, and at 0.6 too many people
of like looks pass (docs/quality.md)."""

_MESH_POINTS = (263, 362, 33, 133, 2)
"""Corners of the left eye, outer and inner, of the right eye, and the foot of the nose."""

_PADDING = 0.25
_CHIP_POINTS = np.array(
    [
        (0.8595674595992, 0.2134981538014),
        (0.6460604764104, 0.2289674387677),
        (0.1205750620789, 0.2137274526848),
        (0.3340850613712, 0.2290642403242),
        (0.4901123135679, 0.6277975316475),
    ]
)
"""Where those points lie in the faces the network was trained on, as shares of the face inside its padding:
the mean face of dlib's five-point alignment (image_transforms/interpolation.h)."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """distance: Euclidean, 0 for the same picture, 0.8 in the middle of strangers."""

    distance: float

    @property
    def score(self) -> float:
        """0 to 100, higher is more alike; 50 at the threshold."""
        return round(100 * max(0.0, 1 - self.distance / (2 * SAME_PERSON_DISTANCE)), 2)

    @property
    def same_person(self) -> bool:
        return self.distance < SAME_PERSON_DISTANCE


def compare_faces(
    probe: NDArray[np.uint8], reference: NDArray[np.uint8], *, engine: FaceEngine, network: Network
) -> Likeness | None:
    """The largest face of each picture, (h, w, 3) uint8 RGB; None when one has no face."""
    chips = [face_chip(picture, engine=engine) for picture in (probe, reference)]
    if chips[0] is None or chips[1] is None:
        return None
    return Likeness(float(np.linalg.norm(network(chips[0]) - network(chips[1]))))


def face_chip(rgb: NDArray[np.uint8], *, engine: FaceEngine) -> NDArray[np.uint8] | None:
    """The largest face turned upright, (150, 150, 3), as the network knows faces; None without one."""
    faces = engine.detect(rgb, thorough=True)
    if not faces:
        return None
    points = engine.mesh(rgb, faces[0]).points
    return align(rgb, points[list(_MESH_POINTS), :2].astype(np.float64))


def align(rgb: NDArray[np.uint8], points: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Turn, scale and shift a face so that its five points come to lie as near their places as they can.

    points: (5, 2) pixels, in the order of the mesh points above. Least squares: Umeyama 1991.
    """
    places = SIDE * (_CHIP_POINTS + _PADDING) / (1 + 2 * _PADDING)
    to_picture = _similarity(places, points)
    shrink = float(np.hypot(to_picture[0, 0], to_picture[1, 0]))
    if shrink > 2:  # more than two pixels become one: average them first, or fine patterns turn to noise
        smaller = cv2.resize(rgb, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA)
        rgb = np.asarray(smaller, np.uint8)
        to_picture = _similarity(places, (points + 0.5) / shrink - 0.5)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(rgb, to_picture, (SIDE, SIDE), flags=flags), np.uint8)


def _similarity(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """(2, 3): the turn, scale and shift that takes `source` nearest to `target`; no mirroring."""
    middle, goal = source.mean(axis=0), target.mean(axis=0)
    a, b = (source - middle) @ (1, 1j), (target - goal) @ (1, 1j)
    turn = np.vdot(a, b) / np.vdot(a, a)
    matrix = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    return np.column_stack((matrix, goal - matrix @ middle))
