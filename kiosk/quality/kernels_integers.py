"""Whole-number arithmetic: angles in 256ths of a turn, lengths in 127ths, registers that wrap.

The minutiae detector works in integers from end to end, so that every machine finds the same minutiae.
The tables and the rounding are those of the detector that NFIQ 2.3 was trained with (FingerJetFX OSE).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

_QUARTER = (
    0, 3, 6, 9, 12, 15, 19, 22, 25, 28, 31, 34, 37, 40, 43, 46, 49, 51, 54, 57, 60, 63, 65, 68, 71, 73, 76, 78,
    81, 83, 85, 88, 90, 92, 94, 96, 98, 100, 102, 104, 106, 107, 109, 111, 112, 113, 115, 116, 117, 118, 120,
    121, 122, 122, 123, 124, 125, 125, 126, 126, 126, 127, 127, 127, 127,
)  # fmt: skip

_ARC = (
    0, 1, 1, 2, 2, 3, 3, 3, 4, 4, 5, 5, 6, 6, 6, 7, 7, 8, 8, 8, 9, 9, 10, 10, 10, 11, 11, 12, 12, 12, 13, 13,
    13, 14, 14, 15, 15, 15, 16, 16, 16, 17, 17, 18, 18, 18, 19, 19, 19, 20, 20, 20, 21, 21, 21, 22, 22, 22, 22,
    23, 23, 23, 24, 24, 24, 25, 25, 25, 25, 26, 26, 26, 27, 27, 27, 27, 28, 28, 28, 28, 29, 29, 29, 29, 30, 30,
    30, 30, 31, 31, 31, 31, 31, 32, 32, 32, 32,
)  # fmt: skip


def _whole_turn() -> NDArray[np.int32]:
    half = _QUARTER + _QUARTER[-2:0:-1]
    return np.array(half + tuple(-value for value in half), np.int32)


SINE = _whole_turn()
"""127 sin(2 pi a / 256) for a in 0..255."""

ARC = np.array(_ARC, np.int32)
"""Angle, in 256ths of a turn, whose tangent is index / 96."""


@njit("int64(int64)", nogil=True, cache=True)
def sine(angle: int) -> int:
    return int(SINE[angle & 255])


@njit("int64(int64)", nogil=True, cache=True)
def cosine(angle: int) -> int:
    return int(SINE[(angle + 64) & 255])


@njit("int64(int64, int64)", nogil=True, cache=True)
def angle_of(x: int, y: int) -> int:
    """Angle 0..255 of the vector (x, y); 0 for no vector."""
    across, along = abs(x), abs(y)
    steep = across < along
    if steep:
        across, along = along, across
    if across == 0:
        return 0
    angle = ARC[along * 96 // across]
    if steep:
        angle = 64 - angle
    if x < 0:
        angle = 128 - angle
    if y < 0:
        angle = -angle
    return int(angle & 255)


@njit("int64(int64)", nogil=True, cache=True)
def wrap_int8(value: int) -> int:
    return ((value + 128) & 255) - 128


@njit("int64(int64)", nogil=True, cache=True)
def wrap_int16(value: int) -> int:
    return ((value + 32768) & 65535) - 32768


@njit("int64(int64)", nogil=True, cache=True)
def wrap_int32(value: int) -> int:
    return ((value + 2147483648) & 4294967295) - 2147483648


@njit("int64(int64, int64)", nogil=True, cache=True)
def divide_to_zero(value: int, divisor: int) -> int:
    """Division that rounds towards zero, for a positive divisor."""
    return value // divisor if value >= 0 else -(-value // divisor)


@njit("int64(int64, int64)", nogil=True, cache=True)
def octagon_divisor(x: int, y: int) -> int:
    """What scales (x, y) onto an octagon of radius 127; 0 for a vector shorter than that."""
    across, along = abs(x), abs(y)
    divisor = max(across, along) // 127
    return max(divisor, (across + along) // 180) if divisor else 0
