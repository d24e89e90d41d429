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


@njit("void(uint8[:,:,::1], uint8[:,::1])", nogil=True, cache=True)
def luminance(rgb: NDArray[np.uint8], light: NDArray[np.uint8]) -> None:
    """light (h, w): linear luminance (ITU-R BT.709 weights) of an RGB picture, rounded to 0..255."""
    height, width = rgb.shape[:2]
    for y in range(height):
        for x in range(width):
            level = (
                0.2126 * LINEAR[rgb[y, x, 0]] + 0.7152 * LINEAR[rgb[y, x, 1]] + 0.0722 * LINEAR[rgb[y, x, 2]]
            )
            light[y, x] = np.uint8(level + 0.5)


@njit("float64(float64)", nogil=True, cache=True)
def _cube_root(share: float) -> float:
    """f(t) of CIE 1976 L*a*b*, straight near black."""
    return float(share ** (1 / 3)) if share > 0.008856 else 7.787 * share + 16 / 116


@njit("UniTuple(float64, 2)(uint8[:,:,::1])", nogil=True, cache=True)
def mean_ab(rgb: NDArray[np.uint8]) -> tuple[float, float]:
    """Mean a* and b* of an sRGB picture (CIE 1976, white D65).

    Our own, as the first conversion by OpenCV builds tables for 0.1 to 0.2 s: five frames of a live preview.
    """
    a, b = 0.0, 0.0
    for y in range(rgb.shape[0]):
        for x in range(rgb.shape[1]):
            red, green, blue = (
                LINEAR[rgb[y, x, 0]] / 255,
                LINEAR[rgb[y, x, 1]] / 255,
                LINEAR[rgb[y, x, 2]] / 255,
            )
            cie_x = _cube_root((0.412453 * red + 0.357580 * green + 0.180423 * blue) / 0.950456)
            cie_y = _cube_root(0.212671 * red + 0.715160 * green + 0.072169 * blue)
            cie_z = _cube_root((0.019334 * red + 0.119193 * green + 0.950227 * blue) / 1.088754)
            a += 500 * (cie_x - cie_y)
            b += 200 * (cie_y - cie_z)
    pixels = max(1, rgb.shape[0] * rgb.shape[1])
    return a / pixels, b / pixels


@njit("void(uint8[:,::1], uint8[:,::1], int64[::1])", nogil=True, cache=True)
def histogram(gray: NDArray[np.uint8], mask: NDArray[np.uint8], counts: NDArray[np.int64]) -> None:
    """counts (256,): of the grey values where mask is not 0."""
    counts[:] = 0
    for y in range(gray.shape[0]):
        for x in range(gray.shape[1]):
            if mask[y, x]:
                counts[gray[y, x]] += 1


@njit("UniTuple(float64, 2)(uint8[:,::1])", nogil=True, cache=True)
def detail_energy(gray: NDArray[np.uint8]) -> tuple[float, float]:
    """Mean squares of the 4-neighbour Laplacian and of the central-difference gradient, inner pixels only."""
    height, width = gray.shape
    bends, slopes = np.int64(0), np.int64(0)
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            left, right = np.int32(gray[y, x - 1]), np.int32(gray[y, x + 1])
            up, down = np.int32(gray[y - 1, x]), np.int32(gray[y + 1, x])
            laplacian = left + right + up + down - 4 * np.int32(gray[y, x])
            bends += laplacian * laplacian
            slopes += (right - left) * (right - left) + (down - up) * (down - up)
    pixels = max(1, (height - 2) * (width - 2))
    return 1.0 * bends / pixels, 0.25 * slopes / pixels


@njit("void(uint8[:,::1], int64, float64[:,::1])", nogil=True, cache=True)
def grain(gray: NDArray[np.uint8], side: int, blocks: NDArray[np.float64]) -> None:
    """blocks ((h - 2) // side, (w - 2) // side): mean absolute response to Immerkaer's noise mask (1996)."""
    rows, columns = blocks.shape
    blocks[:] = 0
    for row in range(rows):
        for y in range(1 + row * side, 1 + (row + 1) * side):
            for column in range(columns):
                left, right = column * side, (column + 1) * side + 2
                # places within a slice are never negative, which lets the compiler take eight at a time
                above, here, below = gray[y - 1, left:right], gray[y, left:right], gray[y + 1, left:right]
                line = np.int32(0)
                for x in range(side):
                    corners = np.int32(above[x]) + np.int32(above[x + 2])
                    corners += np.int32(below[x]) + np.int32(below[x + 2])
                    edges = np.int32(above[x + 1]) + np.int32(below[x + 1])
                    edges += np.int32(here[x]) + np.int32(here[x + 2])
                    middle = np.int32(here[x + 1])
                    line += np.int32(abs(np.int32(corners - np.int32(2) * edges + np.int32(4) * middle)))
                blocks[row, column] += line
    for row in range(rows):
        for column in range(columns):
            blocks[row, column] /= side * side
