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


@njit(types.void(GRAY, _I, _I, _F, _TABLE), nogil=True, cache=True)
def radial_votes(
    gray: NDArray[np.uint8], nearest: int, farthest: int, faintest: float, votes: NDArray[np.float64]
) -> None:
    """Where the edges of dark discs point: each edge pixel votes down its gradient.

    Fast radial symmetry after Loy and Zelinsky 2003, dark centres only: pupil and iris share a centre and
    so vote together whatever surrounds them, while a brow or a lash votes along a line. A vote is a
    constant, as the distance to a centre does not make an edge worth more; it falls `nearest` to `farthest`
    pixels away. faintest: gradient, grey levels a pixel, below which a pixel is silent. votes: (h, w).
    """
    height, width = gray.shape
    votes[:] = 0
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            gx = 0.5 * (float(gray[y, x + 1]) - float(gray[y, x - 1]))
            gy = 0.5 * (float(gray[y + 1, x]) - float(gray[y - 1, x]))
            size = np.sqrt(gx * gx + gy * gy)
            if size < faintest:
                continue
            ux, uy = -gx / size, -gy / size
            for r in range(nearest, farthest + 1):
                column, row = int(x + r * ux + 0.5), int(y + r * uy + 0.5)
                if column < 0 or row < 0 or column >= width or row >= height:
                    break
                votes[row, column] += 1


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


def ray_length(near: float, far: float, half: int) -> int:
    """How many pixels of a ray `ray_edges` reads."""
    return max(3, int(far - near) + 1) + 2 * half


@njit(types.void(GRAY, _F, _F, _FLOATS, _F, _F, _I, _F, _TABLE, _TABLE), nogil=True, cache=True)
def ray_edges(  # noqa: PLR0917 - compiled code has no keyword-only arguments
    gray: NDArray[np.uint8],
    x: float,
    y: float,
    angles: NDArray[np.float64],
    near: float,
    far: float,
    half: int,
    cap: float,
    edges: NDArray[np.float64],
    scratch: NDArray[np.float64],
) -> None:
    """On each ray from (x, y) the strongest step from dark to bright between the radii near and far.

    A step at r is the mean of the `half` pixels beyond r less that of the `half` pixels before it;
    pixels above `cap` count as `cap`, so that a lamp's reflection is no edge of its own.
    edges (angles, 2): radius to a fraction of a pixel, step in grey levels; a step of 0 where the
    ray leaves the picture before `near` or never brightens. scratch: (2, ray_length(near, far, half)).
    """
    height, width = gray.shape
    count = max(3, int(far - near) + 1)
    edges[:] = 0
    profile, steps = scratch[0], scratch[1]
    for index in range(angles.size):
        cos, sin = np.cos(angles[index]), np.sin(angles[index])
        valid = 0
        for k in range(count + 2 * half):
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
            edges[index, 0] = near + best + shift
            edges[index, 1] = steps[best]


@njit(types.void(GRAY, _F, _F, _I, _I, _F, _FLOATS, _FLOATS), nogil=True, cache=True)
def ring_steps(  # noqa: PLR0917
    gray: NDArray[np.uint8],
    x: float,
    y: float,
    rays: int,
    half: int,
    cap: float,
    steps: NDArray[np.float64],
    profile: NDArray[np.float64],
) -> None:
    """steps (n,): mean brightening outwards at each radius 0 .. n - 1 around (x, y), over `rays` directions.

    One ray's step, between the means of `half` pixels on either side, counts from 0 to `cap` grey levels.
    A ray that has left the picture counts 0. profile (n + half,): scratch.
    """
    height, width = gray.shape
    farthest = steps.size
    steps[:] = 0
    for index in range(rays):
        angle = 2 * np.pi * index / rays
        cos, sin = np.cos(angle), np.sin(angle)
        length = 0
        for k in range(profile.size):
            px, py = int(x + k * cos + 0.5), int(y + k * sin + 0.5)
            if px < 0 or py < 0 or px >= width or py >= height:
                break
            profile[k] = gray[py, px]
            length += 1
        if length < 2 * half:
            continue
        before, beyond = 0.0, 0.0
        for k in range(half):
            before += profile[k]
            beyond += profile[half + k]
        for r in range(half, length - half + 1):
            step = (beyond - before) / half
            if step > 0:
                steps[min(r, farthest - 1)] += min(step, cap)
            if r < length - half:
                before += profile[r] - profile[r - half]
                beyond += profile[r + half] - profile[r]
    for r in range(farthest):
        steps[r] /= rays


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


