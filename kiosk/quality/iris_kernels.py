"""Kernels that find the circles and lids of an eye.

Pictures are C-contiguous uint8 grey; coordinates are pixel centres, x to the right, y down;
angles in radians from +x towards +y.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

GRAY = types.Array(types.uint8, 2, "C", readonly=True)
"""Camera frames arrive read-only."""
_F, _I = types.float64, types.int64
_FLOATS, _TABLE = types.float64[::1], types.float64[:, ::1]


@njit(types.int64[:, ::1](GRAY), nogil=True, cache=True)
def integral(gray: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Summed-area table with a leading row and column of zeros."""
    height, width = gray.shape
    table = np.zeros((height + 1, width + 1), np.int64)
    for y in range(height):
        row = 0
        for x in range(width):
            row += gray[y, x]
            table[y + 1, x + 1] = table[y, x + 1] + row
    return table


@njit(_TABLE(types.int64[:, ::1], types.int64[::1]), nogil=True, cache=True)
def dark_discs(table: NDArray[np.int64], radii: NDArray[np.int64]) -> NDArray[np.float64]:
    """The best contrast at each pixel of a dark square of half-side r against the ring out to 3r.

    Centre-surround feature of Swirski et al. 2012. table: `integral` of a picture (h, w).
    Returns (h * w, 2): contrast in grey levels, r; zeros where no square is darker than its ring.
    """
    height, width = table.shape[0] - 1, table.shape[1] - 1
    out = np.zeros((height * width, 2))
    for r in radii:
        for y in range(r, height - r):
            o0, o1 = max(0, y - 3 * r), min(height, y + 3 * r + 1)
            for x in range(r, width - r):
                p0, p1 = max(0, x - 3 * r), min(width, x + 3 * r + 1)
                inner = (
                    table[y + r + 1, x + r + 1]
                    - table[y - r, x + r + 1]
                    - table[y + r + 1, x - r]
                    + table[y - r, x - r]
                )
                whole = table[o1, p1] - table[o0, p1] - table[o1, p0] + table[o0, p0]
                inner_area = (2 * r + 1) * (2 * r + 1)
                ring_area = (o1 - o0) * (p1 - p0) - inner_area
                contrast = (whole - inner) / max(1, ring_area) - inner / inner_area
                place = y * width + x
                if contrast > out[place, 0]:
                    out[place, 0] = contrast
                    out[place, 1] = r
    return out


@njit(_F(GRAY, _F, _F), nogil=True, cache=True)
def sample(gray: NDArray[np.uint8], x: float, y: float) -> float:
    """Bilinear grey value; the border repeats."""
    height, width = gray.shape
    x = min(max(x, 0.0), width - 1.001)
    y = min(max(y, 0.0), height - 1.001)
    x0, y0 = int(x), int(y)
    fx, fy = x - x0, y - y0
    top = gray[y0, x0] * (1 - fx) + gray[y0, x0 + 1] * fx
    low = gray[y0 + 1, x0] * (1 - fx) + gray[y0 + 1, x0 + 1] * fx
    return float(top * (1 - fy) + low * fy)


@njit(_TABLE(GRAY, _F, _F, _FLOATS, _F, _F, _I, _F), nogil=True, cache=True)
def ray_edges(  # noqa: PLR0917 - compiled code has no keyword-only arguments
    gray: NDArray[np.uint8],
    x: float,
    y: float,
    angles: NDArray[np.float64],
    near: float,
    far: float,
    half: int,
    cap: float,
) -> NDArray[np.float64]:
    """On each ray from (x, y) the strongest step from dark to bright between the radii near and far.

    A step at r is the mean of the `half` pixels beyond r less that of the `half` pixels before it;
    pixels above `cap` count as `cap`, so that a lamp's reflection is no edge of its own.
    Returns (angles, 2): radius to a fraction of a pixel, step in grey levels; a step of 0 where the
    ray leaves the picture before `near` or never brightens.
    """
    height, width = gray.shape
    count = max(3, int(far - near) + 1)
    out = np.zeros((angles.size, 2))
    profile = np.empty(count + 2 * half)
    steps = np.empty(count)
    for index in range(angles.size):
        cos, sin = np.cos(angles[index]), np.sin(angles[index])
        valid = 0
        for k in range(profile.size):
            r = near - half + 0.5 + k
            px, py = x + r * cos, y + r * sin
            if px < 0 or py < 0 or px > width - 1 or py > height - 1:
                break
            profile[k] = min(sample(gray, px, py), cap)
            valid = k + 1
        usable = min(count, valid - 2 * half + 1)
        best = -1
        for k in range(usable):
            before, beyond = 0.0, 0.0
            for j in range(half):
                before += profile[k + j]
                beyond += profile[k + half + j]
            steps[k] = (beyond - before) / half
            if steps[k] > 0 and (best < 0 or steps[k] > steps[best]):
                best = k
        if best >= 0:
            shift = 0.0
            if 0 < best < usable - 1:
                bend = steps[best - 1] - 2 * steps[best] + steps[best + 1]
                if bend < 0:
                    shift = 0.5 * (steps[best - 1] - steps[best + 1]) / bend
            out[index, 0] = near + best + shift
            out[index, 1] = steps[best]
    return out


