"""Ridge enhancement: each 32x32 block's spectrum is weighed by its own strength, blocks overlap and blend.

Method: Watson, Candela, Grother, "Comparison of FFT fingerprint filtering methods for neural network
classification", NISTIR 5493 (1994). Integer transforms with 12-bit waves, so that results do not depend on the
machine; sizes and pass band are those of the detector that NFIQ 2.3 was trained with.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

SIDE = 32
STEP = 17
"""Blocks start this many pixels apart, so that 15 overlap."""

HALF = SIDE // 2
OVERLAP = SIDE - STEP
LOWEST = 6
HIGHEST = 169
"""Waves per block, squared, that a ridge can have: over 6 and under 169."""

LIGHTEST = 251
SMALLEST_RANGE = 16


def _waves() -> NDArray[np.int32]:
    """4096 times the sines of 40 steps of a 32nd turn: a sine at i, a cosine at i + 8."""
    quarter = np.rint(4096 * np.sin(2 * np.pi * np.arange(9) / 32)).astype(np.int32)
    half = np.concatenate([quarter, quarter[-2:0:-1]])
    return np.concatenate([half, -half, half[:8]])


def _reversed_bits(bits: int) -> NDArray[np.int64]:
    return np.array([int(f"{value:0{bits}b}"[::-1], 2) for value in range(1 << bits)], np.int64)


WAVES = _waves()
REVERSED_16 = _reversed_bits(4)
REVERSED_32 = _reversed_bits(5)


@njit("void(int32[:, ::1], int32[:, ::1], int64)", nogil=True, cache=True)
def transform_lines(real: NDArray[np.int32], imaginary: NDArray[np.int32], sign: int) -> None:
    """Radix-2 transform of 16 or 32 lines, all columns together; sign -1 forward, 1 backward, never scaled."""
    lines, columns = real.shape
    for line in range(lines):
        other = REVERSED_16[line] if lines == HALF else REVERSED_32[line]
        if other > line:
            for column in range(columns):
                x = real[line, column]
                real[line, column] = real[other, column]
                real[other, column] = x
                y = imaginary[line, column]
                imaginary[line, column] = imaginary[other, column]
                imaginary[other, column] = y
    span = 1
    turn = SIDE // 2
    while span < lines:
        for place in range(span):
            wave_real = np.int32(WAVES[((sign * place * turn) & 31) + 8])
            wave_imaginary = np.int32(WAVES[(sign * place * turn) & 31])
            for first in range(place, lines, 2 * span):
                second = first + span
                for column in range(columns):
                    x = real[second, column]
                    y = imaginary[second, column]
                    turned_x = np.int32(np.int32(wave_real * x - wave_imaginary * y + 2048) >> 12)
                    turned_y = np.int32(np.int32(wave_real * y + wave_imaginary * x + 2048) >> 12)
                    real[second, column] = real[first, column] - turned_x
                    imaginary[second, column] = imaginary[first, column] - turned_y
                    real[first, column] += turned_x
                    imaginary[first, column] += turned_y
        span *= 2
        turn //= 2


@njit("void(int32[:, ::1], int32[:, ::1], int64)", nogil=True, cache=True)
def separate_real(real: NDArray[np.int32], imaginary: NDArray[np.int32], sign: int) -> None:
    """Between the transform of 16 pairs and that of 32 real numbers; lines are waves, columns independent.

    Forward (sign -1) gives waves 0..15 and drops the highest, which no ridge has; backward leaves 32 times the
    numbers.
    """
    columns = real.shape[1]
    shift = 13 if sign < 0 else 12
    half = 1 << (shift - 1)
    for wave in range(1, HALF // 2 + 1):
        mirror = HALF - wave
        turn = sign * wave + (SIDE // 2 if sign > 0 else 0)
        wave_real = np.int32(WAVES[(turn & 31) + 8])
        wave_imaginary = np.int32(WAVES[turn & 31])
        for column in range(columns):
            x1, y1 = real[wave, column], imaginary[wave, column]
            x2, y2 = real[mirror, column], imaginary[mirror, column]
            even_x = (x2 + x1) << 12
            even_y = (y1 - y2) << 12
            odd_x = wave_real * (y1 + y2) - wave_imaginary * (x2 - x1)
            odd_y = wave_real * (x2 - x1) + wave_imaginary * (y1 + y2)
            real[wave, column] = (even_x + odd_x + half) >> shift
            imaginary[wave, column] = (even_y + odd_y + half) >> shift
            real[mirror, column] = (even_x - odd_x + half) >> shift
            imaginary[mirror, column] = (odd_y - even_y + half) >> shift
    for column in range(columns):
        x, y = real[0, column], imaginary[0, column]
        real[0, column] = x + y
        imaginary[0, column] = 0 if sign < 0 else x - y


@njit("void(int32[:, ::1], int32[:, ::1])", nogil=True, cache=True)
def weigh_spectrum(real: NDArray[np.int32], imaginary: NDArray[np.int32]) -> None:
    """v -> (v + v |v| / 4096) / 8 in the ridges' band, 0 outside. Lines: y waves; columns: x waves 0..15."""
    for line in range(SIDE):
        y_wave = line if line < HALF else line - SIDE
        for x_wave in range(HALF):
            square = x_wave * x_wave + y_wave * y_wave
            if square <= LOWEST or square >= HIGHEST:
                real[line, x_wave] = 0
                imaginary[line, x_wave] = 0
                continue
            x, y = int(real[line, x_wave]), int(imaginary[line, x_wave])
            length = max(abs(x), abs(y), ((abs(x) + abs(y)) * 181 + 128) >> 8)
            weight = (length + 16) >> 5
            real[line, x_wave] = (x + ((x * weight + 64) >> 7) + 4) >> 3
            imaginary[line, x_wave] = (y + ((y * weight + 64) >> 7) + 4) >> 3


