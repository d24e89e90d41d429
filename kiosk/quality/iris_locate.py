"""Finds the pupil, the iris and the lids in a near-infrared picture of one eye."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.quality.iris_kernels import (
    column_steps,
    fit_circle,
    lid_curve,
    limbus,
    radial_votes,
    ray_edges,
    ray_length,
    ring_steps,
    strangeness,
)
from kiosk.quality.workspace import Workspace

_COARSE_SIDE, _FINE_SIDE = 160, 640
_CENTRES, _RADII = 3, 3
_FAINTEST_EDGE = 5.0
_LAMP = np.ones((13, 13), np.uint8)
_PUPIL_RAYS, _IRIS_RAYS = 64, 96
_RING_RAYS, _RING_HALF = 48, 4
_LID_COLUMNS = 25
_LID_FEWEST = 7
_LID_STEP_FLOOR = 6.0
_LID_STRANGENESS, _LID_MERIT = 0.54, 7.0
"""Above either a curve is a lid: fibres of the iris reach 0.52 and 6.8 on 300 drawn eyes without lids."""
_LID_HEIGHTS = np.arange(0.3, 0.95, 0.03)
_LID_SLOPES = np.arange(-0.3, 0.31, 0.075)
_LID_BENDS = np.array([0.0, 0.08, 0.16, 0.24, 0.34])
"""Parabolas a lid may follow, in iris radii."""
_LID_CURVES = _LID_HEIGHTS.size * _LID_SLOPES.size * _LID_BENDS.size
_PUPIL_AGREEMENT = 0.45
"""Share of the rays that must meet the pupil's circle. Lashes and brows reach 0.2 to 0.35."""
_SURE_AGREEMENT, _FAINT_AGREEMENT = 0.9, 0.3
_ROUGH, _EXACT = ((0.78, 1.28), (0.78, 1.28)), ((0.8, 1.25),)
_PUPIL_STEP_FLOOR = 6.0
_LIMBUS_STEP_FLOOR = 2.5
_STEP_CAP = 30.0
PUPIL_ANGLES = np.linspace(0, 2 * np.pi, _PUPIL_RAYS, endpoint=False)
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
    """y = iris y + a + b u + c u^2, u = x - iris x, pixels."""

    a: float
    b: float
    c: float


@dataclass(frozen=True, slots=True, eq=False)
class Eye:
    """What was found, in pixels of `gray`, the picture reduced by `scale` (1 or more). Arrays are lent.

    pupil_rays: (64, 2) radius and step of the pupil's rim at `PUPIL_ANGLES`; pupil_cap: grey level above
    which a pixel near the pupil is a reflection; pupil_agreement: share of the rays that meet the circle.
    """

    gray: NDArray[np.uint8]
    scale: float
    pupil: Circle
    iris: Circle | None
    upper: Lid | None
    lower: Lid | None
    pupil_rays: NDArray[np.float64]
    pupil_cap: float
    pupil_agreement: float


@dataclass(frozen=True, slots=True)
class _Rim:
    """A possible pupil. agreement: share of rays that meet the circle; step: their median, grey levels."""

    circle: Circle
    agreement: float
    step: float


def locate(gray: NDArray[np.uint8], workspace: Workspace) -> Eye | None:
    """The eye in a grey picture; None when there is no pupil."""
    fine, scale = _reduced(gray, _FINE_SIDE, workspace)
    rims = _find_pupil(fine, workspace)
    if not rims:
        return None
    # A rim with no iris around it may be the iris itself, its pupil broken up by reflections.
    for rim in rims:
        iris = _find_iris(fine, rim.circle, workspace)
        if iris is not None:
            break
    else:
        rim, iris = rims[0], None
    pupil = rim.circle
    upper, lower = _find_lids(fine, iris, pupil, workspace) if iris else (None, None)
    cap = _pupil_cap(fine, pupil)
    rays = workspace.lend("pupil rim", (_PUPIL_RAYS, 2), np.float64)
    near, far = 0.85 * pupil.r, 1.2 * pupil.r
    ray_edges(fine, pupil.x, pupil.y, PUPIL_ANGLES, near, far, 3, cap, rays, _ray(near, far, 3, workspace))
    return Eye(fine, scale, pupil, iris, upper, lower, rays, cap, rim.agreement)


