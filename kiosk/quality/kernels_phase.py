"""Ridges as a wave: the cosine of its phase at every pixel, from a pair of filters turned to the ridge normal.

Steerable even and odd second-order filters (Freeman, Adelson, "The design and use of steerable filters", IEEE
PAMI 13(9), 1991), 9x9 at 333 ppi, with the whole-number taps of the detector NFIQ 2.3 was trained with.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from kiosk.quality.kernels_flow import CELL
from kiosk.quality.kernels_integers import divide_to_zero, octagon_divisor, wrap_int8, wrap_int32

NO_PHASE = 127
"""Outside the finger. Phases are the upper four bits of 127 - 127 cos(phase), so never 127."""

FILTERS = 6
REACH = 4
"""Half the filters' size: the phase image lies this many rows above the picture."""

# taps at 0..4; an even filter repeats them on the other side, an odd one with the sign turned
_EVEN = np.array(
    (
        (-112, -7, 48, 14, 1),  # second derivative across
        (122, 78, 20, 2, 0),  # blur
        (-90, -23, 21, 7, 1),  # its odd partner's second cross term
    ),
    np.int32,
)
_ODD = np.array(
    (
        (0, 71, 37, 6, 0),  # first derivative
        (0, -92, -12, 8, 1),  # odd partner of the second derivative
        (0, 52, 27, 4, 0),  # its first cross term
    ),
    np.int32,
)


@njit("void(uint8[::1], int64, int64, int32[:, ::1])", nogil=True, cache=True)
def _filter_columns(pixels: NDArray[np.uint8], width: int, row: int, columns: NDArray[np.int32]) -> None:
    """columns (6, w + 8): three even, then three odd filters down each pixel of a row, 4 more each side."""
    for place in range(width + 2 * REACH):
        at = row * width + place - REACH
        if at < REACH * width + REACH or at + REACH * width >= pixels.size:
            for kind in range(6):
                columns[kind, place] = 0
            continue
        centre = np.int32(pixels[at])
        down1, up1 = np.int32(pixels[at + width]), np.int32(pixels[at - width])
        down2, up2 = np.int32(pixels[at + 2 * width]), np.int32(pixels[at - 2 * width])
        down3, up3 = np.int32(pixels[at + 3 * width]), np.int32(pixels[at - 3 * width])
        down4, up4 = np.int32(pixels[at + 4 * width]), np.int32(pixels[at - 4 * width])
        for kind in range(3):
            columns[kind, place] = (
                centre * _EVEN[kind, 0]
                + (down1 + up1) * _EVEN[kind, 1]
                + (down2 + up2) * _EVEN[kind, 2]
                + (down3 + up3) * _EVEN[kind, 3]
                + (down4 + up4) * _EVEN[kind, 4]
            )
            columns[3 + kind, place] = (
                (down1 - up1) * _ODD[kind, 1]
                + (down2 - up2) * _ODD[kind, 2]
                + (down3 - up3) * _ODD[kind, 3]
                + (down4 - up4) * _ODD[kind, 4]
            )


@njit("int64(int32[:, ::1], int64, int64, int64)", nogil=True, cache=True)
def _even(columns: NDArray[np.int32], source: int, place: int, kind: int) -> int:
    total = int(columns[source, place]) * _EVEN[kind, 0]
    for tap in range(1, REACH + 1):
        total += (int(columns[source, place + tap]) + columns[source, place - tap]) * _EVEN[kind, tap]
    return int(total)


@njit("int64(int32[:, ::1], int64, int64, int64)", nogil=True, cache=True)
def _odd(columns: NDArray[np.int32], source: int, place: int, kind: int) -> int:
    total = 0
    for tap in range(1, REACH + 1):
        total += (int(columns[source, place + tap]) - columns[source, place - tap]) * _ODD[kind, tap]
    return int(total)


@njit("void(uint8[:, ::1], int32[:, :, ::1], uint8[:, ::1], int32[:, ::1])", nogil=True, cache=True)
def ridge_phase(
    image: NDArray[np.uint8],
    normals: NDArray[np.int32],
    phase: NDArray[np.uint8],
    columns: NDArray[np.int32],
) -> None:
    """phase (h, w): row r is the picture's row r + 4; NO_PHASE without a normal and in the last 8 rows.

    columns (FILTERS, w + 2 REACH): scratch.
    """
    height, width = image.shape
    pixels = image.reshape(height * width)
    phase[:] = NO_PHASE
    for row in range(REACH, height - REACH):
        known = False
        for cell in range(width // CELL):
            known = known or normals[row // CELL, cell, 0] != 0 or normals[row // CELL, cell, 1] != 0
        if not known:
            continue
        _filter_columns(pixels, width, row, columns)
        for cell in range(width // CELL):
            c, s = int(normals[row // CELL, cell, 0]), int(normals[row // CELL, cell, 1])
            if c == 0 and s == 0:
                continue
            cc, cs, ss = (c * c + 64) >> 7, (2 * c * s + 64) >> 7, (s * s + 64) >> 7
            ccc, ccs = (c * cc + 64) >> 7, (3 * cc * s + 64) >> 7
            css, sss = (3 * ss * c + 64) >> 7, (s * ss + 64) >> 7
            for column in range(cell * CELL, cell * CELL + CELL):
                at = column + REACH
                even = (
                    cc * _even(columns, 1, at, 0) + cs * _odd(columns, 3, at, 0) + ss * _even(columns, 0, at, 1)
                )
                odd = (
                    ccc * _odd(columns, 1, at, 1)
                    + ccs * _even(columns, 5, at, 2)
                    + css * _odd(columns, 2, at, 2)
                    + sss * _even(columns, 4, at, 1)
                )
                even = wrap_int32(even + 1024) >> 11
                odd = wrap_int32(odd + 1024) >> 11
                if even == 0:
                    continue
                divisor = octagon_divisor(even, odd)
                wave = wrap_int8(divide_to_zero(even, divisor)) if divisor else 0
                phase[row - REACH, column] = (127 - wave) & 0xF0
