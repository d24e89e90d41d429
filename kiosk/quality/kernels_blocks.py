"""Ridge measures of one 32x32 block: direction, certainty, frequency, clarity, ridge to valley widths.

Sources: ISO/IEC 29794-4 and the public-domain NFIQ 2.3 of NIST, whose numbers these kernels give to the last
bit where a histogram edge depends on it. Every kernel has a plain reference in tests/quality.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

BLOCK = 32
"""Side of a local region in pixels at 500 ppi."""

MARGIN = 2
"""What a 32x16 window, turned by any angle, needs around its block."""

WINDOW = BLOCK + 2 * MARGIN
HALF_WIDTH = BLOCK // 4
"""Half the short side of the 32x16 window."""


@njit("UniTuple(float64, 3)(uint8[:, ::1], int64, int64, int64, int64)", nogil=True, cache=True)
def gradient_tensor(
    image: NDArray[np.uint8], top: int, left: int, height: int, width: int
) -> tuple[float, float, float]:
    """Sums of gx^2, gy^2 and gx gy over one block: central differences, one-sided at the block's own edges.

    All terms are multiples of 1/4 and the sums stay below 2^53, so the order of adding does not matter.
    """
    xx = 0
    yy = 0
    xy = 0
    for row in range(top, top + height):
        above = max(row - 1, top)
        below = min(row + 1, top + height - 1)
        row_gain = 2 if below - above == 1 else 1
        for column in range(left, left + width):
            before = max(column - 1, left)
            after = min(column + 1, left + width - 1)
            column_gain = 2 if after - before == 1 else 1
            gx = (int(image[row, after]) - int(image[row, before])) * column_gain
            gy = (int(image[below, column]) - int(image[above, column])) * row_gain
            xx += gx * gx
            yy += gy * gy
            xy += gx * gy
    return xx / 4.0, yy / 4.0, xy / 4.0


@njit("float64(float64, float64, float64)", nogil=True, cache=True)
def certainty_of(xx: float, yy: float, xy: float) -> float:
    """Orientation certainty 1 - lmin/lmax of the tensor's eigenvalues; -1 for a flat block."""
    root = math.sqrt((xx - yy) ** 2 + 4.0 * xy * xy)
    largest = (xx + yy + root) / 2.0
    if largest == 0.0:
        return -1.0
    return 1.0 - ((xx + yy - root) / 2.0) / largest


@njit("float64(float64, float64, float64)", nogil=True, cache=True)
def normal_angle(xx: float, yy: float, xy: float) -> float:
    """Angle across the ridges in radians as NFIQ 2 measures it: atan2(xy, xx - yy) / 2, not of 2 xy."""
    difference = xx - yy
    weight = xy * xy + difference * difference + 2.220446049250313e-16
    return math.atan2(xy / weight, difference / weight) / 2.0


@njit("float64(uint8[:, ::1], int64, int64, int64, int64)", nogil=True, cache=True)
def coherence_of(image: NDArray[np.uint8], top: int, left: int, height: int, width: int) -> float:
    """Length of the summed squared gradients over the sum of their lengths, 0 for a flat block."""
    sum_x = 0.0
    sum_y = 0.0
    lengths = 0.0
    for row in range(top, top + height):
        above = max(row - 1, top)
        below = min(row + 1, top + height - 1)
        row_gain = 1.0 if below - above == 1 else 0.5
        for column in range(left, left + width):
            before = max(column - 1, left)
            after = min(column + 1, left + width - 1)
            column_gain = 1.0 if after - before == 1 else 0.5
            gx = (float(image[row, after]) - float(image[row, before])) * column_gain
            gy = (float(image[below, column]) - float(image[above, column])) * row_gain
            squared = gx * gx + gy * gy
            sum_x += gx * gx - gy * gy
            sum_y += 2.0 * gx * gy
            lengths += squared
    if lengths == 0.0:
        return 0.0
    return math.sqrt(sum_x * sum_x + sum_y * sum_y) / lengths


@njit("UniTuple(float64, 6)(float64, float64)", nogil=True, cache=True)
def turned_back(angle: float, centre: float) -> tuple[float, float, float, float, float, float]:
    """Where a turned pixel comes from: x' = a x + b y + origin_x, y' = c x + d y + origin_y.

    In the steps of OpenCV's getRotationMatrix2D and warpAffine, by way of degrees: places that lie between two
    pixels depend on the last bit.
    """
    turned = angle * (180.0 / math.pi) * (math.pi / 180.0)
    cosine = math.cos(turned)
    sine = math.sin(turned)
    offset_x = (1.0 - cosine) * centre - sine * centre
    offset_y = sine * centre + (1.0 - cosine) * centre
    scale = 1.0 / (cosine * cosine + sine * sine)
    a = cosine * scale
    b = -sine * scale
    c = sine * scale
    d = cosine * scale
    origin_x = -a * offset_x - b * offset_y
    origin_y = -c * offset_x - d * offset_y
    return a, b, c, d, origin_x, origin_y