def in_picture(circle: Circle, scale: float) -> Circle:
    """A circle of the reduced picture in pixels of the original."""
    return Circle((circle.x + 0.5) * scale - 0.5, (circle.y + 0.5) * scale - 0.5, circle.r * scale)


def _ray(near: float, far: float, half: int, workspace: Workspace) -> NDArray[np.float64]:
    """What `ray_edges` works in."""
    return workspace.lend("ray", (2, ray_length(near, far, half)), np.float64)


def _reduced(gray: NDArray[np.uint8], side: int, workspace: Workspace) -> tuple[NDArray[np.uint8], float]:
    scale = max(1.0, max(gray.shape) / side)
    if scale == 1.0:
        return np.ascontiguousarray(gray), 1.0
    size = (max(8, round(gray.shape[1] / scale)), max(8, round(gray.shape[0] / scale)))
    reduced = workspace.lend(f"eye within {side}", size[::-1], np.uint8)
    cv2.resize(gray, size, dst=reduced, interpolation=cv2.INTER_AREA)
    return reduced, scale


def _find_pupil(fine: NDArray[np.uint8], workspace: Workspace) -> list[_Rim]:
    """Possible pupils, the likeliest first."""
    # A lamp's reflection lies in most pupils; an opening takes the small ones out.
    opened = workspace.lend("eye without lamps", fine.shape, np.uint8)
    cv2.morphologyEx(fine, cv2.MORPH_OPEN, _LAMP, dst=opened)
    rims: list[_Rim] = []
    for x, y in _centres(fine, workspace):
        radii = _radii(opened, x, y, workspace)
        found = [_refine_pupil(opened, Circle(x, y, radius), _ROUGH, workspace) for radius in radii]
        rims += [rim for rim in found if rim is not None]
        if any(rim.agreement > _SURE_AGREEMENT for rim in rims):
            break
    sure = [rim for rim in rims if rim.agreement >= _PUPIL_AGREEMENT]
    if not sure:
        return []
    best = max(sure, key=lambda rim: rim.agreement**2 * min(rim.step, 40.0))
    # The limbus is a dark disc's rim as well: the pupil is the darker one inside it.
    inside = sorted(
        (rim for rim in rims if _holds(best.circle, rim.circle) and _is_darker(opened, rim)),
        key=lambda rim: -rim.agreement,
    )
    return [_refine_pupil(fine, rim.circle, _EXACT, workspace) or rim for rim in (*inside, best)]


def _is_darker(opened: NDArray[np.uint8], rim: _Rim) -> bool:
    """Whether a rim parts dark from bright; a wreath of reflections within a pupil does not."""
    inside, outside = _ring_level(opened, rim.circle, 0.6), _ring_level(opened, rim.circle, 1.2)
    return outside - inside > max(0.5 * rim.step, _PUPIL_STEP_FLOOR)


def _ring_level(opened: NDArray[np.uint8], circle: Circle, share: float) -> float:
    """Median grey level on a concentric circle."""
    xs = np.clip(circle.x + share * circle.r * np.cos(PUPIL_ANGLES), 0, opened.shape[1] - 1).astype(np.intp)
    ys = np.clip(circle.y + share * circle.r * np.sin(PUPIL_ANGLES), 0, opened.shape[0] - 1).astype(np.intp)
    return float(np.median(opened[ys, xs]))


