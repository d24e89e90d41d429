"""Which part of a picture is finger: the trimmed frame and the region of interest of NFIQ 2.3."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.quality.kernels_blocks import BLOCK

WHITE = 250.0
"""Rows and columns at the edge with a mean over this hold no finger (NFIQ 2)."""

_SMOOTH = 41
_CLOSE = 91
"""Sides of the two Gaussian windows, 2 mm and 4.6 mm at 500 ppi (NFIQ 2, region of interest)."""


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """mask (h, w) bool: finger. mean: its mean grey, 255 when there is none. blocks (rows, columns) bool:
    32x32 cells, edge remainders too, that hold any of it."""

    mask: NDArray[np.bool_]
    mean: float
    blocks: NDArray[np.bool_]


def trim(gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Cuts the near-white frame off; a wholly white picture gives an empty array. Contiguous."""
    height, width = gray.shape
    rows = np.flatnonzero(cv2.reduce(gray, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[:, 0] <= WHITE * width)
    columns = np.flatnonzero(cv2.reduce(gray, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[0] <= WHITE * height)
    if rows.size == 0 or columns.size == 0:
        return np.empty((0, 0), np.uint8)
    return np.ascontiguousarray(gray[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def region_of_interest(gray: NDArray[np.uint8]) -> Region:
    """Erode, smooth, Otsu, smooth, Otsu, fill holes, keep the blob with the largest box (NFIQ 2, ImgProcROI)."""
    dark = cv2.erode(gray, np.ones((5, 5), np.uint8))
    _, rough = cv2.threshold(cv2.GaussianBlur(dark, (_SMOOTH, _SMOOTH), 0), 0, 255, cv2.THRESH_OTSU)
    _, light = cv2.threshold(cv2.GaussianBlur(rough, (_CLOSE, _CLOSE), 0), 0, 255, cv2.THRESH_OTSU)
    mask = _largest(_without_holes(light == 0))
    mean = float(gray[mask].mean()) if mask.any() else 255.0
    return Region(mask, mean, blocks_of(mask))


def _without_holes(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    framed = np.pad(~mask, 1, constant_values=True).astype(np.uint8)
    _, labels = cv2.connectedComponents(framed, connectivity=4)
    return np.asarray(labels[1:-1, 1:-1] != labels[0, 0])


def _largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    if count <= 2:
        return mask
    boxes = stats[1:, cv2.CC_STAT_WIDTH] * stats[1:, cv2.CC_STAT_HEIGHT]
    return np.asarray(labels == 1 + int(np.argmax(boxes)))


def blocks_of(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which 32x32 cells, edge remainders too, hold any of the mask."""
    height, width = mask.shape
    by_row = np.logical_or.reduceat(mask, np.arange(0, height, BLOCK), axis=0)
    return np.asarray(np.logical_or.reduceat(by_row, np.arange(0, width, BLOCK), axis=1))
