"""One pass over a platen picture: how much every 8x8 cell varies, and how dark it is."""

from __future__ import annotations

import math

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

CELL = 8
"""0.4 mm at 500 ppi, a little less than a ridge and a valley."""


FRAME = types.Array(types.uint8, 2, "C", readonly=True)
"""Scanner frames arrive read-only."""

_CELLS, _SUMS = types.float32[:, ::1], types.int64[:, ::1]


@njit(types.void(FRAME, _CELLS, _CELLS, _SUMS), nogil=True, cache=True)
def cell_statistics(
    image: NDArray[np.uint8],
    means: NDArray[np.float32],
    deviations: NDArray[np.float32],
    sums: NDArray[np.int64],
) -> None:
    """means, deviations (h // 8, w // 8): of the whole cells. sums (2, w // 8): scratch."""
    rows, columns = means.shape
    totals, squares = sums[0], sums[1]
    area = float(CELL * CELL)
    for row in range(rows):
        totals[:] = 0
        squares[:] = 0
        for line in range(row * CELL, row * CELL + CELL):
            for column in range(columns):
                total = 0
                square = 0
                for place in range(CELL):
                    value = int(image[line, column * CELL + place])
                    total += value
                    square += value * value
                totals[column] += total
                squares[column] += square
        for column in range(columns):
            mean = totals[column] / area
            means[row, column] = mean
            deviations[row, column] = math.sqrt(max(squares[column] / area - mean * mean, 0.0))