@njit("void(uint8[:, ::1], int64, int64, float64, boolean, int64[::1])", nogil=True, cache=True)
def ridge_profile(  # noqa: PLR0917 - kernels take no keywords
    image: NDArray[np.uint8],
    top: int,
    left: int,
    angle: float,
    along_rows: bool,
    profile: NDArray[np.int64],
) -> None:
    """Sums of the 32 lines of a 32x16 window of the turned 36x36 window at (top, left).

    along_rows: the window stands, 32 rows of 16; otherwise it lies, 32 columns of 16. NFIQ 2 turns these two
    measures about a point 2 pixels down and right of the window's centre, with 2 pixels of its surroundings
    (black beyond the image); the forest was trained so. Nearest neighbour in 10-bit fixed point, as OpenCV's
    warpAffine rounds.
    """
    height, width = image.shape
    centre = WINDOW / 2.0 + MARGIN
    a, b, c, d, origin_x, origin_y = turned_back(angle, centre)
    middle = WINDOW // 2
    half_rows = BLOCK // 2 if along_rows else HALF_WIDTH
    half_columns = HALF_WIDTH if along_rows else BLOCK // 2
    profile[:] = 0
    for row in range(middle - half_rows, middle + half_rows):
        base_x = int(np.rint((b * row + origin_x) * 1024.0)) + 512
        base_y = int(np.rint((d * row + origin_y) * 1024.0)) + 512
        for column in range(middle - half_columns, middle + half_columns):
            x = ((base_x + int(np.rint(a * column * 1024.0))) >> 10) - MARGIN
            y = ((base_y + int(np.rint(c * column * 1024.0))) >> 10) - MARGIN
            if -MARGIN <= x < WINDOW + MARGIN and -MARGIN <= y < WINDOW + MARGIN:
                x += left
                y += top
                if 0 <= x < width and 0 <= y < height:
                    line = row - middle + half_rows if along_rows else column - middle + half_columns
                    profile[line] += image[y, x]


@njit("void(uint8[:, ::1], int64, int64, float64, uint8[:, ::1])", nogil=True, cache=True)
def turned_window(
    image: NDArray[np.uint8], top: int, left: int, angle: float, window: NDArray[np.uint8]
) -> None:
    """The lying 32x16 window, turned about the true centre of the 36x36 window at (top, left)."""
    centre = WINDOW / 2.0
    a, b, c, d, origin_x, origin_y = turned_back(angle, centre)
    middle = WINDOW // 2
    for line in range(2 * HALF_WIDTH):
        row = middle - HALF_WIDTH + line
        base_x = int(np.rint((b * row + origin_x) * 1024.0)) + 512
        base_y = int(np.rint((d * row + origin_y) * 1024.0)) + 512
        for place in range(BLOCK):
            column = middle - BLOCK // 2 + place
            x = (base_x + int(np.rint(a * column * 1024.0))) >> 10
            y = (base_y + int(np.rint(c * column * 1024.0))) >> 10
            inside = 0 <= x < WINDOW and 0 <= y < WINDOW
            window[line, place] = image[top + y, left + x] if inside else 0


@njit("float64(int64[::1], float64[:, ::1])", nogil=True, cache=True)
def frequency_certainty(profile: NDArray[np.int64], waves: NDArray[np.float64]) -> float:
    """Frequency domain analysis of 32 line sums: how much of the spectrum stands in the peak and beside it.

    waves: `fourier_waves()`. The spectrum of real input is symmetric, so 16 of its 31 amplitudes are enough.
    """
    half = BLOCK // 2
    level = True
    for line in range(1, BLOCK):
        level = level and profile[line] == profile[0]
    if level:
        return 1.0
    previous = 0.0
    peak = 0.0
    peak_at = 0
    before = 0.0
    after = 0.0
    total = 0.0
    for wave in range(1, half + 1):
        real = 0.0
        imaginary = 0.0
        for line in range(BLOCK):
            real += profile[line] * waves[2 * wave, line]
            imaginary += profile[line] * waves[2 * wave + 1, line]
        amplitude = math.sqrt(real * real + imaginary * imaginary)
        if wave < half:
            total += amplitude
        if peak_at == wave - 1 and wave > 1:
            after = amplitude
        # one odd line has a flat spectrum: rounding must not move its peak off the first wave
        if amplitude > peak * (1.0 + 1e-10):
            peak = amplitude
            peak_at = wave
            before = previous
            after = 0.0
        previous = amplitude
    if peak_at <= 1:
        return 1.0
    if peak_at == half:
        after = before
    return (peak + 0.3 * (before + after)) / total