@njit(types.void(_FLOATS, _FLOATS, _F, _FLOATS), nogil=True, cache=True)
def _least_squares(
    xs: NDArray[np.float64], ys: NDArray[np.float64], tolerance: float, circle: NDArray[np.float64]
) -> None:
    """Refit `circle` in place through the points within `tolerance` of it."""
    n, sx, sy, sxx, syy, sxy, sxz, syz, sz = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    cx, cy, r = circle[0], circle[1], circle[2]
    for m in range(xs.size):
        x, y = xs[m] - cx, ys[m] - cy
        if abs(np.sqrt(x * x + y * y) - r) > tolerance:
            continue
        z = x * x + y * y
        n += 1
        sx += x
        sy += y
        sxx += x * x
        syy += y * y
        sxy += x * y
        sxz += x * z
        syz += y * z
        sz += z
    if n < 6:
        return
    a, b, c = sxx - sx * sx / n, sxy - sx * sy / n, syy - sy * sy / n
    p, q = 0.5 * (sxz - sx * sz / n), 0.5 * (syz - sy * sz / n)
    determinant = a * c - b * b
    if determinant < 1e-9:
        return
    dx, dy = (p * c - q * b) / determinant, (q * a - p * b) / determinant
    square = sz / n - 2 * (dx * sx + dy * sy) / n + dx * dx + dy * dy
    circle[0], circle[1] = cx + dx, cy + dy
    circle[2] = np.sqrt(max(0.0, square))
    circle[3] = n


