"""Minutiae of one fingerprint: reduce, find ridges and their flow, enhance, make a wave, look for its corners.

The minutiae agree with those NFIQ 2.3 counts (FingerJetFX OSE, whose method and constants these are).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kiosk.enrollment.minutiae import Minutia, MinutiaType, Template
from kiosk.quality.kernels_flow import (
    CELL,
    footprint_of,
    reduce_to_333,
    ridge_flow,
    smooth_normals,
)
from kiosk.quality.kernels_minutiae import find_minutiae, wave_corners
from kiosk.quality.kernels_phase import ridge_phase
from kiosk.quality.kernels_spectrum import enhance_ridges

SMALLEST = 196
"""Narrower or lower images are padded with white to this many pixels."""

LARGEST_WIDTH = 256
LARGEST_HEIGHT = 400
"""Pixels at 333 ppi; of a larger image the middle is read."""

MOST = 255
_FRAME_X = 1
_FRAME_Y = 6
"""How far the phase image lies off the picture, in pixels at 333 ppi."""


def extract(gray: NDArray[np.uint8]) -> Template:
    """Minutiae of an image (h, w) uint8 at 500 ppi, ridges dark. Fewer than a handful means no finger."""
    height, width = gray.shape
    if height == 0 or width == 0:
        return Template((), width, height)
    found = detect(gray)
    minutiae = tuple(
        Minutia(x, y, (64 - angle) & 255, MinutiaType(kind), min(100, strength * 100 // 255))
        for x, y, angle, strength, kind in found.tolist()
        if x < width and y < height
    )
    return Template(minutiae, width, height)


def detect(gray: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Rows (x, y, angle, strength, kind), strongest first; x, y in pixels of `gray`."""
    padded = _at_least(gray, SMALLEST)
    small, left, top = _reduce(padded)
    height, width = small.shape
    cells = (height // CELL, width // CELL)
    flow = np.empty((*cells, 2), np.int32)
    footprint = np.empty(cells, np.uint8)
    ridge_flow(small, flow)
    footprint_of(flow, footprint)
    enhanced = np.empty_like(small)
    enhance_ridges(small, enhanced)
    ridge_flow(enhanced, flow)
    smooth_normals(flow, footprint)
    phase = np.empty_like(small)
    ridge_phase(enhanced, flow, phase)
    corners = np.empty((height, width), np.int32)
    directions = np.empty((height // 2, width // 2, 2), np.int8)
    wave_corners(phase, corners, directions)
    found = np.empty((height * width // 9, 5), np.int64)
    found = found[: find_minutiae(phase, corners, directions, found)]
    order = np.lexsort((found[:, 2], found[:, 0], found[:, 1], -found[:, 3]))[:MOST]
    found = found[order]
    found[:, 0] = _to_500(found[:, 0], left)
    found[:, 1] = _to_500(found[:, 1], top)
    return found


def _to_500(places: NDArray[np.int64], shift: int) -> NDArray[np.int64]:
    """333 ppi to 500 ppi by way of 127ths, as the detector's records are scaled."""
    scaled = places * 635 // 500 + shift * 635 // 500
    return np.asarray((scaled * 197 + 83) // 167)


def _at_least(gray: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    height, width = gray.shape
    if height >= side and width >= side:
        return gray
    padded = np.full((max(height, side), max(width, side)), 255, np.uint8)
    padded[:height, :width] = gray
    return padded


def _reduce(gray: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], int, int]:
    """The picture at 333 ppi, in whole cells, and how far it lies off in x and y."""
    height, width = gray.shape
    rows, columns = height // 6 * 4, width // 6 * 4
    left, top = _FRAME_X, _FRAME_Y
    if rows > LARGEST_HEIGHT:
        cut = (height - LARGEST_HEIGHT * 3 // 2) // 2
        gray = gray[cut:]
        top += (rows - LARGEST_HEIGHT) // 2
        rows = LARGEST_HEIGHT
    if columns > LARGEST_WIDTH:
        cut = (width - LARGEST_WIDTH * 3 // 2) // 2
        gray = gray[:, cut:]
        left += (columns - LARGEST_WIDTH) // 2
        columns = LARGEST_WIDTH
    small = np.empty((rows, columns), np.uint8)
    reduce_to_333(np.array(gray, order="C"), small)
    return small, left, top
