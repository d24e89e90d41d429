"""Every iris kernel against a plain reference, compiled and not."""

from __future__ import annotations

import numpy as np
import pytest
from iris_eyes import DrawnEye, draw
from scipy import ndimage, optimize

from kiosk.quality import iris_kernels as found
from kiosk.quality import iris_measure_kernels as measured

EYE = DrawnEye(
    width=160, height=120, iris_x=80, iris_y=60, iris_r=34, pupil_dx=1, pupil_dy=-1, pupil_r=14, blur=0.5
)
GRAY = draw(EYE)
GRAY.setflags(write=False)
IRIS = np.array([EYE.iris_x, EYE.iris_y, EYE.iris_r], float)
PUPIL = np.array(EYE.pupil, float)
ROUND = np.linspace(0, 2 * np.pi, 32, endpoint=False)


def forms(kernel):
    """The compiled kernel and the Python it came from (one and the same when compilation is off)."""
    return (kernel, getattr(kernel, "py_func", kernel))


def bilinear(x, y):
    """Grey values at x, y; the border repeats."""
    y, x = np.broadcast_arrays(y, x)
    place = [np.clip(y, 0, GRAY.shape[0] - 1.001), np.clip(x, 0, GRAY.shape[1] - 1.001)]
    return ndimage.map_coordinates(GRAY.astype(float), place, order=1)


def in_picture(x, y):
    return (x >= 0) & (y >= 0) & (x <= GRAY.shape[1] - 1) & (y <= GRAY.shape[0] - 1)


def test_sample():
    rng = np.random.default_rng(3)
    x, y = rng.uniform(-5, 165, 200), rng.uniform(-5, 125, 200)
    for kernel in forms(found.sample):
        assert [kernel(GRAY, a, b) for a, b in zip(x, y, strict=True)] == pytest.approx(list(bilinear(x, y)))


def test_radial_votes():
    gy, gx = np.zeros(GRAY.shape), np.zeros(GRAY.shape)
    level = GRAY.astype(float)
    gx[1:-1, 1:-1] = (level[1:-1, 2:] - level[1:-1, :-2]) / 2
    gy[1:-1, 1:-1] = (level[2:, 1:-1] - level[:-2, 1:-1]) / 2
    size = np.hypot(gx, gy)
    votes = np.zeros(GRAY.shape)
    for y, x in np.argwhere(size >= 6):
        for r in range(3, 40):
            column = int(x - r * gx[y, x] / size[y, x] + 0.5)
            row = int(y - r * gy[y, x] / size[y, x] + 0.5)
            if not (0 <= column < 160 and 0 <= row < 120):
                break
            votes[row, column] += 1
    for kernel in forms(found.radial_votes):
        ballots = np.empty(GRAY.shape)
        kernel(GRAY, 3, 39, 6.0, ballots)
        assert np.array_equal(ballots, votes)
    y, x = np.unravel_index(ndimage.uniform_filter(votes, 5).argmax(), votes.shape)
    assert np.hypot(x - PUPIL[0], y - PUPIL[1]) < 4


def edges_of(kernel, x, y, angles, *, near, far, half, cap):
    edges = np.empty((angles.size, 2))
    kernel(GRAY, x, y, angles, near, far, half, cap, edges, np.empty((2, found.ray_length(near, far, half))))
    return edges


def test_ray_edges():
    near, far, half, cap = 8.0, 22.0, 3, 150.0
    expected = []
    for angle in ROUND:
        r = near - half + 0.5 + np.arange(int(far - near) + 1 + 2 * half)
        profile = np.minimum(bilinear(PUPIL[0] + r * np.cos(angle), PUPIL[1] + r * np.sin(angle)), cap)
        mean = np.convolve(profile, np.ones(half) / half, "valid")
        steps = (mean[half:] - mean[:-half])[: int(far - near) + 1]
        best = int(steps.argmax())
        shift = 0.0
        if 0 < best < steps.size - 1:
            before, peak, after = steps[best - 1 : best + 2]
            shift = 0.5 * (before - after) / (before - 2 * peak + after)
        expected.append((near + best + shift, steps[best]))
    for kernel in forms(found.ray_edges):
        edges = edges_of(kernel, PUPIL[0], PUPIL[1], ROUND, near=near, far=far, half=half, cap=cap)
        assert edges == pytest.approx(np.array(expected))


def test_ray_edges_that_leave_the_picture_have_no_step():
    for kernel in forms(found.ray_edges):
        edges = edges_of(kernel, 157.0, 60.0, np.array([0.0]), near=5.0, far=20.0, half=3, cap=255.0)
        assert edges[0, 1] == 0


