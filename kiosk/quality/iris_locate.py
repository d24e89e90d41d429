"""Finds the pupil, the iris and the lids in a near-infrared picture of one eye."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.quality.iris_kernels import (
    dark_discs,
    fit_circle,
    fit_parabola,
    integral,
    lid_edges,
    limbus,
    ray_edges,
)

_COARSE_SIDE, _FINE_SIDE = 160, 640
_CANDIDATES = 6
_PUPIL_RAYS, _IRIS_RAYS = 64, 96
_LID_COLUMNS = 25
_PUPIL_AGREEMENT = 0.45
"""Share of the rays that must meet the pupil's circle. Lashes and brows reach 0.2 to 0.35."""
_PUPIL_STEP_FLOOR = 8.0
_LIMBUS_STEP_FLOOR = 2.5
_STEP_CAP = 30.0
_ALL_ROUND = np.linspace(0, 2 * np.pi, _PUPIL_RAYS, endpoint=False)
_IRIS_ROUND = np.linspace(0, 2 * np.pi, _IRIS_RAYS, endpoint=False)
_FLANK = np.radians(np.arange(-30.0, 46.0, 5.0))
"""Right flank of the iris, less above than below: the upper lid hides more."""


@dataclass(frozen=True, slots=True)
class Circle:
    """Centre and radius in pixels of the picture; pixel centres have whole coordinates."""

    x: float
    y: float
    r: float


@dataclass(frozen=True, slots=True)
class Lid:
    """y = iris y + a + b u + c u^2, u = x - iris x, pixels. `share`: columns of the iris that meet it."""

    a: float
    b: float
    c: float
    share: float


@dataclass(frozen=True, slots=True, eq=False)
class Eye:
    """What was found, in pixels of `gray`, which is the picture reduced by `scale` (1 or more).

    pupil_rays: (n, 2) radius and step of the pupil's rim seen from its centre."""

    gray: NDArray[np.uint8]
    scale: float
    pupil: Circle
    iris: Circle | None
    upper: Lid | None
    lower: Lid | None
    pupil_rays: NDArray[np.float64]
    pupil_agreement: float
    limbus_step: float


@dataclass(frozen=True, slots=True)
class _Rim:
    """A possible pupil. agreement: share of rays that meet the circle; step: their median, grey levels."""

    circle: Circle
    agreement: float
    step: float


def locate(gray: NDArray[np.uint8]) -> Eye | None:
    """The eye in a grey picture; None when there is no pupil."""
    fine, scale = _reduced(gray, _FINE_SIDE)
    found = _find_pupil(fine)
    if found is None:
        return None
    pupil, agreement = found
    iris, step = _find_iris(fine, pupil)
    upper = _find_lid(fine, iris, pupil, upward=-1) if iris else None
    lower = _find_lid(fine, iris, pupil, upward=1) if iris else None
    rays = ray_edges(
        fine, pupil.x, pupil.y, _ALL_ROUND, 0.6 * pupil.r, 1.5 * pupil.r, 3, _pupil_cap(fine, pupil)
    )
    return Eye(fine, scale, pupil, iris, upper, lower, rays, agreement, step)


def in_picture(circle: Circle, scale: float) -> Circle:
    """A circle of the reduced picture in pixels of the original."""
    return Circle((circle.x + 0.5) * scale - 0.5, (circle.y + 0.5) * scale - 0.5, circle.r * scale)


def _reduced(gray: NDArray[np.uint8], side: int) -> tuple[NDArray[np.uint8], float]:
    scale = max(1.0, max(gray.shape) / side)
    if scale == 1.0:
        return np.ascontiguousarray(gray), 1.0
    size = (max(8, round(gray.shape[1] / scale)), max(8, round(gray.shape[0] / scale)))
    return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8), scale


def _find_pupil(fine: NDArray[np.uint8]) -> tuple[Circle, float] | None:
    found = []
    for guess in _pupil_guesses(fine):
        rim = _refine_pupil(fine, guess)
        if rim is not None:
            found.append(rim)
            # A dark iris on a bright sclera is a disc as well: the pupil is the one inside it.
            inner = _refine_pupil(fine, replace(rim.circle, r=0.42 * rim.circle.r))
            if inner is not None and inner.circle.r < 0.8 * rim.circle.r:
                found.append(inner)
    rims = [rim for rim in found if rim.agreement >= _PUPIL_AGREEMENT]
    if not rims:
        return None
    best = max(rims, key=lambda rim: rim.agreement**2 * min(rim.step, 40.0))
    inside = [rim for rim in rims if _holds(best.circle, rim.circle) and rim.agreement > 0.8 * best.agreement]
    best = min([best, *inside], key=lambda rim: rim.circle.r)
    return best.circle, best.agreement


def _holds(outer: Circle, inner: Circle) -> bool:
    apart = np.hypot(outer.x - inner.x, outer.y - inner.y)
    return bool(inner.r < 0.75 * outer.r and apart < 0.3 * outer.r)