@njit(types.void(_FLOATS, _FLOATS, _F, _F, _FLOATS), nogil=True, cache=True)
def fit_circle(
    xs: NDArray[np.float64],
    ys: NDArray[np.float64],
    tolerance: float,
    largest: float,
    best: NDArray[np.float64],
) -> None:
    """The circle most points agree on, then its least-squares fit (Kasa) through those.

    Every point starts a triple with those a third of the way round; no chance is involved.
    best: x, y, radius, number of points within `tolerance`; zeros when there is no circle of
    radius up to `largest`.
    """
    count = xs.size
    best[:] = 0
    if count < 6:
        return
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


@njit(types.void(GRAY, _F, _F, _F, _FLOATS, _FLOATS, _FLOATS, _F, _FLOATS), nogil=True, cache=True)
def limbus(  # noqa: PLR0917
    gray: NDArray[np.uint8],
    x: float,
    y: float,
    pupil_r: float,
    shifts: NDArray[np.float64],
    radii: NDArray[np.float64],
    angles: NDArray[np.float64],
    cap: float,
    best: NDArray[np.float64],
) -> None:
    """The circle near (x, y) whose left and right flanks brighten most outwards.

    Daugman's integro-differential operator on the flanks only, as lids hide the rest; one ray's
    step counts up to `cap` grey levels, so that many weak agreeing rays beat few strong ones. The pupil
    (x, y, pupil_r) lies well inside.
    angles: right flank, mirrored for the left one. A flank out of the picture has no say.
    best: x, y, radius, mean step; zeros when nothing brightens.
    """
    height, width = gray.shape
    best[:] = 0
    for dx in shifts:
        for dy in (-0.5 * shifts[-1], 0.0, 0.5 * shifts[-1]):
            cx, cy = x + dx, y + dy
            for r in radii:
                if r - np.sqrt(dx * dx + dy * dy) < 1.15 * pupil_r:
                    continue
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


@njit(types.void(GRAY, _FLOATS, _FLOATS, _F, _TABLE), nogil=True, cache=True)
def column_steps(
    gray: NDArray[np.uint8],
    iris: NDArray[np.float64],
    pupil: NDArray[np.float64],
    cap: float,
    steps: NDArray[np.float64],
) -> None:
    """Vertical steps, below less above, in columns across the iris.

    iris, pupil: x, y, r. A step counts up to `cap` grey levels. steps (columns, 2 int(r) + 1), from
    iris y - int(r) down; NaN outside the picture, at the rim and in the pupil, whose own edges are no lid.
    """
    height, width = gray.shape
    ix, iy, ir = iris[0], iris[1], iris[2]
    columns, rows = steps.shape
    steps[:] = np.nan
    half = max(2, int(0.05 * ir))
    side = max(1, int(0.03 * ir))
    for column in range(columns):
        u = (2 * (column + 0.5) / columns - 1) * 0.9 * ir
        x = int(ix + u + 0.5)
        if x - side < 0 or x + side >= width:
            continue
        reach = np.sqrt(ir * ir - u * u) - 0.07 * ir
        for row in range(rows):
            v = row - int(ir)
            y = int(iy + 0.5) + v
            if abs(v) > reach or y - half < 0 or y + half >= height:
                continue
            if (x - pupil[0]) ** 2 + (y - pupil[1]) ** 2 < (1.1 * pupil[2] + half) ** 2:
                continue
            above, below = 0.0, 0.0
            for j in range(1, half + 1):
                for i in range(-side, side + 1):
                    above += gray[y - j, x + i]
                    below += gray[y + j, x + i]
            step = (below - above) / (half * (2 * side + 1))
            steps[column, row] = min(max(step, -cap), cap)