def test_ring_steps():
    half, farthest, rays, cap = 3, 50, 16, 25.0
    expected = np.zeros(farthest)
    for index in range(rays):
        angle = 2 * np.pi * index / rays
        k = np.arange(farthest + half)
        # The kernel truncates towards 0, so that a coordinate above -1 counts as 0.
        x = np.trunc(PUPIL[0] + k * np.cos(angle) + 0.5).astype(int)
        y = np.trunc(PUPIL[1] + k * np.sin(angle) + 0.5).astype(int)
        inside = in_picture(x, y)
        length = int(inside.argmin()) if not inside.all() else k.size
        profile = GRAY[y[:length], x[:length]].astype(float)
        for r in range(half, length - half + 1):
            step = profile[r : r + half].mean() - profile[r - half : r].mean()
            expected[min(r, farthest - 1)] += np.clip(step, 0, cap)
    for kernel in forms(found.ring_steps):
        steps, profile = np.empty(farthest), np.empty(farthest + half)
        kernel(GRAY, PUPIL[0], PUPIL[1], rays, half, cap, steps, profile)
        assert steps == pytest.approx(expected / rays)
    assert abs(int(steps[5:25].argmax()) + 5 - EYE.pupil_r) <= 1


def test_fit_circle_is_the_least_squares_circle_of_the_points_that_agree():
    rng = np.random.default_rng(8)
    xs = 40 + 17 * np.cos(ROUND) + rng.normal(0, 0.2, 32)
    ys = 30 + 17 * np.sin(ROUND) + rng.normal(0, 0.2, 32)
    wild = np.arange(32) % 5 == 0
    xs[wild], ys[wild] = 40 + 1.6 * (xs[wild] - 40), 30 + 1.6 * (ys[wild] - 30)
    kept_x, kept_y = xs[~wild], ys[~wild]
    design = np.column_stack((2 * kept_x, 2 * kept_y, np.ones(kept_x.size)))
    x, y, rest = np.linalg.lstsq(design, kept_x**2 + kept_y**2, rcond=None)[0]
    for kernel in forms(found.fit_circle):
        circle = np.empty(4)
        kernel(xs, ys, 1.5, 100.0, circle)
        assert circle == pytest.approx((x, y, np.sqrt(rest + x * x + y * y), 25), abs=1e-6)
        kernel(xs[:5], ys[:5], 1.5, 100.0, circle)
        assert not circle.any()


def test_limbus():
    shifts, radii = np.array([-2.0, 0.0, 2.0]), np.arange(20.0, 50.0, 2.0)
    angles, cap = np.radians(np.arange(-30.0, 46.0, 15.0)), 30.0
    best = (0.0, 0.0, 0.0, 0.0)
    for dx in shifts:
        for dy in (-1.0, 0.0, 1.0):
            x, y = PUPIL[0] + dx, PUPIL[1] + dy
            for r in radii[radii - np.hypot(dx, dy) >= 1.15 * PUPIL[2]]:
                gap = max(1.5, 0.06 * r)
                flanks = []
                for side in (1, -1):
                    cos, sin = side * np.cos(angles), np.sin(angles)
                    seen = in_picture(x + (r + gap) * cos, y + (r + gap) * sin)
                    outside = bilinear(x + (r + gap) * cos, y + (r + gap) * sin)
                    inside = bilinear(x + (r - gap) * cos, y + (r - gap) * sin)
                    if 2 * seen.sum() >= angles.size:
                        flanks.append(np.clip(outside - inside, -cap, cap)[seen].mean())
                step = (np.mean(flanks) + min(flanks)) / 2 if flanks else 0
                best = max(best, (x, y, r, step), key=lambda circle: circle[3])
    for kernel in forms(found.limbus):
        circle = np.empty(4)
        kernel(GRAY, PUPIL[0], PUPIL[1], PUPIL[2], shifts, radii, angles, cap, circle)
        assert circle == pytest.approx(best)
    assert best[2] == pytest.approx(EYE.iris_r, abs=3)


def reference_column_steps(columns, cap):
    ix, iy, ir = IRIS
    half, side = max(2, int(0.05 * ir)), max(1, int(0.03 * ir))
    rows = 2 * int(ir) + 1
    out = np.full((columns, rows), np.nan)
    for column in range(columns):
        u = (2 * (column + 0.5) / columns - 1) * 0.9 * ir
        x = int(ix + u + 0.5)
        for row in range(rows):
            v, y = row - int(ir), int(iy + 0.5) + row - int(ir)
            if abs(v) > np.sqrt(ir**2 - u**2) - 0.07 * ir or y < half or y + half >= 120:
                continue
            if np.hypot(x - PUPIL[0], y - PUPIL[1]) < 1.1 * PUPIL[2] + half:
                continue
            across = slice(x - side, x + side + 1)
            step = GRAY[y + 1 : y + half + 1, across].mean() - GRAY[y - half : y, across].mean()
            out[column, row] = np.clip(step, -cap, cap)
    return out


