"""Kernels that measure an eye whose circles are known. Conventions as in `iris_kernels`."""

from __future__ import annotations

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from kiosk.quality.iris_kernels import GRAY, sample

_F, _I = types.float64, types.int64
_FLOATS, _TABLE = types.float64[::1], types.float64[:, ::1]


@njit(types.void(GRAY, _FLOATS, _FLOATS, _FLOATS, _FLOATS, types.int64[:, ::1]), nogil=True, cache=True)
def zones(  # noqa: PLR0917 - compiled code has no keyword-only arguments
    gray: NDArray[np.uint8],
    iris: NDArray[np.float64],
    pupil: NDArray[np.float64],
    upper: NDArray[np.float64],
    lower: NDArray[np.float64],
    counts: NDArray[np.int64],
) -> None:
    """counts (4, 256): grey histograms between the lids: pupil, iris and sclera of ISO/IEC 29794-6, whole ring.

    upper, lower: a, b, c of the lids, y - iris y = a + b u + c u^2 with u = x - iris x.
    """
    height, width = gray.shape
    counts[:] = 0
    ix, iy, ir = iris[0], iris[1], iris[2]
    px, py, pr = pupil[0], pupil[1], pupil[2]
    middle = 0.5 * (pr + ir)
    for y in range(max(0, int(iy - 1.3 * ir)), min(height, int(iy + 1.3 * ir) + 1)):
        v = y - iy
        for x in range(max(0, int(ix - 1.3 * ir)), min(width, int(ix + 1.3 * ir) + 1)):
            u = x - ix
            if v < upper[0] + u * (upper[1] + upper[2] * u) or v > lower[0] + u * (lower[1] + lower[2] * u):
                continue
            level = gray[y, x]
            from_iris = np.sqrt(u * u + v * v)
            from_pupil = np.sqrt((x - px) ** 2 + (y - py) ** 2)
            if from_pupil <= 0.8 * pr:
                counts[0, level] += 1
            if from_pupil > pr and from_iris <= ir:
                counts[3, level] += 1
                if from_iris >= middle and from_iris <= 0.9 * ir:
                    counts[1, level] += 1
            if from_iris > 1.1 * ir and from_iris <= 1.25 * ir and abs(v) < 0.5 * from_iris:
                counts[2, level] += 1


_FOCUS = np.array(
    [
        [0, 1, 1, 2, 2, 2, 1, 1, 0],
        [1, 2, 4, 5, 5, 5, 4, 2, 1],
        [1, 4, 5, 3, 0, 3, 5, 4, 1],
        [2, 5, 3, -12, -24, -12, 3, 5, 2],
        [2, 5, 0, -24, -40, -24, 0, 5, 2],
        [2, 5, 3, -12, -24, -12, 3, 5, 2],
        [1, 4, 5, 3, 0, 3, 5, 4, 1],
        [1, 2, 4, 5, 5, 5, 4, 2, 1],
        [0, 1, 1, 2, 2, 2, 1, 1, 0],
    ],
    dtype=np.int64,
)
"""Band-pass kernel of ISO/IEC 29794-6:2015, 6.2.10."""


@njit(_F(GRAY), nogil=True, cache=True)
def focus_power(gray: NDArray[np.uint8]) -> float:
    """Mean square of the band-pass response on every fourth pixel of every fourth row."""
    height, width = gray.shape
    total, count = 0.0, 0
    for y in range(4, height - 4, 4):
        for x in range(4, width - 4, 4):
            response = 0
            for j in range(9):
                for i in range(9):
                    response += _FOCUS[j, i] * gray[y + j - 4, x + i - 4]
            total += float(response * response)
            count += 1
    return total / max(1, count)


@njit(_F(GRAY, _I, _I), nogil=True, cache=True)
def interlace_ratio(gray: NDArray[np.uint8], top: int, bottom: int) -> float:
    """How much more a row differs from its neighbours than from the rows two away, rows top to bottom - 1.

    Mean square second differences at a lag of one row over those at two. A still picture gives less than 1,
    white noise 1, and the comb of an interlaced sensor on a moving eye more.
    """
    width = gray.shape[1]
    near, far = 0.0, 0.0
    for y in range(max(2, top), min(gray.shape[0] - 2, bottom)):
        for x in range(0, width, 2):
            level = 2.0 * gray[y, x]
            one = level - gray[y - 1, x] - gray[y + 1, x]
            two = level - gray[y - 2, x] - gray[y + 2, x]
            near += one * one
            far += two * two
    return near / far if far > 0 else 0.0


@njit(_F(GRAY, _F, _F, _F), nogil=True, cache=True)
def _capped(gray: NDArray[np.uint8], x: float, y: float, cap: float) -> float:
    return min(sample(gray, x, y), cap)


