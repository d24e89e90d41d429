"""The block measures of NFIQ 2.3 over a whole fingerprint image, and their histograms."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from kiosk.quality.kernels_blocks import (
    BLOCK,
    MARGIN,
    WINDOW,
    certainty_of,
    clarity_of,
    coherence_of,
    frequency_certainty,
    gradient_tensor,
    normal_angle,
    ridge_profile,
    split_ridges,
    turned_window,
    width_ratios,
)

RATIOS_PER_BLOCK = 28
LOWEST_TURN = 4.0 * math.pi / 180.0
"""Direction changes up to 4 degrees between neighbours are a finger's own (NFIQ 2, orientation flow)."""


@njit("void(uint8[:, ::1], float64, uint8[:, ::1], float64[:, ::1])", nogil=True, cache=True)
def ridge_blocks(
    image: NDArray[np.uint8], threshold: float, mask: NDArray[np.uint8], deviations: NDArray[np.float64]
) -> None:
    """mask, one cell per 32x32 block, edge remainders too: 1 where the block deviates more than
    `threshold` times as much as the whole image does. deviations, of the mask's shape: scratch."""
    height, width = image.shape
    rows, columns = mask.shape
    whole = 0.0
    whole_squared = 0.0
    for block_row in range(rows):
        bottom = min((block_row + 1) * BLOCK, height)
        for block_column in range(columns):
            right = min((block_column + 1) * BLOCK, width)
            total = 0
            squared = 0
            for row in range(block_row * BLOCK, bottom):
                for column in range(block_column * BLOCK, right):
                    value = int(image[row, column])
                    total += value
                    squared += value * value
            area = (bottom - block_row * BLOCK) * (right - block_column * BLOCK)
            mean = total / area
            deviations[block_row, block_column] = math.sqrt(max(squared / area - mean * mean, 0.0))
            whole += total
            whole_squared += squared
    area = height * width
    mean = whole / area
    deviation = math.sqrt(max(whole_squared / area - mean * mean, 0.0))
    for block_row in range(rows):
        for block_column in range(columns):
            mask[block_row, block_column] = deviations[block_row, block_column] > threshold * deviation


class WindowScratch(NamedTuple):
    """What one window is worked on in: profile, changes (32,), threshold (32,), widths (2, 32), ridge (32,),
    window (16, 32)."""

    profile: NDArray[np.int64]
    changes: NDArray[np.int64]
    threshold: NDArray[np.float64]
    widths: NDArray[np.float64]
    ridge: NDArray[np.uint8]
    window: NDArray[np.uint8]


_LINE, _LINES, _GRAY = types.float64[::1], types.float64[:, ::1], types.uint8[:, ::1]
_WHOLE = types.int64[::1]
_SCRATCH = types.NamedTuple(  # type: ignore[no-untyped-call]
    [_WHOLE, _WHOLE, _LINE, _LINES, types.uint8[::1], _GRAY], WindowScratch
)