def _centres(fine: NDArray[np.uint8], workspace: Workspace) -> list[tuple[float, float]]:
    """Where dark discs may have their centres, the best first."""
    coarse, scale = _reduced(fine, _COARSE_SIDE, workspace)
    opened = cv2.morphologyEx(coarse, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    smooth = np.asarray(cv2.GaussianBlur(opened, (3, 3), 0), np.uint8)
    ballots, votes = workspace.lend("votes", (2, *smooth.shape), np.float64)
    radial_votes(smooth, 3, max(8, round(0.38 * min(smooth.shape))), _FAINTEST_EDGE, ballots)
    cv2.blur(ballots, (5, 5), dst=votes)
    cv2.GaussianBlur(votes, (0, 0), 1.0, dst=votes)
    centres = []
    for _ in range(_CENTRES):
        y, x = np.unravel_index(int(votes.argmax()), votes.shape)
        centres.append(((float(x) + 0.5) * scale - 0.5, (float(y) + 0.5) * scale - 0.5))
        votes[max(0, y - 6) : y + 7, max(0, x - 6) : x + 7] = 0
    return centres


def _radii(opened: NDArray[np.uint8], x: float, y: float, workspace: Workspace) -> list[float]:
    """Radii at which the picture brightens outwards around a centre, the strongest first."""
    farthest = round(0.55 * min(opened.shape))
    steps = workspace.lend("ring steps", (farthest,), np.float64)
    profile = workspace.lend("ring profile", (farthest + _RING_HALF,), np.float64)
    ring_steps(opened, x, y, _RING_RAYS, _RING_HALF, _STEP_CAP, steps, profile)
    steps[:5] = 0
    radii: list[float] = []
    for _ in range(_RADII):
        best = int(steps.argmax())
        if steps[best] < _LIMBUS_STEP_FLOOR:
            break
        radii.append(float(best))
        steps[int(0.75 * best) : int(1.33 * best) + 1] = 0
    return radii


def _holds(outer: Circle, inner: Circle) -> bool:
    apart = np.hypot(outer.x - inner.x, outer.y - inner.y)
    return bool(inner.r < 0.85 * outer.r and apart < 0.3 * outer.r)


def _refine_pupil(
    fine: NDArray[np.uint8], guess: Circle, reaches: tuple[tuple[float, float], ...], workspace: Workspace
) -> _Rim | None:
    """The rim near a guess. reaches: for each round, how far to look inwards and outwards, in radii."""
    circle = guess
    agreement, step = 0.0, 0.0
    rays = workspace.lend("pupil rays", (_PUPIL_RAYS, 2), np.float64)
    fitted = workspace.lend("fitted circle", (4,), np.float64)
    for near, far in reaches:
        cap = _pupil_cap(fine, circle)
        near_px, far_px = max(1.0, near * circle.r - 4), far * circle.r + 4
        half = int(np.clip(circle.r / 10, 3, 6))
        ray = _ray(near_px, far_px, half, workspace)
        ray_edges(fine, circle.x, circle.y, PUPIL_ANGLES, near_px, far_px, half, cap, rays, ray)
        strong = rays[:, 1] > max(_PUPIL_STEP_FLOOR, 0.4 * float(np.median(rays[:, 1])))
        xs = circle.x + rays[:, 0] * np.cos(PUPIL_ANGLES)
        ys = circle.y + rays[:, 0] * np.sin(PUPIL_ANGLES)
        tolerance = max(1.5, 0.10 * circle.r)
        fit_circle(xs[strong], ys[strong], tolerance, 0.5 * min(fine.shape), fitted)
        x, y, r, near_count = fitted
        if near_count < _FAINT_AGREEMENT * _PUPIL_RAYS or r < 4:
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


def _find_iris(fine: NDArray[np.uint8], pupil: Circle, workspace: Workspace) -> Circle | None:
    half = workspace.lend("eye halved", (round(fine.shape[0] / 2), round(fine.shape[1] / 2)), np.uint8)
    cv2.resize(fine, None, dst=half, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    low, high = 1.2 * pupil.r, min(7.0 * pupil.r, 0.62 * max(fine.shape))
    if high <= low:
        return None
    radii = np.arange(low, high, max(2.0, 0.02 * high)) / 2
    shifts = np.linspace(-0.25, 0.25, 7) * pupil.r
    best = workspace.lend("limbus", (4,), np.float64)
    limbus(half, pupil.x / 2, pupil.y / 2, pupil.r / 2, shifts / 2, radii, _FLANK, _STEP_CAP, best)
    x, y, r, step = best
    if step < _LIMBUS_STEP_FLOOR:
        return None
    circle = Circle(2 * float(x), 2 * float(y), 2 * float(r))
    for spread in (0.16, 0.10):
        circle = _refine_iris(fine, circle, spread, workspace)
    return circle


def _refine_iris(fine: NDArray[np.uint8], circle: Circle, spread: float, workspace: Workspace) -> Circle:
    half = max(3, round(0.05 * circle.r))
    near, far = (1 - spread) * circle.r, (1 + spread) * circle.r
    rays = workspace.lend("iris rays", (_IRIS_RAYS, 2), np.float64)
    ray = _ray(near, far, half, workspace)
    ray_edges(fine, circle.x, circle.y, _IRIS_ROUND, near, far, half, 255.0, rays, ray)
    # Lids hide the top and the bottom of most irises: only the flanks say how strong the rim is.
    flank = np.abs(np.sin(_IRIS_ROUND)) < 0.72
    strong = rays[:, 1] > max(2.0, 0.4 * float(np.median(rays[flank, 1])))
    xs = circle.x + rays[:, 0] * np.cos(_IRIS_ROUND)
    ys = circle.y + rays[:, 0] * np.sin(_IRIS_ROUND)
    fitted = workspace.lend("fitted circle", (4,), np.float64)
    fit_circle(xs[strong], ys[strong], max(2.0, 0.03 * circle.r), 1.5 * circle.r, fitted)
    x, y, r, count = fitted
    if count < 12 or abs(r - circle.r) > spread * circle.r:
        return circle
    return Circle(float(x), float(y), float(r))


def _find_lids(
    fine: NDArray[np.uint8], iris: Circle, pupil: Circle, workspace: Workspace
) -> tuple[Lid | None, Lid | None]:
    steps = workspace.lend("lid steps", (_LID_COLUMNS, 2 * int(iris.r) + 1), np.float64)
    column_steps(fine, _row(iris), _row(pupil), _STEP_CAP, steps)
    upper = _lid(fine, steps, iris, pupil, sign=-1, workspace=workspace)
    return upper, _lid(fine, steps, iris, pupil, sign=1, workspace=workspace)


def _lid(
    fine: NDArray[np.uint8],
    steps: NDArray[np.float64],
    iris: Circle,
    pupil: Circle,
    *,
    sign: int,
    workspace: Workspace,
) -> Lid | None:
    """sign: -1 the upper lid, +1 the lower."""
    best = workspace.lend("lid curve", (6,), np.float64)
    merits = workspace.lend("lid merits", (_LID_CURVES,), np.float64)
    lid_curve(steps, sign * _LID_HEIGHTS, _LID_SLOPES, -sign * _LID_BENDS, _LID_FEWEST, best, merits)
    a, b, c, step, _, merit = best
    lid = Lid(float(a) * iris.r, float(b), float(c) / iris.r)
    if abs(step) < _LID_STEP_FLOOR:
        return None
    counts = workspace.lend("lid levels", (2, 256), np.float64)
    curve = np.array([lid.a, lid.b, lid.c])
    strange = strangeness(fine, _row(iris), _row(pupil), curve, float(sign), counts)
    return lid if strange > _LID_STRANGENESS or merit > _LID_MERIT else None


def _row(circle: Circle) -> NDArray[np.float64]:
    return np.array([circle.x, circle.y, circle.r])
