"""Minutiae of one fingerprint: reduce, find ridges and their flow, enhance, make a wave, look for its corners.

The minutiae agree with those NFIQ 2.3 counts (FingerJetFX OSE, whose method and constants these are).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kiosk.enrollment.minutiae import Minutia, MinutiaType, Template
from kiosk.quality.kernels_flow import (
    CELL,
    SIGNALS,
    footprint_of,
    reduce_to_333,
    ridge_flow,
    signal_length,
    smooth_normals,
)
from kiosk.quality.kernels_minutiae import PATCH, find_minutiae, products_length, wave_corners
from kiosk.quality.kernels_phase import FILTERS, REACH, ridge_phase
from kiosk.quality.kernels_spectrum import HALF, SIDE, enhance_ridges
from kiosk.quality.pictures import as_gray
from kiosk.quality.workspace import Workspace

SMALLEST = 196
"""Narrower or lower images are padded with white to this many pixels."""

LARGEST_WIDTH = 256
LARGEST_HEIGHT = 400
"""Pixels at 333 ppi; of a larger image the middle is read."""

MOST = 255
_FRAME_X = 1
_FRAME_Y = 6
"""How far the phase image lies off the picture, in pixels at 333 ppi."""


def extract(gray: NDArray[np.uint8], *, workspace: Workspace | None = None) -> Template:
    """Minutiae of an image (h, w) uint8 at 500 ppi, ridges dark. Fewer than a handful means no finger.

    workspace: a caller with more than one picture keeps one and passes it."""
    gray = as_gray(gray, "a fingerprint")
    height, width = gray.shape
    if height == 0 or width == 0:
        return Template((), width, height)
    found = detect(gray, workspace or Workspace())
    minutiae = tuple(
        Minutia(x, y, (64 - angle) & 255, MinutiaType(kind), min(100, strength * 100 // 255))
        for x, y, angle, strength, kind in found.tolist()
        if x < width and y < height
    )
    return Template(minutiae, width, height)


def detect(gray: NDArray[np.uint8], workspace: Workspace) -> NDArray[np.int64]:
    """Rows (x, y, angle, strength, kind), strongest first; x, y in pixels of `gray`."""
    small, left, top = _reduce(_at_least(gray, SMALLEST, workspace), workspace)
    found = _found(_phase(small, workspace), workspace)
    order = np.lexsort((found[:, 2], found[:, 0], found[:, 1], -found[:, 3]))[:MOST]
    found = found[order]
    found[:, 0] = _to_500(found[:, 0], left)
    found[:, 1] = _to_500(found[:, 1], top)
    return found


def _phase(small: NDArray[np.uint8], workspace: Workspace) -> NDArray[np.uint8]:
    """The ridges of a picture at 333 ppi as a wave."""
    height, width = small.shape
    cells = (height // CELL, width // CELL)
    flow = workspace.lend("ridge flow", (*cells, 2), np.int32)
    signals = workspace.lend("flow signals", (SIGNALS, signal_length(height, width)), np.int32)
    totals = workspace.lend("flow totals", (*cells, 2), np.int64)
    footprint = workspace.lend("footprint", cells, np.uint8)
    ridge_flow(small, flow, signals, totals)
    footprint_of(flow, footprint, workspace.lend("footprint before", cells, np.uint8))
    enhanced = workspace.lend("enhanced", small.shape, np.uint8)
    pairs = workspace.lend("wave pairs", (2, HALF, SIDE), np.int32)
    enhance_ridges(small, enhanced, pairs, workspace.lend("waves", (2, SIDE, HALF), np.int32))
    ridge_flow(enhanced, flow, signals, totals)
    smooth_normals(flow, footprint, workspace.lend("blurred flow", (2, *cells, 2), np.int32))
    phase = workspace.lend("phase", small.shape, np.uint8)
    ridge_phase(enhanced, flow, phase, workspace.lend("phase filters", (FILTERS, width + 2 * REACH), np.int32))
    return phase


def _found(phase: NDArray[np.uint8], workspace: Workspace) -> NDArray[np.int64]:
    """Rows (x, y, angle, strength, kind) in pixels of the phase image."""
    height, width = phase.shape
    corners = workspace.lend("corners", phase.shape, np.int32)
    directions = workspace.lend("corner directions", (height // 2, width // 2, 2), np.int8)
    products = workspace.lend("corner products", (3, products_length(height, width)), np.int32)
    wave_corners(phase, corners, directions, products)
    found = workspace.lend("found minutiae", (height * width // 9, 5), np.int64)
    patch = workspace.lend("minutia patch", (PATCH + 2, PATCH), np.int64)
    return found[: find_minutiae(phase, corners, directions, found, patch)]


def _to_500(places: NDArray[np.int64], shift: int) -> NDArray[np.int64]:
    """333 ppi to 500 ppi by way of 127ths, as the detector's records are scaled."""
    scaled = places * 635 // 500 + shift * 635 // 500
    return np.asarray((scaled * 197 + 83) // 167)


def _at_least(gray: NDArray[np.uint8], side: int, workspace: Workspace) -> NDArray[np.uint8]:
    height, width = gray.shape
    if height >= side and width >= side:
        return gray
    padded = workspace.lend("padded", (max(height, side), max(width, side)), np.uint8)
    padded[:] = 255
    padded[:height, :width] = gray
    return padded


def _reduce(gray: NDArray[np.uint8], workspace: Workspace) -> tuple[NDArray[np.uint8], int, int]:
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
    small = workspace.lend("reduced", (rows, columns), np.uint8)
    reduce_to_333(gray, small)
    return small, left, top