@njit(
    types.int64(_GRAY, _GRAY, _LINES, _LINES, _GRAY, _LINE, _LINE, _LINE, _WHOLE, _SCRATCH),
    nogil=True,
    cache=True,
)
def window_measures(  # noqa: PLR0917 - kernels take no keywords
    image: NDArray[np.uint8],
    ridge_mask: NDArray[np.uint8],
    waves: NDArray[np.float64],
    angles: NDArray[np.float64],
    inside: NDArray[np.uint8],
    frequencies: NDArray[np.float64],
    clarities: NDArray[np.float64],
    ratios: NDArray[np.float64],
    filled: NDArray[np.int64],
    scratch: WindowScratch,
) -> int:
    """Frequency, clarity and width ratios of every block 2 px in from the edge whose mask cells are all 1.

    angles, inside (rows, columns): for all blocks. filled[0]: how many ratios. Gives the number of blocks.
    """
    rows, columns = angles.shape
    profile, changes, threshold, widths, ridge, window = scratch
    measured = 0
    filled[0] = 0
    area = float(BLOCK * BLOCK)
    for block_row in range(rows):
        top = block_row * BLOCK
        for block_column in range(columns):
            left = block_column * BLOCK
            xx, yy, xy = gradient_tensor(image, top + MARGIN, left + MARGIN, BLOCK, BLOCK)
            angle = normal_angle(xx / area, yy / area, xy / area)
            angles[block_row, block_column] = angle
            whole = (
                ridge_mask[block_row, block_column]
                & ridge_mask[block_row, block_column + 1]
                & ridge_mask[block_row + 1, block_column]
                & ridge_mask[block_row + 1, block_column + 1]
            )
            inside[block_row, block_column] = whole
            if not whole:
                continue
            ridge_profile(image, top, left, angle + math.pi / 2, True, profile)
            frequencies[measured] = frequency_certainty(profile, waves)
            ridge_profile(image, top, left, angle, False, profile)
            split_ridges(profile, threshold, ridge)
            filled[0] = width_ratios(ridge, ratios, filled[0], changes)
            turned_window(image, top, left, angle, window)
            profile[:] = 0
            for line in range(BLOCK // 2):
                for place in range(BLOCK):
                    profile[place] += window[line, place]
            split_ridges(profile, threshold, ridge)
            clarities[measured] = clarity_of(window, threshold, ridge, widths)
            measured += 1
    return measured


@njit("int64(float64[:, ::1], uint8[:, ::1], float64[::1])", nogil=True, cache=True)
def orientation_flow(angles: NDArray[np.float64], inside: NDArray[np.uint8], flow: NDArray[np.float64]) -> int:
    """Mean turn to the eight neighbours, from 4 to 90 degrees scaled to 0..1, where all nine blocks are
    inside and the turn is more than 4 degrees. Gives how many there are."""
    rows, columns = angles.shape
    count = 0
    for row in range(1, rows - 1):
        for column in range(1, columns - 1):
            whole = True
            turn = 0.0
            for other_row in range(row - 1, row + 2):
                for other_column in range(column - 1, column + 2):
                    whole = whole and inside[other_row, other_column] == 1
                    difference = abs(angles[row, column] - angles[other_row, other_column])
                    turn += min(difference, 2.0 * math.pi - difference)
            turn /= 8.0
            if whole and turn > LOWEST_TURN:
                flow[count] = (turn - LOWEST_TURN) / (math.pi / 2 - LOWEST_TURN)
                count += 1
    return count


@njit("int64(uint8[:, ::1], float64[::1])", nogil=True, cache=True)
def block_certainties(image: NDArray[np.uint8], certainties: NDArray[np.float64]) -> int:
    """Orientation certainty of every whole 32x32 block that is not flat. Gives how many there are."""
    height, width = image.shape
    count = 0
    for top in range(0, height - BLOCK + 1, BLOCK):
        for left in range(0, width - BLOCK + 1, BLOCK):
            xx, yy, xy = gradient_tensor(image, top, left, BLOCK, BLOCK)
            certainty = certainty_of(xx / (BLOCK * BLOCK), yy / (BLOCK * BLOCK), xy / (BLOCK * BLOCK))
            if certainty >= 0.0:
                certainties[count] = certainty
                count += 1
    return count


@njit("UniTuple(float64, 2)(uint8[:, ::1])", nogil=True, cache=True)
def grey_means(image: NDArray[np.uint8]) -> tuple[float, float]:
    """Mean of the image, and mean of the means of its 32x32 cells, edge remainders too."""
    height, width = image.shape
    whole = 0
    means = 0.0
    cells = 0
    for top in range(0, height, BLOCK):
        bottom = min(top + BLOCK, height)
        for left in range(0, width, BLOCK):
            right = min(left + BLOCK, width)
            total = 0
            for row in range(top, bottom):
                for column in range(left, right):
                    total += int(image[row, column])
            whole += total
            means += total / ((bottom - top) * (right - left))
            cells += 1
    return whole / (height * width), means / cells


@njit("float64(uint8[:, ::1], boolean[:, ::1])", nogil=True, cache=True)
def region_coherence(image: NDArray[np.uint8], blocks: NDArray[np.bool_]) -> float:
    """Sum of the ridge coherences of the marked 32x32 cells, edge remainders too."""
    height, width = image.shape
    total = 0.0
    for row in range(blocks.shape[0]):
        for column in range(blocks.shape[1]):
            if blocks[row, column]:
                top, left = row * BLOCK, column * BLOCK
                total += coherence_of(image, top, left, min(BLOCK, height - top), min(BLOCK, width - left))
    return total


@njit("UniTuple(int64, 2)(uint8[:, ::1], int64[:, ::1])", nogil=True, cache=True)
def minutiae_surroundings(image: NDArray[np.uint8], found: NDArray[np.int64]) -> tuple[int, int]:
    """Of places (x, y, ...): how many lie in a 32x32 block darker than the image by up to half its deviation,
    and how many in one whose orientation certainty is over 80 %. Needs an image of at least 32x32."""
    height, width = image.shape
    total = 0
    squared = 0
    for row in range(height):
        for column in range(width):
            value = int(image[row, column])
            total += value
            squared += value * value
    mean = total / (height * width)
    deviation = math.sqrt(max(squared / (height * width) - mean * mean, 0.0))
    darker = 0
    certain = 0
    for place in range(found.shape[0]):
        left, top = max(found[place, 0] - BLOCK // 2, 0), max(found[place, 1] - BLOCK // 2, 0)
        right, bottom = min(left + BLOCK, width), min(top + BLOCK, height)
        local = 0
        for row in range(top, bottom):
            for column in range(left, right):
                local += int(image[row, column])
        below = (mean - local / max((right - left) * (bottom - top), 1)) / deviation
        if 0.0 < below <= 0.5:
            darker += 1
        left, top = min(left, width - BLOCK), min(top, height - BLOCK)
        xx, yy, xy = gradient_tensor(image, top, left, BLOCK, BLOCK)
        certainty = certainty_of(xx, yy, xy)
        if certainty > 0.0 and int(certainty * 100 + 0.5) > 80:
            certain += 1
    return darker, certain


@njit("void(float64[::1], int64, float64[::1], float64[::1])", nogil=True, cache=True)
def histogram(
    values: NDArray[np.float64], count: int, edges: NDArray[np.float64], features: NDArray[np.float64]
) -> None:
    """Fills 12 features: ten bin counts (nine upper edges, then infinity), mean, population deviation."""
    features[:12] = 0.0
    total = 0.0
    squared = 0.0
    for index in range(count):
        value = values[index]
        bin_at = 0
        while bin_at < 9 and value >= edges[bin_at]:
            bin_at += 1
        features[bin_at] += 1.0
        total += value
        squared += value * value
    if count:
        mean = total / count
        features[10] = mean
        features[11] = math.sqrt(max(squared / count - mean * mean, 0.0))


def window_grid(height: int, width: int) -> tuple[int, int]:
    """Rows and columns of blocks whose turned windows fit the image."""
    spare = WINDOW - BLOCK
    return max((height - spare) // BLOCK, 0), max((width - spare) // BLOCK, 0)
