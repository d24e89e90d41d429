"""Where the finger is and how its ridges run, on a 333 ppi image in cells of 4x4 pixels, in integers.

The direction comes from second derivatives: ridges are lines, so bending tells more than slope. Method and
constants are those of the detector that NFIQ 2.3 was trained with; images are read as one row of pixels after
another without a border, as it does.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from kiosk.quality.kernels_integers import (
    angle_of,
    cosine,
    divide_to_zero,
    octagon_divisor,
    sine,
    wrap_int8,
    wrap_int16,
    wrap_int32,
)

CELL = 4
WHITE = 255
WEAKEST_FLOW = 50000
"""A cell whose summed flow is no longer than 127 times this has no ridges."""

LEAST_AGREEMENT = 128
"""Of 625 units of weight in the 9x9 surroundings, how many must agree on a direction."""


@njit(types.void(types.Array(types.uint8, 2, "A", readonly=True), types.uint8[:, ::1]), nogil=True, cache=True)
def reduce_to_333(image: NDArray[np.uint8], small: NDArray[np.uint8]) -> None:
    """Every 3x3 pixels become 2x2, corners weighing 4, edges 2, the middle 1; 28/256 stands for 1/9.

    image: any view of the picture.
    """
    for row in range(small.shape[0]):
        corner_row = row // 2 * 3 + row % 2 * 2
        middle_row = row // 2 * 3 + 1
        for column in range(small.shape[1]):
            corner = column // 2 * 3 + column % 2 * 2
            middle = column // 2 * 3 + 1
            total = (
                4 * int(image[corner_row, corner])
                + 2 * (int(image[corner_row, middle]) + int(image[middle_row, corner]))
                + int(image[middle_row, middle])
            )
            small[row, column] = total * 28 >> 8


SIGNALS = 6


def signal_length(height: int, width: int) -> int:
    """How long a running sum of `ridge_flow` is."""
    return (height // CELL - 1) * CELL * width + width + 1


@njit("void(uint8[:, ::1], int32[:, :, ::1], int32[:, ::1], int64[:, :, ::1])", nogil=True, cache=True)
def ridge_flow(
    image: NDArray[np.uint8],
    flow: NDArray[np.int32],
    signals: NDArray[np.int32],
    totals: NDArray[np.int64],
) -> None:
    """flow (h/4, w/4, 2): twice the ridge normal's angle as a vector on an octagon of radius 127, or (0, 0).

    The pixels pass through running sums, each a delay of one row or one pixel; before the first stands white.
    signals (SIGNALS, signal_length(h, w)), totals (h/4, w/4, 2): scratch.
    """
    height, width = image.shape
    pixels = image.reshape(height * width)
    rows, columns = height // CELL, width // CELL
    length = (rows - 1) * CELL * width
    lead = width + 1
    first = 2 * width + 6
    pair, plus, double, soft = signals[0], signals[1], signals[2], signals[3]
    slope_x, slope_y = signals[4], signals[5]
    pair[:lead] = 2 * WHITE
    plus[:lead] = 5 * WHITE
    double[:lead] = 10 * WHITE
    soft[:lead] = 25 * WHITE
    slope_x[:lead] = 0
    slope_y[:lead] = 0
    for at in range(length):
        pair[lead + at] = np.int32(pixels[first + at]) + np.int32(pixels[first + at + width - 1])
    for at in range(length):
        before = np.int32(pixels[first + at - 1]) if at else np.int32(0)
        plus[lead + at] = pair[at] + pair[lead + at] + before
    for at in range(length):
        double[lead + at] = plus[at] + plus[lead + at]
    for at in range(length):
        soft[lead + at] = double[at + 2] + double[lead + at] + plus[at + 1]
    slope_x[lead] = 50 * WHITE - (soft[1] + soft[lead])
    slope_y[lead] = soft[1] - soft[lead]
    for at in range(1, length):
        slope_x[lead + at] = (soft[at] + soft[lead + at - 1]) - (soft[at + 1] + soft[lead + at])
        slope_y[lead + at] = (soft[at] - soft[lead + at - 1]) + (soft[at + 1] - soft[lead + at])
    totals[:] = 0
    for row in range((rows - 1) * CELL):
        for column in range(width):
            at = row * width + column
            xx, xy, yy = 0, 0, 0
            if at:
                xx = int(slope_x[at]) + slope_x[lead + at - 1]
                xy = int(slope_x[at]) - slope_x[lead + at - 1]
                yy = int(slope_y[at]) - slope_y[lead + at - 1]
            xx = wrap_int16(xx - (int(slope_x[at + 1]) + slope_x[lead + at]))
            xy = wrap_int16(xy + (int(slope_x[at + 1]) - slope_x[lead + at]))
            yy = wrap_int16(yy + (int(slope_y[at + 1]) - slope_y[lead + at]))
            totals[row // CELL, column // CELL, 0] += (xx + yy) * (xx - yy)
            totals[row // CELL, column // CELL, 1] += (xx + yy) * 2 * xy
    flow[:] = 0
    # the sums reach a cell one late: each cell takes its predecessor's
    for cell in range(1, (rows - 1) * columns):
        row, column = (cell - 1) // columns, (cell - 1) % columns
        x, y = wrap_int32(totals[row, column, 0]), wrap_int32(totals[row, column, 1])
        if max(abs(x), abs(y)) // 127 > WEAKEST_FLOW:
            divisor = octagon_divisor(x, y)
            flow[cell // columns, cell % columns, 0] = wrap_int8(divide_to_zero(x, divisor))
            flow[cell // columns, cell % columns, 1] = wrap_int8(divide_to_zero(y, divisor))


@njit("void(uint8[:, ::1], int64, int64, uint8[:, ::1])", nogil=True, cache=True)
def _vote(cells: NDArray[np.uint8], reach: int, needed: int, before: NDArray[np.uint8]) -> None:
    """A cell is set when more than `needed` of its square surroundings were. before, of that shape: scratch."""
    rows, columns = cells.shape
    before[:] = cells
    for row in range(rows):
        for column in range(columns):
            votes = 0
            for other in range(max(row - reach, 0), min(row + reach + 1, rows)):
                for beside in range(max(column - reach, 0), min(column + reach + 1, columns)):
                    votes += before[other, beside]
            cells[row, column] = votes > needed


@njit("void(uint8[:, ::1])", nogil=True, cache=True)
def _fill_between(cells: NDArray[np.uint8]) -> None:
    """Sets everything between the first and the last set cell of each row, then of each column."""
    rows, columns = cells.shape
    for row in range(rows):
        first, last = columns, -1
        for column in range(columns):
            if cells[row, column]:
                first = min(first, column)
                last = column
        for column in range(first, last):
            cells[row, column] = 1
    for column in range(columns):
        first, last = rows, -1
        for row in range(rows):
            if cells[row, column]:
                first = min(first, row)
                last = row
        for row in range(first, last):
            cells[row, column] = 1


@njit("void(int32[:, :, ::1], uint8[:, ::1], uint8[:, ::1])", nogil=True, cache=True)
def footprint_of(flow: NDArray[np.int32], footprint: NDArray[np.uint8], scratch: NDArray[np.uint8]) -> None:
    """footprint (h/4, w/4): 1 where cells with ridges crowd; specks go, holes close, edges smooth.

    scratch: of that shape.
    """
    rows, columns = footprint.shape
    for row in range(rows):
        for column in range(columns):
            footprint[row, column] = flow[row, column, 0] != 0 or flow[row, column, 1] != 0
    _vote(footprint, 1, 3, scratch)
    _vote(footprint, 2, 11, scratch)
    _vote(footprint, 2, 11, scratch)
    _fill_between(footprint)
    _vote(footprint, 2, 14, scratch)
    _vote(footprint, 2, 14, scratch)


@njit("void(int32[:, :, ::1], int32[:, :, ::1], int32[:, :, ::1])", nogil=True, cache=True)
def _blur(flow: NDArray[np.int32], blurred: NDArray[np.int32], passed: NDArray[np.int32]) -> None:
    """Weights 1 2 3 4 5 4 3 2 1 both ways; nothing beyond the edges. passed, of that shape: scratch."""
    rows, columns = flow.shape[:2]
    passed[:] = 0
    for row in range(rows):
        for other in range(max(row - 4, 0), min(row + 5, rows)):
            weight = 5 - abs(row - other)
            for column in range(columns):
                passed[row, column, 0] += weight * flow[other, column, 0]
                passed[row, column, 1] += weight * flow[other, column, 1]
    blurred[:] = 0
    for row in range(rows):
        for column in range(columns):
            for other in range(max(column - 4, 0), min(column + 5, columns)):
                weight = 5 - abs(column - other)
                blurred[row, column, 0] += weight * passed[row, other, 0]
                blurred[row, column, 1] += weight * passed[row, other, 1]


@njit("void(int32[:, :, ::1], uint8[:, ::1], int32[:, :, :, ::1])", nogil=True, cache=True)
def smooth_normals(flow: NDArray[np.int32], footprint: NDArray[np.uint8], scratch: NDArray[np.int32]) -> None:
    """Turns doubled angles into ridge normals: a vector of length 127 and angle 0..127/256 turn, or (0, 0).

    scratch (2, h/4, w/4, 2).
    """
    rows, columns = footprint.shape
    blurred, passed = scratch[0], scratch[1]
    _blur(flow, blurred, passed)
    flow[:] = 0
    for row in range(rows):
        for column in range(columns):
            x, y = int(blurred[row, column, 0]), int(blurred[row, column, 1])
            if footprint[row, column] and max(abs(x), abs(y)) // 127 > LEAST_AGREEMENT:
                divisor = octagon_divisor(x, y)
                flow[row, column, 0] = wrap_int8(divide_to_zero(x, divisor))
                flow[row, column, 1] = wrap_int8(divide_to_zero(y, divisor))
    _blur(flow, blurred, passed)
    flow[:] = 0
    for row in range(rows):
        for column in range(columns):
            if footprint[row, column]:
                angle = angle_of(blurred[row, column, 0], blurred[row, column, 1]) // 2
                flow[row, column, 0] = cosine(angle)
                flow[row, column, 1] = sine(angle)