def fourier_waves() -> NDArray[np.float64]:
    """Cosines in even rows, sines in odd ones: waves 0..16 over 32 lines, each line a mean of 16 pixels."""
    lines = np.arange(BLOCK)
    waves = np.empty((BLOCK + 2, BLOCK))
    for wave in range(BLOCK // 2 + 1):
        waves[2 * wave] = np.cos(2 * np.pi * wave * lines / BLOCK) / (2 * HALF_WIDTH)
        waves[2 * wave + 1] = np.sin(2 * np.pi * wave * lines / BLOCK) / (2 * HALF_WIDTH)
    return waves


@njit("void(int64[::1], float64[::1], uint8[::1])", nogil=True, cache=True)
def split_ridges(profile: NDArray[np.int64], threshold: NDArray[np.float64], ridge: NDArray[np.uint8]) -> None:
    """Least-squares line through the 32 line means; lines below it are ridge (1), the others valley (0)."""
    total = 0.0
    weighted = 0.0
    for line in range(BLOCK):
        value = profile[line] / (2.0 * HALF_WIDTH)
        total += value
        weighted += value * (line + 1)
    mean_place = (BLOCK + 1) / 2.0
    spread = BLOCK * (BLOCK * BLOCK - 1) / 12.0
    slope = (weighted - mean_place * total) / spread
    intercept = total / BLOCK - slope * mean_place
    # NFIQ 2 rounds both to ten places so that platforms agree
    slope = np.rint(slope * 1e10) / 1e10
    intercept = np.rint(intercept * 1e10) / 1e10
    for line in range(BLOCK):
        threshold[line] = (line + 1) * slope + intercept
        ridge[line] = 1 if profile[line] / (2.0 * HALF_WIDTH) < threshold[line] else 0


@njit("float64(float64[::1], int64)", nogil=True, cache=True)
def _mean_in_fours(values: NDArray[np.float64], count: int) -> float:
    """Mean as OpenCV adds it, four at a time: widths often meet the limits 3/20 and 2/20 to the last bit."""
    total = 0.0
    place = 0
    while place + 4 <= count:
        total += values[place] + values[place + 1] + values[place + 2] + values[place + 3]
        place += 4
    while place < count:
        total += values[place]
        place += 1
    return float(total * (1.0 / count)) if count else 0.0


@njit("float64(uint8[:, ::1], float64[::1], uint8[::1], float64[:, ::1])", nogil=True, cache=True)
def clarity_of(
    window: NDArray[np.uint8],
    threshold: NDArray[np.float64],
    ridge: NDArray[np.uint8],
    widths: NDArray[np.float64],
) -> float:
    """Local clarity 1 - (alpha + beta) / 2; 0 when mean ridge or valley widths are not a finger's.

    widths (2, 32): scratch.
    """
    valleys, ridges = 0, 0
    last = 0
    for change in range(BLOCK - 1):
        if ridge[change] != ridge[change + 1]:
            width = (change - last) / 20.0
            if ridge[change]:
                widths[1, ridges] = width
                ridges += 1
            else:
                widths[0, valleys] = width
                valleys += 1
            last = change
    valley_width = _mean_in_fours(widths[0], valleys)
    ridge_width = _mean_in_fours(widths[1], ridges)
    if not (3 / 20 <= ridge_width <= 10 / 20 and 2 / 20 <= valley_width <= 10 / 20):
        return 0.0
    dark_valley, bright_ridge, ridge_lines = 0.0, 0.0, 0
    for place in range(BLOCK):
        ridge_lines += int(ridge[place])
        for line in range(2 * HALF_WIDTH):
            dark = window[line, place] < threshold[place]
            if ridge[place] and not dark:
                bright_ridge += 1.0
            elif dark and not ridge[place]:
                dark_valley += 1.0
    valley_pixels = 2 * HALF_WIDTH * (BLOCK - ridge_lines)
    ridge_pixels = 2 * HALF_WIDTH * ridge_lines
    return float(1.0 - (dark_valley / valley_pixels + bright_ridge / ridge_pixels) / 2.0)


@njit("int64(uint8[::1], float64[::1], int64, int64[::1])", nogil=True, cache=True)
def width_ratios(
    ridge: NDArray[np.uint8], ratios: NDArray[np.float64], filled: int, changes: NDArray[np.int64]
) -> int:
    """Appends ridge to valley ratios of neighbouring complete pairs; gives the new length of `ratios`.

    NFIQ 2 looks at 31 of the 32 lines, reads the widths from the far end and drops the first complete one.
    changes (32,): scratch.
    """
    count = 0
    for change in range(BLOCK - 2):
        if ridge[change] != ridge[change + 1]:
            changes[count] = change
            count += 1
    if count < 4:
        return filled
    starts_as_ridge = ridge[changes[0] + 1] == 1
    for pair in range(count - 3):
        width = changes[count - 1 - pair] - changes[count - 2 - pair]
        next_width = changes[count - 2 - pair] - changes[count - 3 - pair]
        inverted = (pair % 2 == 1) if starts_as_ridge else (pair % 2 == 0)
        ratios[filled] = 1.0 / (width / next_width) if inverted else width / next_width
        filled += 1
    return filled
