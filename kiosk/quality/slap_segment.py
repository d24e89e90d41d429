"""Where the fingertips lie on a platen: blobs of ridges on a grid of 0.4 mm cells."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.quality.kernels_slap import CELL, cell_statistics
from kiosk.quality.workspace import Workspace

SMALLEST_TIP = 280
"""Cells, 46 mm2: a little finger's tip, lightly placed. Writing and specks are smaller."""

STROKE = 9
"""Cells, 3.7 mm: lines, letters and pen strokes are thinner than this, fingers are not."""

LEAST_VARIATION = 10.0
VARIATION_SHARE = 0.45
"""A cell belongs to a finger when its grey deviates at least so much, and this share of the ridges' usual."""

LEAST_MARK = 3.0
MARK_OVER_NOISE = 2.5
"""Grey deviation of residue, and how it stands out of the sensor's noise; a clean platen has 1 to 2."""

LONGEST_TIP = 2.2
"""Height over width of a print down to its first crease, at most; further down is the next joint."""

SOLID = 0.90
"""Share of its convex hull that one finger fills; two that touch fill less."""

LIKE_CORE = 0.7
DEEPEST_NECK = 0.9
"""A blob as solid as one finger is two when it has two middles of like depth and a neck shallower than this."""

LONE_LEAN = 0.6
"""A thumb touches with one flank first: alone, its print leans further than the thumb does."""

LARGEST_LEAN = 15.0
"""Degrees by which one finger can lean away from the hand."""


@dataclass(frozen=True, slots=True)
class Tip:
    """A fingertip in pixels: centre, size across and along, clockwise lean from upright in degrees.

    area: cells. at_side, at_end: the picture cuts it off left or right, above or below. group: tips that touch
    share it.
    """

    x: float
    y: float
    width: float
    height: float
    angle: float
    area: int
    at_side: bool
    at_end: bool
    group: int

    @property
    def box(self) -> tuple[int, int, int, int]:
        return (
            round(self.x - self.width / 2),
            round(self.y - self.height / 2),
            round(self.width),
            round(self.height),
        )


@dataclass(frozen=True, slots=True)
class Segmentation:
    """tips: the uppermost blob of each finger, left to right. angle: the hand's lean in degrees clockwise.
    marked_mm2: everything that is not clean platen. width, height: of the picture in pixels."""

    tips: tuple[Tip, ...]
    angle: float
    marked_mm2: float
    width: int
    height: int


@dataclass(frozen=True, slots=True, eq=False)
class _Blob:
    points: NDArray[np.float64]
    """(n, 2) cell centres x, y in pixels."""
    group: int
    axis: float
    elongation: float


def segment(gray: NDArray[np.uint8], workspace: Workspace) -> Segmentation:
    """gray (h, w) uint8, 500 ppi, ridges dark on a light platen, fingertips up."""
    height, width = gray.shape
    rows, columns = height // CELL, width // CELL
    if rows == 0 or columns == 0:
        return Segmentation((), 0.0, 0.0, width, height)
    means, deviations, smooth = workspace.lend("slap cells", (3, rows, columns), np.float32)
    sums = workspace.lend("slap cell sums", (2, columns), np.int64)
    cell_statistics(np.ascontiguousarray(gray), means, deviations, sums)
    cv2.blur(deviations, (3, 3), dst=smooth)
    mark = max(LEAST_MARK, MARK_OVER_NOISE * float(np.median(smooth)))
    marked = float(np.count_nonzero(smooth > mark)) * (CELL * 25.4 / 500) ** 2
    blobs = _blobs(_finger_cells(smooth))
    if not blobs:
        return Segmentation((), 0.0, marked, width, height)
    angle = _hand_angle(blobs)
    tips = _topmost([_tip(blob, angle, gray.shape) for blob in blobs], angle)
    return Segmentation(tuple(tips), angle, marked, width, height)


