"""Kernels of the face measures."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

_CODES = np.arange(256) / 255.0
LINEAR: NDArray[np.float64] = (
    np.where(_CODES <= 0.04045, _CODES / 12.92, ((_CODES + 0.055) / 1.055) ** 2.4) * 255.0
)
"""sRGB code to linear light, 0..255 (IEC 61966-2-1)."""
LINEAR.setflags(write=False)


@njit("uint8[:,::1](uint8[:,:,::1])", nogil=True, cache=True)
def luminance(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Linear luminance (ITU-R BT.709 weights) of an RGB picture, rounded to 0..255."""
    height, width = rgb.shape[:2]
    out = np.empty((height, width), np.uint8)
    for y in range(height):
        for x in range(width):
            light = (
                0.2126 * LINEAR[rgb[y, x, 0]] + 0.7152 * LINEAR[rgb[y, x, 1]] + 0.0722 * LINEAR[rgb[y, x, 2]]
            )
            out[y, x] = np.uint8(light + 0.5)
    return out


@njit("int64[::1](uint8[:,::1], uint8[:,::1])", nogil=True, cache=True)
def histogram(gray: NDArray[np.uint8], mask: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Counts of the 256 grey values where mask is not 0."""
    counts = np.zeros(256, np.int64)
    for y in range(gray.shape[0]):
        for x in range(gray.shape[1]):
            if mask[y, x]:
                counts[gray[y, x]] += 1
    return counts
