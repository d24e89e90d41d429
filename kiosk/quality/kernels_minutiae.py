"""Minutiae in the phase image: corners of the wave, kept when a filter shaped like a fork answers.

A ridge's wave changes along one direction only; where it changes along both, a ridge ends or forks. Method and
constants are those of the detector that NFIQ 2.3 was trained with.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from kiosk.quality.kernels_integers import angle_of, cosine, divide_to_zero, octagon_divisor, sine, wrap_int8
from kiosk.quality.kernels_phase import NO_PHASE

LEAST_CHANGE = 1328
"""Smallest eigenvalue of the smoothed gradient tensor that makes a corner: a tenth of a full wave's."""

TOP = 3
"""First row that has gradients."""

SPAN = 13
"""Side, in steps of 2 pixels, of the square over which the wave's direction is averaged."""

SIZE = 17
"""Side of the fork filter; it is tried at 3x3 places and 5 ridge periods."""

PATCH = SIZE + 2
PLACES = 9
PERIODS = 5
WEAKEST_FORK = 80
LARGEST_MIRROR = 102
"""Of 256: how strong the answer of the mirrored fork may be beside the best one."""

SURE_KIND = 105
"""Fork strength from which ending and fork can be told apart."""

OTHER, ENDING, FORK = 0, 1, 2

_DOWN_EVEN = np.array((50, 48, 41, 32, 23, 14, 8, 4, 2), np.int64)
_DOWN_ODD = np.array((0, 48, 82, 96, 90, 72, 50, 30, 16), np.int64)
# all even; rows: ridge periods 5 to 9 pixels; columns: taps 0..8
_ACROSS_EVEN = np.array(
    (
        (0, 55, -53, -61, 74, 3, -28, 7, 3),
        (0, 42, 0, -83, 3, 63, -1, -25, 1),
        (0, 29, 25, -50, -58, 22, 51, 5, -24),
        (-2, 16, 28, -14, -60, -41, 18, 41, 13),
        (0, 13, 28, 13, -27, -50, -29, 14, 38),
    ),
    np.int64,
)
_ACROSS_ODD = np.array(
    (
        (52, -14, -32, 22, 6, -9, 1, 1, 0),
        (44, 0, -36, 1, 19, 0, -7, 0, 2),
        (37, 9, -28, -18, 12, 14, -1, -6, -1),
        (31, 13, -17, -24, -5, 13, 11, 0, -5),
        (26, 15, -7, -21, -16, 0, 11, 10, 3),
    ),
    np.int64,
)


def products_length(height: int, width: int) -> int:
    """How long a row of products of `wave_corners` is: its delay of two rows and two pixels stands before."""
    return (height + 2) * width + 2


@njit("void(uint8[:, ::1], int32[:, ::1], int8[:, :, ::1], int32[:, ::1])", nogil=True, cache=True)
def wave_corners(
    phase: NDArray[np.uint8],
    corners: NDArray[np.int32],
    directions: NDArray[np.int8],
    products: NDArray[np.int32],
) -> None:
    """corners (h, w): how much the wave changes both ways, 0 where it does not, -1 beyond the image.

    directions (h/2, w/2, 2): doubled direction of the change, on an octagon of radius 127. Cell (y, x) of
    either looks at phase row y + 2, column x - 1 (of the row before for x = 0).
    products (3, products_length(h, w)): scratch.
    """
    height, width = phase.shape
    pixels = phase.reshape(height * width)
    length = height * width
    lead = 2 * width + 2
    products[:] = 0
    last = (height - TOP - 1) * width
    for at in range(last):
        pixel = at + TOP * width
        gx = np.int32(pixels[pixel + 1]) - np.int32(pixels[pixel - 1])
        gy = np.int32(pixels[pixel + width]) - np.int32(pixels[pixel - width])
        products[0, lead + at] = gx * gx
        products[1, lead + at] = gx * gy
        products[2, lead + at] = gy * gy
    for kind in range(3):
        for at in range(length + lead - 1, 2 * width - 1, -1):
            products[kind, at] = (
                2 * products[kind, at - width] + products[kind, at - 2 * width] + products[kind, at]
            )
        for at in range(length + lead - 1, 1, -1):
            total = 2 * products[kind, at - 1] + products[kind, at - 2] + products[kind, at]
            products[kind, at] = (total + 16) >> 5
    for at in range(length):
        row, column = at // width, at % width
        xx = int(products[0, lead + at])
        xy = int(products[1, lead + at])
        yy = int(products[2, lead + at])
        if at >= last:
            corners[row, column] = -1
        else:
            change = (LEAST_CHANGE - xx) * (LEAST_CHANGE - yy) - xy * xy
            corners[row, column] = change if xx + yy > 2 * LEAST_CHANGE and change > 0 else 0
        if row % 2 == 0 and column % 2 == 0:
            divisor = octagon_divisor(xx - yy, 2 * xy)
            for axis in range(2):
                value = xx - yy if axis == 0 else 2 * xy
                directions[row // 2, column // 2, axis] = (
                    wrap_int8(divide_to_zero(value, divisor)) if divisor else 0
                )


