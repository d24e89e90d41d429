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


@njit("float64[::1](uint8[:,::1])", nogil=True, cache=True)
def detail_energy(gray: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Mean squares of the 4-neighbour Laplacian and of the central-difference gradient, inner pixels only."""
    height, width = gray.shape
    out = np.zeros(2)
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            left, right = float(gray[y, x - 1]), float(gray[y, x + 1])
            up, down = float(gray[y - 1, x]), float(gray[y + 1, x])
            laplacian = left + right + up + down - 4.0 * gray[y, x]
            out[0] += laplacian * laplacian
            out[1] += 0.25 * ((right - left) ** 2 + (down - up) ** 2)
    out /= max(1, (height - 2) * (width - 2))
    return out


@njit("float64[::1](uint8[:,::1], int64)", nogil=True, cache=True)
def grain(gray: NDArray[np.uint8], side: int) -> NDArray[np.float64]:
    """Mean absolute response to Immerkaer's noise mask (1996) in each whole square block, row by row."""
    rows, columns = (gray.shape[0] - 2) // side, (gray.shape[1] - 2) // side
    out = np.zeros(rows * columns)
    for row in range(rows):
        for column in range(columns):
            total = 0.0
            for y in range(1 + row * side, 1 + (row + 1) * side):
                for x in range(1 + column * side, 1 + (column + 1) * side):
                    corners = (
                        float(gray[y - 1, x - 1]) + gray[y - 1, x + 1] + gray[y + 1, x - 1] + gray[y + 1, x + 1]
                    )
                    edges = float(gray[y - 1, x]) + gray[y + 1, x] + gray[y, x - 1] + gray[y, x + 1]
                    total += abs(corners - 2.0 * edges + 4.0 * gray[y, x])
            out[row * columns + column] = total / (side * side)
    return out