@njit(_F(_FLOATS, _I), nogil=True, cache=True)
def _smallest(values: NDArray[np.float64], place: int) -> float:
    """What would stand at `place` if the values were sorted, which reorders them: Hoare's selection."""
    low, high = 0, values.size - 1
    while low < high:
        pivot = values[(low + high) // 2]
        up, down = low, high
        while up <= down:
            while values[up] < pivot:
                up += 1
            while values[down] > pivot:
                down -= 1
            if up <= down:
                values[up], values[down] = values[down], values[up]
                up += 1
                down -= 1
        if place <= down:
            high = down
        elif place >= up:
            low = up
        else:
            break
    return float(values[place])


@njit(_F(_FLOATS), nogil=True, cache=True)
def median(values: NDArray[np.float64]) -> float:
    """Of at least one value; reorders them. NumPy's own would allocate."""
    middle = values.size // 2
    if values.size % 2:
        return _smallest(values, middle)
    return (_smallest(values, middle - 1) + _smallest(values, middle)) / 2


@njit(types.void(_TABLE, _FLOATS, _FLOATS, _FLOATS, _I, _FLOATS, _FLOATS), nogil=True, cache=True)
def lid_curve(  # noqa: PLR0917
    steps: NDArray[np.float64],
    heights: NDArray[np.float64],
    slopes: NDArray[np.float64],
    bends: NDArray[np.float64],
    fewest: int,
    best: NDArray[np.float64],
    merits: NDArray[np.float64],
) -> None:
    """The parabola v = a + b u + c u^2 along which the steps agree most: a Daugman operator for lids.

    steps: `column_steps`; u and v in iris radii. The merit |mean| sqrt(columns) lets the texture of the
    iris, whose steps have either sign, cancel. fewest: columns a parabola must cross.
    best: a, b, c, mean step, columns crossed, merit over the median merit of all parabolas.
    merits, one for each parabola: scratch.
    """
    columns, rows = steps.shape
    radius = (rows - 1) // 2
    best[:] = 0
    tried = 0
    for a in heights:
        for b in slopes:
            for c in bends:
                total, count = 0.0, 0
                for column in range(columns):
                    u = (2 * (column + 0.5) / columns - 1) * 0.9
                    row = int((a + u * (b + c * u)) * radius + radius + 0.5)
                    if row < 0 or row >= rows or np.isnan(steps[column, row]):
                        continue
                    total += steps[column, row]
                    count += 1
                if count < fewest:
                    continue
                merit = abs(total) / np.sqrt(count)
                merits[tried] = merit
                tried += 1
                if merit > best[5]:
                    best[0], best[1], best[2], best[3], best[4], best[5] = a, b, c, total / count, count, merit
    if tried:
        best[5] /= max(1e-9, median(merits[:tried]))


@njit(_F(GRAY, _FLOATS, _FLOATS, _FLOATS, _F, _TABLE), nogil=True, cache=True)
def strangeness(  # noqa: PLR0917
    gray: NDArray[np.uint8],
    iris: NDArray[np.float64],
    pupil: NDArray[np.float64],
    lid: NDArray[np.float64],
    sign: float,
    counts: NDArray[np.float64],
) -> float:
    """How differently the iris ring is coloured a quarter radius beyond and before a lid's curve.

    Kolmogorov and Smirnov's distance of the two bands' grey values, 0..1; both are narrow, as a lamp shades
    the iris from side to side.

    iris, pupil: x, y, r; lid: a, b, c in pixels; sign: -1 upper, +1 lower. 0 when either has under 30.
    counts (2, 256): scratch.
    """
    height, width = gray.shape
    beyond, within = counts[0], counts[1]
    counts[:] = 0
    ix, iy, ir = iris[0], iris[1], iris[2]
    outer, inner = (0.93 * ir) ** 2, (1.1 * pupil[2]) ** 2
    for y in range(max(0, int(iy - ir)), min(height, int(iy + ir) + 1)):
        v = y - iy
        for x in range(max(0, int(ix - ir)), min(width, int(ix + ir) + 1)):
            u = x - ix
            if u * u + v * v > outer or (x - pupil[0]) ** 2 + (y - pupil[1]) ** 2 < inner:
                continue
            past = sign * (v - lid[0] - u * (lid[1] + lid[2] * u))
            if 0 < past < 0.25 * ir:
                beyond[gray[y, x]] += 1
            elif -0.25 * ir < past <= 0:
                within[gray[y, x]] += 1
    far, near = beyond.sum(), within.sum()
    if far < 30 or near < 30:
        return 0.0
    distance, a, b = 0.0, 0.0, 0.0
    for level in range(256):
        a += beyond[level] / far
        b += within[level] / near
        distance = max(distance, abs(a - b))
    return distance