@njit("int64(int8[:, :, ::1], int64, int64)", nogil=True, cache=True)
def _direction_at(directions: NDArray[np.int8], row: int, column: int) -> int:
    """Angle 0..127 across the ridges, from the 13x13 cells around a corner."""
    rows, columns = directions.shape[:2]
    reach = SPAN // 2
    x, y = 0, 0
    for other in range(max(row - reach, 0), min(row + reach + 1, rows)):
        for beside in range(max(column - reach, 0), min(column + reach + 1, columns)):
            x += int(directions[other, beside, 0])
            y += int(directions[other, beside, 1])
    return angle_of(x, y) // 2


@njit("boolean(int32[:, ::1], int64, int64, int64, int64)", nogil=True, cache=True)
def _is_peak(corners: NDArray[np.int32], row: int, column: int, top: int, left: int) -> bool:
    """No greater value and no end of the image in the 5x5 around, beyond the 3x3 at (top, left)."""
    height = corners.shape[0]
    for other in range(row - 2, row + 3):
        for beside in range(column - 2, column + 3):
            if top <= other <= top + 2 and left <= beside <= left + 2:
                continue
            value = corners[other, beside] if other < height else -1
            if value < 0 or value > corners[row, column]:
                return False
    return True


@njit("boolean(uint8[:, ::1], int64, int64)", nogil=True, cache=True)
def _on_finger(phase: NDArray[np.uint8], row: int, column: int) -> bool:
    height, width = phase.shape
    if row < 1 or column < 1 or column + 1 >= width or row + 1 >= height:
        return False
    for other in (row - 1, row + 1):
        for beside in (column - 1, column + 1):
            if phase[other, beside] == NO_PHASE:
                return False
    return True


@njit("void(uint8[:, ::1], int64, int64, int64, int64, int64[:, ::1])", nogil=True, cache=True)
def _turned_patch(  # noqa: PLR0917 - kernels take no keywords
    phase: NDArray[np.uint8], row: int, column: int, c: int, s: int, patch: NDArray[np.int64]
) -> None:
    """19x19 pixels about (row, column), the x axis along (c, s) / 128; bilinear in 128ths of a pixel."""
    height, width = phase.shape
    pixels = phase.reshape(height * width)
    line_x = (column << 7) - PATCH // 2 * (c - s)
    line_y = (row << 7) - PATCH // 2 * (s + c)
    for line in range(PATCH):
        x, y = line_x, line_y
        for place in range(PATCH):
            left, top = x >> 7, y >> 7
            if 0 <= left < width and 0 <= top < height:
                at = top * width + left
                below = min(at + width, pixels.size - 1)
                right_weight, low_weight = x & 127, y & 127
                beside = min(at + 1, pixels.size - 1)
                upper = int(pixels[at]) * (128 - right_weight) + int(pixels[beside]) * right_weight
                beside = min(below + 1, pixels.size - 1)
                lower = int(pixels[below]) * (128 - right_weight) + int(pixels[beside]) * right_weight
                patch[line, place] = (upper * (128 - low_weight) + lower * low_weight + (1 << 13)) >> 14
            else:
                patch[line, place] = NO_PHASE
            x += c
            y += s
        line_x -= s
        line_y += c