@njit(types.void(GRAY, _FLOATS, _FLOATS, _FLOATS, _F, _FLOATS), nogil=True, cache=True)
def rim_steepness(  # noqa: PLR0917
    gray: NDArray[np.uint8],
    pupil: NDArray[np.float64],
    angles: NDArray[np.float64],
    radii: NDArray[np.float64],
    cap: float,
    steep: NDArray[np.float64],
) -> None:
    """Share of the pupil's step that falls within two pixels of its rim, along each ray; NaN without a step.

    pupil: x, y, r; radii: the rim's own radius on each ray, 0 where it was not seen.
    """
    steep[:] = np.nan
    x, y = pupil[0], pupil[1]
    for index in range(angles.size):
        r = radii[index]
        if r <= 0:
            continue
        cos, sin = np.cos(angles[index]), np.sin(angles[index])
        inside = _capped(gray, x + (r - 7.0) * cos, y + (r - 7.0) * sin, cap)
        before = _capped(gray, x + (r - 1.0) * cos, y + (r - 1.0) * sin, cap)
        beyond = _capped(gray, x + (r + 1.0) * cos, y + (r + 1.0) * sin, cap)
        whole = _capped(gray, x + (r + 7.0) * cos, y + (r + 7.0) * sin, cap) - inside
        if whole > 10:
            steep[index] = min(1.0, max(0.0, (beyond - before) / whole))


@njit(_F(GRAY, _FLOATS, _F, _FLOATS, _F, _F), nogil=True, cache=True)
def _flank_contrast(  # noqa: PLR0917
    gray: NDArray[np.uint8],
    iris: NDArray[np.float64],
    r: float,
    angles: NDArray[np.float64],
    thickness: float,
    side: float,
) -> float:
    """Mean contrast of one flank's ring; NaN when less than half of it lies in the picture."""
    height, width = gray.shape
    total, rays = 0.0, 0
    for angle in angles:
        cos, sin = side * np.cos(angle), np.sin(angle)
        ox, oy = iris[0] + (r + thickness) * cos, iris[1] + (r + thickness) * sin
        if ox < 0 or oy < 0 or ox > width - 1 or oy > height - 1:
            continue
        middle = sample(gray, iris[0] + r * cos, iris[1] + r * sin)
        inside = sample(gray, iris[0] + (r - thickness) * cos, iris[1] + (r - thickness) * sin)
        total += min(max(middle - 0.5 * (inside + sample(gray, ox, oy)), -30.0), 30.0)
        rays += 1
    return total / rays if rays and 2 * rays >= angles.size else np.nan


@njit(types.void(GRAY, _FLOATS, _FLOATS, _FLOATS, _F, _FLOATS), nogil=True, cache=True)
def thin_rings(  # noqa: PLR0917
    gray: NDArray[np.uint8],
    iris: NDArray[np.float64],
    radii: NDArray[np.float64],
    angles: NDArray[np.float64],
    thickness: float,
    rings: NDArray[np.float64],
) -> None:
    """Mean contrast of a thin ring at each radius against the pixels `thickness` inside and outside it.

    Over the right flank at `angles` and its mirror; the weaker flank counts, and 0 when they differ in sign or
    less than half a flank lies in the picture. iris: x, y, r.
    """
    for place in range(radii.size):
        right = _flank_contrast(gray, iris, radii[place], angles, thickness, 1.0)
        left = _flank_contrast(gray, iris, radii[place], angles, thickness, -1.0)
        rings[place] = 0.0
        if right * left > 0:
            weaker = min(abs(right), abs(left))
            rings[place] = weaker if right > 0 else -weaker


@njit(types.void(GRAY, _FLOATS, _FLOATS, _F, _TABLE), nogil=True, cache=True)
def flank_lids(
    gray: NDArray[np.uint8],
    iris: NDArray[np.float64],
    reaches: NDArray[np.float64],
    faintest: float,
    heights: NDArray[np.float64],
) -> None:
    """Height of the upper lid's edge beside the iris: the first strong vertical step above its centre line.

    reaches: distances from the iris centre in iris radii. heights (2, reaches), the picture's left and right,
    in iris radii above the centre; NaN where the column leaves the picture or shows no step of `faintest`.
    """
    height, width = gray.shape
    ix, iy, ir = iris[0], iris[1], iris[2]
    half = max(2, int(0.03 * ir))
    side = max(1, int(0.04 * ir))
    heights[:] = np.nan
    for flank in range(2):
        for place in range(reaches.size):
            x = int(ix + (2 * flank - 1) * reaches[place] * ir)
            if x < side or x + side >= width:
                continue
            y = min(int(iy - 0.1 * ir), height - 1 - half)
            while y >= half:
                above, below = 0.0, 0.0
                for j in range(1, half + 1):
                    for i in range(-side, side + 1):
                        above += gray[y - j, x + i]
                        below += gray[y + j, x + i]
                if abs(below - above) > faintest * half * (2 * side + 1):
                    heights[flank, place] = (iy - y) / ir
                    break
                y -= 1