def _finger_cells(smooth: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Cells of ridges, without thin strokes and without holes."""
    strong = smooth[smooth > LEAST_VARIATION]
    usual = float(np.percentile(strong, 80)) if strong.size else 0.0
    cells = (smooth > max(LEAST_VARIATION, VARIATION_SHARE * usual)).astype(np.uint8)
    stroke = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (STROKE, STROKE))
    opened = np.asarray(cv2.morphologyEx(cells, cv2.MORPH_OPEN, stroke), np.uint8)
    background = np.pad(1 - opened, 1, constant_values=1)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(background, connectivity=4)
    holes = [label for label in range(1, count) if label != labels[0, 0] and stats[label, 4] < SMALLEST_TIP * 2]
    return np.asarray(opened | np.isin(labels[1:-1, 1:-1], holes), np.uint8)


def _blobs(cells: NDArray[np.uint8]) -> list[_Blob]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(cells, connectivity=4)
    blobs = []
    for label in range(1, count):
        if stats[label, cv2.CC_STAT_AREA] >= SMALLEST_TIP:
            left, top, width, height = stats[label, :4]
            piece = (labels[top : top + height, left : left + width] == label).astype(np.uint8)
            blobs += [_blob(part, left, top, group=label) for part in _split(piece)]
    return blobs


def _blob(piece: NDArray[np.bool_], left: int, top: int, *, group: int) -> _Blob:
    ys, xs = np.nonzero(piece)
    points = np.asarray((np.column_stack([xs + left, ys + top]) + 0.5) * CELL, np.float64)
    across, along, mixed = np.cov(points.T)[[0, 1, 0], [0, 1, 1]]
    spread = math.hypot(along - across, 2 * mixed)
    axis = math.degrees(0.5 * math.atan2(-2 * mixed, along - across))
    return _Blob(points, group, axis, spread / (along + across))


def _split(piece: NDArray[np.uint8]) -> list[NDArray[np.bool_]]:
    """Cuts a blob of several fingers between its thick middles; one finger comes back whole."""
    outline, _ = cv2.findContours(piece, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    hull = cv2.contourArea(cv2.convexHull(np.concatenate(outline)))
    smallest_core = 0.0 if piece.sum() < SOLID * hull else LIKE_CORE
    depth = cv2.distanceTransform(np.pad(piece, 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    deepest = float(depth.max())
    for share in np.arange(0.25, 0.95, 0.05):
        cores = (depth > share * deepest).astype(np.uint8)
        count, labels, stats, centres = cv2.connectedComponentsWithStats(cores, connectivity=8)
        large = [
            label
            for label in range(1, count)
            if stats[label, cv2.CC_STAT_AREA] >= 12 and depth[labels == label].max() >= smallest_core * deepest
        ]
        if len(large) > 1 and (not smallest_core or _side_by_side(np.asarray(centres[large], np.float64))):
            return _grow(piece, np.asarray(labels, np.int32), large)
        if smallest_core and share > DEEPEST_NECK:
            break
    return [piece.astype(bool)]


def _side_by_side(centres: NDArray[np.float64]) -> bool:
    """Fingers touch beside each other; what narrows from above to below is one finger at its crease."""
    spread = np.ptp(centres, axis=0)
    return bool(spread[0] > spread[1])


def _grow(piece: NDArray[np.uint8], labels: NDArray[np.int32], cores: list[int]) -> list[NDArray[np.bool_]]:
    """Each cell goes to the core it is nearest to; parts are split again; crumbs are dropped."""
    nearest = np.stack(
        [cv2.distanceTransform((labels != core).astype(np.uint8), cv2.DIST_L2, 5) for core in cores]
    )
    owner = nearest.argmin(axis=0)
    parts = []
    for place in range(len(cores)):
        part = (piece > 0) & (owner == place)
        if int(part.sum()) >= SMALLEST_TIP // 2:
            parts += _split(part.astype(np.uint8))
    return parts


def _hand_angle(blobs: list[_Blob]) -> float:
    """Weighted median of the blobs' long axes; blobs that lie rather than stand do not count."""
    standing = [blob for blob in blobs if abs(blob.axis) < 50] or blobs
    axes = np.array([blob.axis for blob in standing])
    weights = np.array([blob.elongation * len(blob.points) for blob in standing])
    order = np.argsort(axes)
    summed = np.cumsum(weights[order])
    median = float(axes[order][np.searchsorted(summed, summed[-1] / 2)])
    return median if len(blobs) > 2 else LONE_LEAN * median


def _tip(blob: _Blob, hand_angle: float, shape: tuple[int, ...]) -> Tip:
    lean = max(-LARGEST_LEAN, min(LARGEST_LEAN, blob.axis - hand_angle))
    angle = hand_angle + lean * min(1.0, blob.elongation / 0.3)
    sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    across = blob.points @ np.array([cosine, sine])
    along = blob.points @ np.array([-sine, cosine])
    width = across.max() - across.min() + CELL
    top = along.min() - CELL / 2
    height = min(along.max() + CELL / 2 - top, LONGEST_TIP * width)
    u, v = (across.max() + across.min()) / 2, top + height / 2
    edge = blob.points.min(axis=0) - CELL, np.array(shape[1::-1]) - blob.points.max(axis=0) - CELL
    at_side = bool(min(edge[0][0], edge[1][0]) < CELL)
    return Tip(
        x=float(u * cosine - v * sine),
        y=float(u * sine + v * cosine),
        width=float(width),
        height=float(height),
        angle=angle,
        area=len(blob.points),
        at_side=at_side,
        at_end=bool(min(edge[0][1], edge[1][1]) < CELL),
        group=blob.group,
    )


def _topmost(tips: list[Tip], angle: float) -> list[Tip]:
    """Without the lower joints, which lie below another tip along the hand, and without what only reaches in
    from beyond the upper or lower edge. Left to right."""
    sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))

    def across(tip: Tip) -> float:
        return tip.x * cosine + tip.y * sine

    def along(tip: Tip) -> float:
        return tip.y * cosine - tip.x * sine

    kept: list[Tip] = []
    whole = [tip for tip in tips if not tip.at_end or tip.height > 0.8 * tip.width]
    for tip in sorted(whole or tips, key=along):
        covered = any(
            abs(across(tip) - across(above)) < 0.6 * max(tip.width, above.width)
            and along(tip) - along(above) > 0.5 * above.height
            for above in kept
            if above.area > tip.area or not above.at_side
        )
        if not covered:
            kept.append(tip)
    return sorted(kept, key=across)