@njit("UniTuple(int64, 3)(int64[:, ::1], int64[:, ::1])", nogil=True, cache=True)
def _fork_answer(patch: NDArray[np.int64], columns: NDArray[np.int64]) -> tuple[int, int, int]:
    """Strength (0 when it is no minutia), 1 when it points the other way, 1 for an ending and 0 for a fork.

    The sum of an even and an odd filter answers to one way, their difference to the other.
    """
    half = SIZE // 2
    strongest = 0
    mirror = 0
    turned = 0
    ending = 0
    tried = 0
    for line in range(3):
        for place in range(PATCH):
            even = patch[line + half, place] * _DOWN_EVEN[0]
            odd = 0
            for tap in range(1, half + 1):
                below, above = patch[line + half + tap, place], patch[line + half - tap, place]
                even += (below + above) * _DOWN_EVEN[tap]
                odd += (below - above) * _DOWN_ODD[tap]
            columns[0, place] = even
            columns[1, place] = odd
        for shift in range(3):
            centre = half + shift
            for period in range(PERIODS):
                even = columns[0, centre] * _ACROSS_EVEN[period, 0]
                odd = columns[1, centre] * _ACROSS_ODD[period, 0]
                for tap in range(1, half + 1):
                    even += (columns[0, centre + tap] + columns[0, centre - tap]) * _ACROSS_EVEN[period, tap]
                    odd += (columns[1, centre + tap] + columns[1, centre - tap]) * _ACROSS_ODD[period, tap]
                weight = 16 - tried // PLACES
                one_way = (abs(even + odd) * weight + 8) >> 4
                other_way = (abs(even - odd) * weight + 8) >> 4
                if one_way > strongest:
                    strongest, mirror, turned, ending = one_way, other_way, 0, int(even + odd > 0)
                if other_way > strongest:
                    strongest, mirror, turned, ending = other_way, one_way, 1, int(even - odd > 0)
                tried += 1
    strongest = (strongest + (1 << 16)) >> 17
    mirror = (mirror + (1 << 16)) >> 17
    if strongest < WEAKEST_FORK or strongest * LARGEST_MIRROR < 256 * mirror:
        return 0, turned, ending
    return strongest, turned, ending


@njit(
    "int64(uint8[:, ::1], int32[:, ::1], int8[:, :, ::1], int64[:, ::1], int64[:, ::1])",
    nogil=True,
    cache=True,
)
def find_minutiae(
    phase: NDArray[np.uint8],
    corners: NDArray[np.int32],
    directions: NDArray[np.int8],
    found: NDArray[np.int64],
    scratch: NDArray[np.int64],
) -> int:
    """Fills rows (x, y, angle, strength, kind) in pixels of the phase image; gives how many.

    angle: 256ths of a turn, the patch's x axis across the ridges. kind: OTHER, ENDING or FORK.
    scratch (PATCH + 2, PATCH).
    """
    height, width = phase.shape
    patch, columns = scratch[:PATCH], scratch[PATCH:]
    count = 0
    for top in range(2, height, 3):
        for left in range(2, width - 4, 3):
            row, column, largest = top, left, -2
            within = True
            for other in range(top, top + 3):
                for beside in range(left, left + 3):
                    value = int(corners[other, beside]) if other < height else -1
                    within = within and value >= 0
                    if value > largest:
                        row, column, largest = other, beside, value
            if not within or largest <= 0 or column + 4 >= width:
                continue
            if not _is_peak(corners, row, column, top, left) or not _on_finger(phase, row + 2, column - 1):
                continue
            across = _direction_at(directions, row // 2, column // 2)
            best = 0
            angle = 0
            ending = 0
            for lean in (-2, 2):
                c, s = cosine(across + lean), sine(across + lean)
                _turned_patch(phase, row + 2, column - 1, c, s, patch)
                strength, turned, kind = _fork_answer(patch, columns)
                if strength > best:
                    best, ending = strength, kind
                    angle = (across + lean + 128 * turned) & 255
            if best & 255 == 0 or count >= found.shape[0]:
                continue
            found[count, 0] = column - 1
            found[count, 1] = row + 2
            found[count, 2] = angle
            found[count, 3] = best & 255
            found[count, 4] = (ENDING if ending else FORK) if best > SURE_KIND else OTHER
            count += 1
    return count