def test_column_steps():
    for kernel in forms(found.column_steps):
        steps = np.empty((15, 2 * int(IRIS[2]) + 1))
        kernel(GRAY, IRIS, PUPIL, 30.0, steps)
        np.testing.assert_allclose(steps, reference_column_steps(15, 30.0), atol=1e-9)


def test_lid_curve():
    steps = reference_column_steps(15, 30.0)
    heights, slopes, bends = np.arange(-0.9, -0.3, 0.1), np.array([-0.1, 0.0, 0.1]), np.array([0.1, 0.2])
    radius = (steps.shape[1] - 1) // 2
    u = (2 * (np.arange(15) + 0.5) / 15 - 1) * 0.9
    tried = []
    for a in heights:
        for b in slopes:
            for c in bends:
                rows = ((a + u * (b + c * u)) * radius + radius + 0.5).astype(int)
                inside = (rows >= 0) & (rows < steps.shape[1])
                values = steps[np.flatnonzero(inside), rows[inside]]
                values = values[~np.isnan(values)]
                if values.size >= 5:
                    tried.append(
                        (a, b, c, values.mean(), values.size, abs(values.sum()) / np.sqrt(values.size))
                    )
    merits = [row[5] for row in tried]
    best = list(tried[int(np.argmax(merits))])
    best[5] /= np.median(merits)
    for kernel in forms(found.lid_curve):
        curve, scratch = np.empty(6), np.empty(heights.size * slopes.size * bends.size)
        kernel(steps, heights, slopes, bends, 5, curve, scratch)
        assert curve == pytest.approx(best)


@pytest.mark.parametrize("count", [1, 2, 7, 8, 61])
def test_median(count):
    rng = np.random.default_rng(count)
    for values in (rng.random(count), np.sort(rng.random(count)), rng.integers(0, 3, count).astype(float)):
        for kernel in forms(found.median):
            assert kernel(values.copy()) == np.median(values)


def test_strangeness():
    lid = np.array([-20.0, 0.05, 0.004])
    y, x = np.mgrid[0:120, 0:160]
    u, v = x - IRIS[0], y - IRIS[1]
    ring = (u**2 + v**2 <= (0.93 * IRIS[2]) ** 2) & (
        (x - PUPIL[0]) ** 2 + (y - PUPIL[1]) ** 2 >= (1.1 * PUPIL[2]) ** 2
    )
    past = -(v - lid[0] - u * (lid[1] + lid[2] * u))
    beyond = np.sort(GRAY[ring & (past > 0) & (past < 0.25 * IRIS[2])])
    within = np.sort(GRAY[ring & (past <= 0) & (past > -0.25 * IRIS[2])])
    levels = np.arange(256)
    apart = np.abs(
        np.searchsorted(beyond, levels, "right") / beyond.size
        - np.searchsorted(within, levels, "right") / within.size
    )
    for kernel in forms(found.strangeness):
        counts = np.empty((2, 256))
        assert kernel(GRAY, IRIS, PUPIL, lid, -1.0, counts) == pytest.approx(apart.max())
        assert kernel(GRAY, IRIS, PUPIL, np.array([-60.0, 0.0, 0.0]), -1.0, counts) == 0


def test_zones():
    upper, lower = np.array([-25.0, 0.1, 0.003]), np.array([28.0, 0.0, -0.002])
    y, x = np.mgrid[0:120, 0:160]
    u, v = x - IRIS[0], y - IRIS[1]
    free = (v >= upper[0] + u * (upper[1] + upper[2] * u)) & (v <= lower[0] + u * (lower[1] + lower[2] * u))
    from_iris, from_pupil = np.hypot(u, v), np.hypot(x - PUPIL[0], y - PUPIL[1])
    ring = (from_pupil > PUPIL[2]) & (from_iris <= IRIS[2])
    masks = (
        from_pupil <= 0.8 * PUPIL[2],
        ring & (from_iris >= (PUPIL[2] + IRIS[2]) / 2) & (from_iris <= 0.9 * IRIS[2]),
        (from_iris > 1.1 * IRIS[2]) & (from_iris <= 1.25 * IRIS[2]) & (np.abs(v) < 0.5 * from_iris),
        ring,
    )
    expected = [np.bincount(GRAY[mask & free], minlength=256) for mask in masks]
    for kernel in forms(measured.zones):
        counts = np.empty((4, 256), np.int64)
        kernel(GRAY, IRIS, PUPIL, upper, lower, counts)
        assert np.array_equal(counts, expected)