@njit(_FLOATS(_FLOATS, _FLOATS, _F, _F), nogil=True, cache=True)
def fit_circle(
    xs: NDArray[np.float64], ys: NDArray[np.float64], tolerance: float, largest: float
) -> NDArray[np.float64]:
    """The circle most points agree on, then its least-squares fit (Kasa) through those.

    Every point starts a triple with those a third of the way round; no chance is involved.
    Returns x, y, radius, number of points within `tolerance`; zeros when there is no circle of
    radius up to `largest`.
    """
    count = xs.size
    best = np.zeros(4)
    if count < 6:
        return best
    for start in range(count):
        for gap in (count // 3, count // 4):
            i, j, k = start, (start + gap) % count, (start + 2 * gap) % count
            ax, ay = xs[j] - xs[i], ys[j] - ys[i]
            bx, by = xs[k] - xs[i], ys[k] - ys[i]
            cross = 2 * (ax * by - ay * bx)
            if abs(cross) < 1e-6:
                continue
            a2, b2 = ax * ax + ay * ay, bx * bx + by * by
            ux, uy = (by * a2 - ay * b2) / cross, (ax * b2 - bx * a2) / cross
            r = np.sqrt(ux * ux + uy * uy)
            if r > largest:
                continue
            cx, cy = xs[i] + ux, ys[i] + uy
            near = 0
            for m in range(count):
                if abs(np.sqrt((xs[m] - cx) ** 2 + (ys[m] - cy) ** 2) - r) <= tolerance:
                    near += 1
            if near > best[3]:
                best[0], best[1], best[2], best[3] = cx, cy, r, near
    for _ in range(4):
        _least_squares(xs, ys, tolerance, best)
    return best


@njit(_FLOATS(GRAY, _F, _F, _FLOATS, _FLOATS, _FLOATS, _F), nogil=True, cache=True)
def limbus(  # noqa: PLR0917
    gray: NDArray[np.uint8],
    x: float,
    y: float,
    shifts: NDArray[np.float64],
    radii: NDArray[np.float64],
    angles: NDArray[np.float64],
    cap: float,
) -> NDArray[np.float64]:
    """The circle near (x, y) whose left and right flanks brighten most outwards.

    Daugman's integro-differential operator on the flanks only, as lids hide the rest; one ray's
    step counts up to `cap` grey levels, so that many weak agreeing rays beat few strong ones.
    angles: right flank, mirrored for the left one. A flank out of the picture has no say.
    Returns x, y, radius, mean step; zeros when nothing brightens.
    """
    height, width = gray.shape
    best = np.zeros(4)
    for dx in shifts:
        for dy in (-0.5 * shifts[-1], 0.0, 0.5 * shifts[-1]):
            cx, cy = x + dx, y + dy
            for r in radii:
                gap = max(1.5, 0.06 * r)
                flanks, said = 0.0, 0
                weakest = 1e9
                for side in (1.0, -1.0):
                    total, rays = 0.0, 0
                    for angle in angles:
                        cos, sin = side * np.cos(angle), np.sin(angle)
                        ox, oy = cx + (r + gap) * cos, cy + (r + gap) * sin
                        if ox < 0 or oy < 0 or ox > width - 1 or oy > height - 1:
                            continue
                        inside = sample(gray, cx + (r - gap) * cos, cy + (r - gap) * sin)
                        total += min(max(sample(gray, ox, oy) - inside, -cap), cap)
                        rays += 1
                    if 2 * rays >= angles.size:
                        flanks += total / rays
                        weakest = min(weakest, total / rays)
                        said += 1
                if said == 0:
                    continue
                step = 0.5 * (flanks / said + weakest)
                if step > best[3]:
                    best[0], best[1], best[2], best[3] = cx, cy, r, step
    return best


@njit(_TABLE(GRAY, _FLOATS, _FLOATS, _I, _I), nogil=True, cache=True)
def lid_edges(
    gray: NDArray[np.uint8], iris: NDArray[np.float64], pupil: NDArray[np.float64], columns: int, upward: int
) -> NDArray[np.float64]:
    """In columns across the iris, the strongest vertical step between pupil and rim.

    iris, pupil: x, y, r. upward: -1 towards the upper lid, +1 towards the lower.
    Returns (columns, 3): x, y, step in grey levels of either sign; a step of 0 where the column has no room.
    """
    height, width = gray.shape
    out = np.zeros((columns, 3))
    ix, iy, ir = iris[0], iris[1], iris[2]
    half = max(2, int(0.05 * ir))
    side = max(1, int(0.03 * ir))
    for column in range(columns):
        u = (2 * (column + 0.5) / columns - 1) * 0.9 * ir
        x = int(ix + u)
        out[column, 0] = ix + u
        reach = np.sqrt(ir * ir - u * u) - 0.14 * ir
        v = ix + u - pupil[0]
        hole = 1.15 * pupil[2]
        start = 0.1 * ir
        if abs(v) < hole:
            start = max(start, upward * (pupil[1] - iy) + np.sqrt(hole * hole - v * v))
        if x - side < 0 or x + side >= width:
            continue
        distance = start + half
        while distance < reach:
            y = int(iy + upward * distance)
            if y - half < 0 or y + half >= height:
                break
            above, below = 0.0, 0.0
            for j in range(1, half + 1):
                for i in range(-side, side + 1):
                    above += gray[y - j, x + i]
                    below += gray[y + j, x + i]
            step = abs(above - below) / (half * (2 * side + 1))
            if step > out[column, 2]:
                out[column, 1], out[column, 2] = y, step
            distance += 1
    return out


@njit(_FLOATS(_FLOATS, _FLOATS, _F, _F), nogil=True, cache=True)
def fit_parabola(
    us: NDArray[np.float64], vs: NDArray[np.float64], tolerance: float, steepest: float
) -> NDArray[np.float64]:
    """v = a + b u + c u^2 that most points agree on. Returns a, b, c, agreeing points.

    |b| and |c| stay below `steepest` (u and v in the same unit)."""
    count = us.size
    best = np.zeros(4)
    for i in range(count):
        for j in range(i + 1, count):
            for k in range(j + 1, count):
                d1, d2, d3 = us[j] - us[i], us[k] - us[i], us[k] - us[j]
                if d1 == 0 or d2 == 0 or d3 == 0:
                    continue
                c = ((vs[k] - vs[i]) / d2 - (vs[j] - vs[i]) / d1) / d3
                b = (vs[j] - vs[i]) / d1 - c * (us[i] + us[j])
                if abs(c) > steepest or abs(b) > steepest:
                    continue
                a = vs[i] - b * us[i] - c * us[i] * us[i]
                near = 0
                for m in range(count):
                    if abs(a + us[m] * (b + c * us[m]) - vs[m]) <= tolerance:
                        near += 1
                if near > best[3]:
                    best[0], best[1], best[2], best[3] = a, b, c, near
    return best


@njit(types.int64[:, ::1](GRAY, _FLOATS, _FLOATS, _FLOATS, _FLOATS), nogil=True, cache=True)
def zones(
    gray: NDArray[np.uint8],
    iris: NDArray[np.float64],
    pupil: NDArray[np.float64],
    upper: NDArray[np.float64],
    lower: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Grey histograms (4, 256) between the lids: pupil, iris and sclera of ISO/IEC 29794-6, whole iris ring.

    upper, lower: a, b, c of the lids, y - iris y = a + b u + c u^2 with u = x - iris x.
    """
    height, width = gray.shape
    counts = np.zeros((4, 256), np.int64)
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
    return counts


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
