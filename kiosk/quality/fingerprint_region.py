"""Which part of a picture is finger: the trimmed frame and the region of interest of NFIQ 2.3."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.quality.kernels_blocks import BLOCK
from kiosk.quality.kernels_smooth import SmoothScratch, gaussian_weights, smooth
from kiosk.quality.workspace import Workspace

WHITE = 250.0
"""Rows and columns at the edge with a mean over this hold no finger (NFIQ 2)."""

_SMOOTH = gaussian_weights(41)
_CLOSE = gaussian_weights(91)
_HALF_SMOOTH = gaussian_weights(19)
_HALF_CLOSE = gaussian_weights(45)
"""The two Gaussian windows at 500 and at 250 ppi, 2 mm and 4.6 mm at 500 ppi (NFIQ 2, region of interest)."""


_DARKEN = np.ones((5, 5), np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """mask (h, w) bool: finger. mean: its mean grey, 255 when there is none. blocks (rows, columns) bool:
    32x32 cells, edge remainders too, that hold any of it."""

    mask: NDArray[np.bool_]
    mean: float
    blocks: NDArray[np.bool_]


def trim(gray: NDArray[np.uint8], workspace: Workspace) -> NDArray[np.uint8]:
    """Cuts the near-white frame off; a wholly white picture gives an empty array. Lent, always a copy."""
    height, width = gray.shape
    rows = np.flatnonzero(cv2.reduce(gray, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[:, 0] <= WHITE * width)
    columns = np.flatnonzero(cv2.reduce(gray, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[0] <= WHITE * height)
    if rows.size == 0 or columns.size == 0:
        return np.empty((0, 0), np.uint8)
    cut = gray[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    trimmed = workspace.lend("trimmed", cut.shape, np.uint8)
    trimmed[:] = cut
    return trimmed


def region_of_interest(gray: NDArray[np.uint8], workspace: Workspace) -> Region:
    """Erode, smooth, Otsu, smooth, Otsu, fill holes, keep the blob with the largest box (NFIQ 2).

    Its arrays are lent."""
    return _region(gray, _finger_bits(_eroded(gray, workspace), _SMOOTH, _CLOSE, workspace))


def region_of_interest_live(gray: NDArray[np.uint8], workspace: Workspace) -> Region:
    """The same at half the size: within a few pixels of the same outline in an eighth of the time."""
    height, width = gray.shape
    half = workspace.lend("halved", (round(height / 2), round(width / 2)), np.uint8)
    cv2.resize(_eroded(gray, workspace), None, dst=half, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    bits = _finger_bits(half, _HALF_SMOOTH, _HALF_CLOSE, workspace)
    whole = workspace.lend("region", gray.shape, np.uint8)
    cv2.resize(bits, (width, height), dst=whole, interpolation=cv2.INTER_NEAREST)
    return _region(gray, whole)


def _eroded(gray: NDArray[np.uint8], workspace: Workspace) -> NDArray[np.uint8]:
    eroded = workspace.lend("eroded", gray.shape, np.uint8)
    cv2.erode(gray, _DARKEN, dst=eroded)
    return eroded


def _finger_bits(
    dark: NDArray[np.uint8], rough: NDArray[np.uint16], close: NDArray[np.uint16], workspace: Workspace
) -> NDArray[np.uint8]:
    """1 where the finger is. rough, close: weights of the two smoothings."""
    smoothed = workspace.lend("smoothed", dark.shape, np.uint8)
    bits = workspace.lend("finger bits", dark.shape, np.uint8)
    scratch = smooth_scratch(dark.shape, close, workspace)
    smooth(dark, rough, smoothed, scratch)
    cv2.threshold(smoothed, 0, 255, cv2.THRESH_OTSU, dst=bits)
    smooth(bits, close, smoothed, scratch)
    cv2.threshold(smoothed, 0, 1, cv2.THRESH_OTSU | cv2.THRESH_BINARY_INV, dst=bits)
    return _one_blob(bits, workspace)


def smooth_scratch(shape: tuple[int, ...], weights: NDArray[np.uint16], workspace: Workspace) -> SmoothScratch:
    """What `smooth` works in, for these weights and any narrower ones."""
    height, width = shape
    return SmoothScratch(
        line=workspace.lend("smooth line", (width + 2 * (weights.size - 1),), np.uint16),
        across=workspace.lend("smooth across", (height, width), np.uint16),
        totals=workspace.lend("smooth totals", (width,), np.uint32),
    )


def _region(gray: NDArray[np.uint8], bits: NDArray[np.uint8]) -> Region:
    mean = cv2.mean(gray, mask=bits)[0] if cv2.countNonZero(bits) else 255.0
    mask = bits.view(np.bool_)
    return Region(mask, float(mean), blocks_of(mask))


def _one_blob(bits: NDArray[np.uint8], workspace: Workspace) -> NDArray[np.uint8]:
    """Without holes, and only the blob with the largest box; in place."""
    outlines, _ = cv2.findContours(bits, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if len(outlines) == 1:
        return bits
    height, width = bits.shape
    framed = workspace.lend("framed", (height + 2, width + 2), np.uint8)
    framed[:] = 1
    np.subtract(1, bits, out=framed[1:-1, 1:-1])
    labels = workspace.lend("framed labels", framed.shape, np.int32)
    cv2.connectedComponents(framed, labels=labels, connectivity=4)
    np.not_equal(labels[1:-1, 1:-1], labels[0, 0], out=bits.view(np.bool_))
    labels = workspace.lend("labels", bits.shape, np.int32)
    count, _, stats, _ = cv2.connectedComponentsWithStats(bits, labels=labels, connectivity=4)
    if count > 2:
        boxes = stats[1:, cv2.CC_STAT_WIDTH] * stats[1:, cv2.CC_STAT_HEIGHT]
        np.equal(labels, 1 + int(np.argmax(boxes)), out=bits.view(np.bool_))
    return bits


def blocks_of(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which 32x32 cells, edge remainders too, hold any of the mask.

    NFIQ 2 asks whether a cell's mean is under white, and takes the mean as sum times 1/count: for some sizes of
    remainders that is a hair under white, and the empty cell counts.
    """
    height, width = mask.shape
    rows, columns = np.arange(0, height, BLOCK), np.arange(0, width, BLOCK)
    held = np.logical_or.reduceat(np.logical_or.reduceat(mask, rows, axis=0), columns, axis=1)
    areas = np.outer(np.diff(rows, append=height), np.diff(columns, append=width)).astype(np.float64)
    return np.asarray(held | (255.0 * areas * (1.0 / areas) < 255.0))