@njit("void(int32[:, ::1], int32[:, ::1], int64, int64, uint8[:, ::1])", nogil=True, cache=True)
def _blend(
    even: NDArray[np.int32], odd: NDArray[np.int32], top: int, left: int, enhanced: NDArray[np.uint8]
) -> None:
    """Stretches a block to 0..251 and adds it under a roof that falls to 1/16 at its edges.

    even, odd: the block's even and odd columns as lines.
    """
    height, width = enhanced.shape
    lowest = 1 << 30
    highest = -(1 << 30)
    for pair in range(HALF):
        for line in range(SIDE):
            even[pair, line] = (even[pair, line] + 512) >> 10
            odd[pair, line] = (odd[pair, line] + 512) >> 10
            lowest = min(lowest, even[pair, line], odd[pair, line])
            highest = max(highest, even[pair, line], odd[pair, line])
    spread = highest - lowest
    if spread < SMALLEST_RANGE:
        lowest -= (SMALLEST_RANGE - spread) // 2
        spread = SMALLEST_RANGE
    divisor = spread * HALF * HALF
    for line in range(SIDE):
        row = top + line
        if row < 0 or row >= height:
            continue
        row_weight = min(line + 1, SIDE - line, HALF) * LIGHTEST
        for place in range(SIDE):
            column = left + place
            if column < 0 or column >= width:
                continue
            value = even[place >> 1, line] if place % 2 == 0 else odd[place >> 1, line]
            weight = row_weight * min(place + 1, SIDE - place, HALF)
            enhanced[row, column] += ((value - lowest) * weight + (divisor >> 1)) // divisor


@njit("void(uint8[:, ::1], uint8[:, ::1], int32[:, :, ::1], int32[:, :, ::1])", nogil=True, cache=True)
def enhance_ridges(
    image: NDArray[np.uint8],
    enhanced: NDArray[np.uint8],
    pairs: NDArray[np.int32],
    waves: NDArray[np.int32],
) -> None:
    """image, enhanced (h, w): ridges dark. What lies beyond the image counts as white.

    pairs (2, HALF, SIDE), waves (2, SIDE, HALF): scratch.
    """
    height, width = image.shape
    pair_real, pair_imaginary = pairs[0], pairs[1]
    real, imaginary = waves[0], waves[1]
    enhanced[:] = 0
    for top in range(-OVERLAP, height, STEP):
        for left in range(-OVERLAP, width, STEP):
            for pair in range(HALF):
                for line in range(SIDE):
                    row, column = top + line, left + 2 * pair
                    if 0 <= row < height and 0 <= column < width:
                        pair_real[pair, line] = 255 - image[row, column]
                    else:
                        pair_real[pair, line] = 0
                    if 0 <= row < height and 0 <= column + 1 < width:
                        pair_imaginary[pair, line] = 255 - image[row, column + 1]
                    else:
                        pair_imaginary[pair, line] = 0
            transform_lines(pair_real, pair_imaginary, -1)
            separate_real(pair_real, pair_imaginary, -1)
            for line in range(SIDE):
                for pair in range(HALF):
                    real[line, pair] = pair_real[pair, line]
                    imaginary[line, pair] = pair_imaginary[pair, line]
            transform_lines(real, imaginary, -1)
            weigh_spectrum(real, imaginary)
            transform_lines(real, imaginary, 1)
            for pair in range(HALF):
                for line in range(SIDE):
                    pair_real[pair, line] = real[line, pair]
                    pair_imaginary[pair, line] = imaginary[line, pair]
            separate_real(pair_real, pair_imaginary, 1)
            transform_lines(pair_real, pair_imaginary, 1)
            _blend(pair_real, pair_imaginary, top, left, enhanced)
    for row in range(height):
        for column in range(width):
            enhanced[row, column] = 255 - enhanced[row, column]