def test_focus_power():
    response = ndimage.correlate(GRAY.astype(np.int64), measured._FOCUS)[4:-4:4, 4:-4:4]
    for kernel in forms(measured.focus_power):
        assert kernel(GRAY) == pytest.approx((response.astype(float) ** 2).mean())


def test_interlace_ratio():
    level = GRAY[10:100, ::2].astype(float)
    near = 2 * level[2:-2] - level[1:-3] - level[3:-1]
    far = 2 * level[2:-2] - level[:-4] - level[4:]
    for kernel in forms(measured.interlace_ratio):
        assert kernel(GRAY, 12, 98) == pytest.approx((near**2).sum() / (far**2).sum())
        assert kernel(np.zeros((20, 20), np.uint8), 0, 20) == 0


def test_rim_steepness():
    radii = np.full(32, PUPIL[2])
    radii[3] = 0
    offsets = np.array([-7.0, -1.0, 1.0, 7.0])[:, None] + radii
    levels = np.minimum(bilinear(PUPIL[0] + offsets * np.cos(ROUND), PUPIL[1] + offsets * np.sin(ROUND)), 150)
    whole = levels[3] - levels[0]
    expected = np.where((radii > 0) & (whole > 10), np.clip((levels[2] - levels[1]) / whole, 0, 1), np.nan)
    for kernel in forms(measured.rim_steepness):
        steep = np.empty(32)
        kernel(GRAY, PUPIL, ROUND, radii, 150.0, steep)
        np.testing.assert_allclose(steep, expected)


def test_thin_rings():
    angles, radii, thickness = np.radians(np.arange(-20.0, 31.0, 10.0)), np.arange(34.0, 78.0, 4.0), 2.0
    expected = []
    for r in radii:
        flanks = []
        for side in (1, -1):
            cos, sin = side * np.cos(angles), np.sin(angles)
            inner, middle, outer = (
                bilinear(IRIS[0] + (r + d) * cos, IRIS[1] + (r + d) * sin) for d in (-thickness, 0, thickness)
            )
            seen = in_picture(IRIS[0] + (r + thickness) * cos, IRIS[1] + (r + thickness) * sin)
            ridge = np.clip(middle - (inner + outer) / 2, -30, 30)[seen]
            flanks.append(ridge.mean() if 2 * seen.sum() >= angles.size else None)
        agree = None not in flanks and flanks[0] * flanks[1] > 0
        expected.append(min(flanks, key=abs) if agree else 0.0)
    for kernel in forms(measured.thin_rings):
        rings = np.empty(radii.size)
        kernel(GRAY, IRIS, radii, angles, thickness, rings)
        assert rings == pytest.approx(expected)


def test_flank_lids():
    reaches = np.array([1.1, 1.3, 1.5])
    half, side = max(2, int(0.03 * IRIS[2])), max(1, int(0.04 * IRIS[2]))
    expected = np.full((2, 3), np.nan)
    for flank, sign in enumerate((-1, 1)):
        for place, reach in enumerate(reaches):
            x = int(IRIS[0] + sign * reach * IRIS[2])
            across = slice(x - side, x + side + 1)
            for y in range(int(IRIS[1] - 0.1 * IRIS[2]), half - 1, -1):
                step = GRAY[y + 1 : y + half + 1, across].mean() - GRAY[y - half : y, across].mean()
                if abs(step) > 12:
                    expected[flank, place] = (IRIS[1] - y) / IRIS[2]
                    break
    assert np.isfinite(expected).any()
    for kernel in forms(measured.flank_lids):
        heights = np.empty((2, 3))
        kernel(GRAY, IRIS, reaches, 12.0, heights)
        np.testing.assert_allclose(heights, expected)


def test_the_fit_agrees_with_a_general_optimiser():
    rng = np.random.default_rng(4)
    xs = 90 + 30 * np.cos(ROUND) + rng.normal(0, 0.3, 32)
    ys = 70 + 30 * np.sin(ROUND) + rng.normal(0, 0.3, 32)
    best = optimize.least_squares(lambda c: np.hypot(xs - c[0], ys - c[1]) - c[2], (80, 80, 20)).x
    circle = np.empty(4)
    found.fit_circle(xs, ys, 3.0, 100.0, circle)
    assert circle[:3] == pytest.approx(best, abs=0.05)