def _pupil_guesses(fine: NDArray[np.uint8]) -> list[Circle]:
    """Dark discs of a small copy, the most contrasting first, none inside another."""
    coarse, scale = _reduced(fine, _COARSE_SIDE)
    # A lamp's reflection lies in most pupils: an opening takes it out, the cap keeps skin and
    # sclera from outweighing it.
    opened = cv2.morphologyEx(coarse, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    capped = np.minimum(opened, np.uint8(np.median(opened)))
    largest = max(4, round(min(capped.shape) * 0.28))
    radii = np.unique(np.round(np.geomspace(3, largest, 9)).astype(np.int64))
    discs = dark_discs(integral(np.ascontiguousarray(capped)), radii)
    height, width = capped.shape
    contrast, radius = discs[:, 0].reshape(height, width).copy(), discs[:, 1].reshape(height, width)
    guesses = []
    for _ in range(_CANDIDATES):
        y, x = np.unravel_index(int(contrast.argmax()), contrast.shape)
        if contrast[y, x] <= 3:
            break
        r = float(radius[y, x])
        guesses.append(in_picture(Circle(float(x), float(y), r), scale))
        reach = int(max(3, r))
        contrast[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1] = 0
    return guesses


def _refine_pupil(fine: NDArray[np.uint8], guess: Circle) -> _Rim | None:
    circle = guess
    agreement, step = 0.0, 0.0
    for near, far in ((0.45, 2.6), (0.6, 1.6), (0.7, 1.35)):
        cap = _pupil_cap(fine, circle)
        rays = ray_edges(
            fine, circle.x, circle.y, _ALL_ROUND, max(1.0, near * circle.r), far * circle.r + 3, 3, cap
        )
        strong = rays[:, 1] > max(_PUPIL_STEP_FLOOR, 0.4 * float(np.median(rays[:, 1])))
        xs = circle.x + rays[:, 0] * np.cos(_ALL_ROUND)
        ys = circle.y + rays[:, 0] * np.sin(_ALL_ROUND)
        tolerance = max(1.5, 0.06 * circle.r)
        x, y, r, near_count = fit_circle(xs[strong], ys[strong], tolerance, 0.5 * min(fine.shape))
        if near_count < 8 or r < 4:
            return None
        circle = Circle(float(x), float(y), float(r))
        agreement = float(near_count) / _PUPIL_RAYS
        step = float(np.median(rays[strong, 1]))
    return _Rim(circle, agreement, step)


def _pupil_cap(fine: NDArray[np.uint8], pupil: Circle) -> float:
    """A grey level just above the iris beside the pupil."""
    around = _patch(fine, pupil, 2.0)
    return float(np.median(around)) + 30.0


def _patch(fine: NDArray[np.uint8], circle: Circle, reach: float) -> NDArray[np.uint8]:
    x0, x1 = int(max(0, circle.x - reach * circle.r)), int(circle.x + reach * circle.r) + 1
    y0, y1 = int(max(0, circle.y - reach * circle.r)), int(circle.y + reach * circle.r) + 1
    patch = fine[y0:y1:2, x0:x1:2]
    return patch if patch.size else fine


def _find_iris(fine: NDArray[np.uint8], pupil: Circle) -> tuple[Circle | None, float]:
    half = np.asarray(cv2.resize(fine, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
    low, high = 1.3 * pupil.r, min(7.0 * pupil.r, 0.62 * max(fine.shape))
    if high <= low:
        return None, 0.0
    radii = np.arange(low, high, max(2.0, 0.02 * high)) / 2
    shifts = np.linspace(-0.25, 0.25, 7) * pupil.r
    x, y, r, step = limbus(half, pupil.x / 2, pupil.y / 2, shifts / 2, radii, _FLANK, _STEP_CAP)
    if step < _LIMBUS_STEP_FLOOR:
        return None, float(step)
    circle = Circle(2 * float(x), 2 * float(y), 2 * float(r))
    for spread in (0.16, 0.10):
        circle = _refine_iris(fine, circle, spread)
    return circle, float(step)


def _refine_iris(fine: NDArray[np.uint8], circle: Circle, spread: float) -> Circle:
    half = max(3, round(0.05 * circle.r))
    near, far = (1 - spread) * circle.r, (1 + spread) * circle.r
    rays = ray_edges(fine, circle.x, circle.y, _IRIS_ROUND, near, far, half, 255.0)
    flank = np.abs(np.sin(_IRIS_ROUND)) < 0.72
    strong = rays[:, 1] > max(2.0, 0.4 * float(np.median(rays[flank, 1])))
    use = strong & (flank | (rays[:, 1] > 0))
    xs = circle.x + rays[:, 0] * np.cos(_IRIS_ROUND)
    ys = circle.y + rays[:, 0] * np.sin(_IRIS_ROUND)
    x, y, r, count = fit_circle(xs[use], ys[use], max(2.0, 0.03 * circle.r), 1.5 * circle.r)
    if count < 12 or abs(r - circle.r) > spread * circle.r:
        return circle
    return Circle(float(x), float(y), float(r))


def _find_lid(fine: NDArray[np.uint8], iris: Circle, pupil: Circle, *, upward: int) -> Lid | None:
    edges = lid_edges(fine, _row(iris), _row(pupil), _LID_COLUMNS, upward)
    steps = edges[:, 2]
    voters = steps > max(12.0, 0.5 * float(np.max(steps)))
    if voters.sum() < 5:
        return None
    us, vs = (edges[voters, 0] - iris.x) / iris.r, (edges[voters, 1] - iris.y) / iris.r
    a, b, c, count = fit_parabola(us, vs, 0.04, 1.2)
    share = float(count) / _LID_COLUMNS
    if share < 0.3:
        return None
    return Lid(float(a) * iris.r, float(b), float(c) / iris.r, share)


def _row(circle: Circle) -> NDArray[np.float64]:
    return np.array([circle.x, circle.y, circle.r])
