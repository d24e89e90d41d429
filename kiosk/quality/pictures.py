"""Pictures as the measures take them, whatever the camera or the file gave."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def as_gray(picture: NDArray[np.uint8], what: str) -> NDArray[np.uint8]:
    """(h, w) uint8: the picture itself, or grey (ITU-R BT.601) of RGB (h, w, 3).

    what: the picture's name in the error. Raises ValueError for another shape or type.
    """
    _check(picture, what)
    if picture.ndim == 2:
        return picture
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY), np.uint8)


def as_rgb(picture: NDArray[np.uint8], what: str) -> NDArray[np.uint8]:
    """(h, w, 3) uint8, C-contiguous: the picture itself where it is that. Raises ValueError as `as_gray`."""
    _check(picture, what)
    if picture.ndim == 3:
        return np.ascontiguousarray(picture)
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_GRAY2RGB), np.uint8)


def _check(picture: NDArray[np.uint8], what: str) -> None:
    flat = picture.ndim == 2 or (picture.ndim == 3 and picture.shape[2] == 3)
    if not flat or picture.dtype != np.uint8:
        raise ValueError(f"{what} is (h, w) or (h, w, 3) uint8, not {picture.shape} {picture.dtype}")
