"""Gaussian smoothing in fixed point, bit for bit OpenCV's of 8-bit images, and faster in wide windows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit, types
from numpy.typing import NDArray


def gaussian_weights(size: int) -> NDArray[np.uint16]:
    """Weights 0..size//2 from the middle outwards, in 256ths; both sides together give 256.

    Sigma as OpenCV derives it from the size; each weight is rounded with the remainder of the one further out.
    """
    sigma = 0.3 * ((size - 1) * 0.5 - 1) + 0.8
    places = np.arange(size // 2 + 1, dtype=np.float64)
    exact = np.exp(-0.5 * np.square(places / sigma))
    exact *= 256 / (2 * exact.sum() - exact[0])
    weights = np.zeros(size // 2 + 1, np.uint16)
    rest = 0.0
    for place in range(size // 2, 0, -1):
        wanted = exact[place] + rest
        weights[place] = round(wanted)
        rest = wanted - float(weights[place])
    weights[0] = 256 - 2 * int(weights[1:].sum())
    return weights


@njit("int64(int64, int64)", nogil=True, cache=True)
def _mirrored(place: int, count: int) -> int:
    """The place inside 0..count-1 that `place` mirrors, however far out it lies."""
    if count == 1:
        return 0
    place = abs(place) % (2 * count - 2)
    return min(place, 2 * count - 2 - place)


@njit("void(uint16[::1], uint16[::1], uint16[::1], uint16)", nogil=True, cache=True)
def _add_pair_16(
    total: NDArray[np.uint16], one: NDArray[np.uint16], other: NDArray[np.uint16], weight: int
) -> None:
    for place in range(total.size):
        total[place] = np.uint16(total[place] + np.uint16(weight * np.uint16(one[place] + other[place])))


@njit("void(uint32[::1], uint16[::1], uint16[::1], uint32)", nogil=True, cache=True)
def _add_pair_32(
    total: NDArray[np.uint32], one: NDArray[np.uint16], other: NDArray[np.uint16], weight: np.uint32
) -> None:
    for place in range(total.size):
        both = np.uint32(np.uint32(one[place]) + np.uint32(other[place]))
        total[place] = np.uint32(total[place] + np.uint32(weight * both))


class SmoothScratch(NamedTuple):
    """line (w + 2 reach,): reach is what the weights hold beside the middle one. across (h, w), totals (w,)."""

    line: NDArray[np.uint16]
    across: NDArray[np.uint16]
    totals: NDArray[np.uint32]


_GRAY, _SHORTS = types.uint8[:, ::1], types.uint16[::1]
_SCRATCH = types.NamedTuple(  # type: ignore[no-untyped-call]
    [_SHORTS, types.uint16[:, ::1], types.uint32[::1]], SmoothScratch
)


@njit(types.void(_GRAY, _SHORTS, _GRAY, _SCRATCH), nogil=True, cache=True)
def smooth(
    image: NDArray[np.uint8],
    weights: NDArray[np.uint16],
    smoothed: NDArray[np.uint8],
    scratch: SmoothScratch,
) -> None:
    """smoothed (h, w): rounded to the nearest; the image is mirrored at its outermost pixels."""
    height, width = image.shape
    reach = weights.size - 1
    while reach > 0 and weights[reach] == 0:
        reach -= 1
    line, across, totals = scratch
    for row in range(height):
        for place in range(width + 2 * reach):
            line[place] = image[row, _mirrored(place - reach, width)]
        sums = across[row]
        for column in range(width):
            sums[column] = np.uint16(weights[0] * line[column + reach])
        for tap in range(1, reach + 1):
            if weights[tap]:
                right, left = reach + tap, reach - tap
                _add_pair_16(sums, line[right : right + width], line[left : left + width], weights[tap])
    for row in range(height):
        for column in range(width):
            totals[column] = np.uint32(np.uint32(weights[0]) * np.uint32(across[row, column]) + 32768)
        for tap in range(1, reach + 1):
            if weights[tap]:
                below, above = _mirrored(row + tap, height), _mirrored(row - tap, height)
                _add_pair_32(totals, across[below], across[above], np.uint32(weights[tap]))
        for column in range(width):
            smoothed[row, column] = np.uint8(totals[column] >> np.uint32(16))
