"""The measures of ISO/IEC 29794-5 that need no large network: light, colour, focus, background.

They are taken on an aligned portrait of 300x400 pixels, eyes level and 144 pixels above the chin;
focus alone is taken on the picture's own pixels. Each returns 0..100, 100 is best, beside the
physical value it came from.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.enrollment.person import BackgroundColour
from kiosk.quality.face_geometry import (
    EYE_LINE,
    EYES_TO_CHIN,
    LEFT_CHEEK,
    OVAL,
    RIGHT_CHEEK,
    FaceGeometry,
)
from kiosk.quality.face_kernels import detail_energy, grain, histogram, luminance, mean_ab
from kiosk.quality.workspace import Workspace

WIDTH, HEIGHT = 300, 400
EYES_TO_CHIN_PX = EYES_TO_CHIN * HEIGHT
_CORNER = 0.13
_CORNER_TOP, _CORNER_BOTTOM = 0.02, 0.30
"""The two upper corners, as shares of the portrait: a scarf fills all below them."""
_COLOUR_RANGE = {
    BackgroundColour.RED: (-25.0, 17.0),
    BackgroundColour.ORANGE: (11.0, 48.0),
    BackgroundColour.BLUE: (185.0, 265.0),
}
"""Hues in degrees that pass for each cloth; a warm lamp draws red towards orange, so those two overlap."""
_SATURATION_FLOOR = 0.25
_VALUE_FLOOR = 0.12
_CORNER_SEEN = 0.5
_FINEST_EYES_TO_CHIN = 300.0
"""Pixels; half as many again as the smallest portrait that is printed needs."""
_NOISE_LAPLACIAN, _NOISE_GRADIENT = 0.4062, 0.1172
"""Energy that unit white noise leaves after the 3x3 smoothing."""
_NOISE_BLOCK = 16
_ROUNDING = 1 / 12
"""Variance of rounding to whole grey levels."""


@dataclass(frozen=True, slots=True, eq=False)
class Aligned:
    """A face brought to a standard size. Arrays are lent.

    rgb: (400, 300, 3); light: linear luminance 0..255; face, inside: 0 or 1, the face and the pixels
    the picture holds; points: (468, 2) landmarks.
    """

    rgb: NDArray[np.uint8]
    light: NDArray[np.uint8]
    face: NDArray[np.uint8]
    inside: NDArray[np.uint8]
    points: NDArray[np.float64]


def sigmoid(value: float, centre: float, width: float) -> float:
    return float(1 / (1 + np.exp(np.clip((centre - value) / width, -700, 700))))


def align(
    rgb: NDArray[np.uint8], landmarks: NDArray[np.float32], face: FaceGeometry, workspace: Workspace
) -> Aligned:
    scale = EYES_TO_CHIN_PX / face.eyes_to_chin
    cos, sin = scale * np.cos(np.radians(face.roll)), scale * np.sin(np.radians(face.roll))
    turn = np.array([[cos, sin], [-sin, cos]])
    shift = np.array([WIDTH / 2, EYE_LINE * HEIGHT]) - turn @ np.array(face.eye_middle)
    matrix = np.column_stack((turn, shift))
    slack = _slack(matrix, rgb.shape)
    # repeating the border costs a quarter more, which a portrait well inside the picture need not pay
    border = cv2.BORDER_REPLICATE if slack < 1 else cv2.BORDER_CONSTANT
    picture = workspace.lend("portrait", (HEIGHT, WIDTH, 3), np.uint8)
    cv2.warpAffine(rgb, matrix, (WIDTH, HEIGHT), dst=picture, flags=cv2.INTER_LINEAR, borderMode=border)
    points = landmarks[:, :2] @ turn.T + shift
    mask, inside, light = workspace.lend("portrait planes", (3, HEIGHT, WIDTH), np.uint8)
    luminance(picture, light)
    mask[:] = 0
    cv2.fillConvexPoly(mask, cv2.convexHull(np.round(points[list(OVAL)]).astype(np.int32)), 1)
    if slack >= 0:
        inside[:] = 1
    else:
        _mark_held(inside, matrix, rgb.shape, workspace)
    mask &= inside
    return Aligned(rgb=picture, light=light, face=mask, inside=inside, points=points)


def _slack(matrix: NDArray[np.float64], shape: tuple[int, ...]) -> float:
    """How far the aligned portrait lies inside the picture, in its pixels; less than 0 where it reaches out."""
    corners = np.array([[0, 0], [WIDTH, 0], [0, HEIGHT], [WIDTH, HEIGHT]], np.float64)
    back = np.asarray(cv2.invertAffineTransform(matrix))
    x, y = (corners @ back[:, :2].T + back[:, 2]).T
    return float(min(x.min(), y.min(), shape[1] - 1 - x.max(), shape[0] - 1 - y.max()))


def _mark_held(
    inside: NDArray[np.uint8], matrix: NDArray[np.float64], shape: tuple[int, ...], workspace: Workspace
) -> None:
    """1 where the aligned portrait shows the picture's own pixels."""
    whole = workspace.lend("whole picture", (shape[0], shape[1]), np.uint8)
    whole[:] = 1
    cv2.warpAffine(whole, matrix, (WIDTH, HEIGHT), dst=inside, flags=cv2.INTER_NEAREST)


def light_measures(view: Aligned, workspace: Workspace) -> dict[str, float]:
    """Luminance mean and variance, under- and over-exposure, dynamic range, on the face.

    The standard's luminance mean has its middle at 0.2, which brown skin in good light reflects, so that it
    measures the skin as well as the light. `exposure` has the same form with its middle at 0.07.
    """
    counts = workspace.lend("face levels", (256,), np.int64)
    histogram(view.light, view.face, counts)
    share = counts / max(1, int(counts.sum()))
    level = np.arange(256) / 255.0
    mean = float(share @ level)
    variance = float(share @ (level - mean) ** 2)
    dark, bright = float(share[:26].sum()), float(share[247:].sum())
    present = share[share > 0]
    entropy = float(-(present @ np.log2(present)))
    return {
        "luminance_mean_share": mean,
        "luminance_mean": 100 * sigmoid(mean, 0.2, 0.05) * (1 - sigmoid(mean, 0.8, 0.05)),
        "exposure": 100 * sigmoid(mean, 0.07, 0.015) * (1 - sigmoid(mean, 0.75, 0.05)),
        "luminance_variance": 100 * float(np.sin(60 * np.pi * variance / (60 * variance + 1))),
        "under_exposure_share": dark,
        "under_exposure_prevention": _percent(120 * (0.832 - sigmoid(dark, 0.92, 0.05))),
        "over_exposure_share": bright,
        "over_exposure_prevention": _percent(1 / (bright + 0.01)),
        "dynamic_range": _percent(12.5 * entropy),
    }


def cheek_measures(view: Aligned) -> dict[str, float]:
    """Illumination uniformity and natural colour, on two squares below the eyes.

    The standard's uniformity compares histograms and falls near 0 in any room with a window; the
    difference in photographic stops is what a person can mend and what counts here.
    """
    right, left = (_cheek(view, index) for index in (RIGHT_CHEEK, LEFT_CHEEK))
    shared = float(np.minimum(_shares(view.light, right), _shares(view.light, left)).sum())
    stops = abs(float(np.log2((view.light[right].mean() + 1) / (view.light[left].mean() + 1))))
    a, b = mean_ab(np.concatenate([view.rgb[cheek][::2, ::2] for cheek in (right, left)]))
    return {
        "illumination_uniformity": 100 * shared**0.3,
        "light_difference_stops": stops,
        "light_balance": 200 * (1 - sigmoid(stops, 0, 0.8)),
        "natural_colour": _natural_colour(float(a), float(b)),
    }


def _natural_colour(a: float, b: float) -> float:
    # A picture without colour, or with the blue or green of a wrong lamp, is not skin at all.
    distance = float(np.hypot(max(0, 5 - a, a - 25), max(0, 5 - b, b - 35))) if a >= 0 and b >= 0 else 100.0
    return 200 * (1 - sigmoid(distance, 0, 10))


def _cheek(view: Aligned, index: int) -> tuple[slice, slice]:
    half = round(0.15 * EYES_TO_CHIN_PX)
    x = int(np.clip(view.points[index, 0], half, WIDTH - half - 1))
    y = int(np.clip(view.points[index, 1], half, HEIGHT - half - 1))
    return slice(y - half, y + half), slice(x - half, x + half)


def _shares(light: NDArray[np.uint8], where: tuple[slice, slice]) -> NDArray[np.float64]:
    counts = np.bincount(light[where].ravel(), minlength=256)
    return counts / max(1, int(counts.sum()))


def background_measures(view: Aligned) -> dict[str, float]:
    """Uniformity of the cloth beside the head, and its colour.

    A head covering may fill the rest of the portrait, so only its upper corners are judged. Empty when
    neither lies in the picture.
    """
    rows = slice(round(_CORNER_TOP * HEIGHT), round(_CORNER_BOTTOM * HEIGHT))
    wide = round(_CORNER * WIDTH)
    sides = [(rows, columns) for columns in (slice(0, wide), slice(WIDTH - wide, WIDTH))]
    sides = [side for side in sides if view.inside[side].mean() > _CORNER_SEEN]
    if not sides:
        return {}
    spread = float(np.mean([_spread(view.rgb[side]) for side in sides]))
    gradient = float(np.mean([_mean_gradient(view.light[side]) for side in sides]))
    hue, saturation, value = _hue(np.concatenate([view.rgb[side] for side in sides], axis=1)[::2, ::2])
    coloured = (saturation > _SATURATION_FLOOR) & (value > _VALUE_FLOOR)
    measures = {
        "background_gradient": gradient,
        "background_uniformity": 190 * (1 - sigmoid(gradient, 10, 100)),
        "background_spread_levels": spread,
        "background_saturation": float(np.median(saturation)),
    }
    for colour, (low, high) in _COLOUR_RANGE.items():
        fits = coloured & ((hue - low) % 360 <= high - low)
        measures[f"background_{colour.value}_share"] = float(fits.mean())
    return measures


def _spread(rgb: NDArray[np.uint8]) -> float:
    """Standard deviation of the mean colours of 8-pixel blocks, grey levels: noise averages out."""
    blocks = cv2.resize(rgb, None, fx=1 / 8, fy=1 / 8, interpolation=cv2.INTER_AREA).reshape(-1, 3)
    return float(np.sqrt(np.var(blocks.astype(np.float64), axis=0).mean()))


def _mean_gradient(light: NDArray[np.uint8]) -> float:
    """Mean Sobel magnitude."""
    across, down = cv2.Sobel(light, cv2.CV_32F, 1, 0), cv2.Sobel(light, cv2.CV_32F, 0, 1)
    return float(cv2.magnitude(across, down)[1:-1, 1:-1].mean())


def _hue(rgb: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Hue in degrees, saturation and value 0..1, flat."""
    hsv = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2HSV).reshape(-1, 3)
    hue, saturation, value = np.asarray(hsv, np.float32).T
    return hue, saturation, value


def focus_measures(rgb: NDArray[np.uint8], face: FaceGeometry, workspace: Workspace) -> dict[str, float]:
    """Fineness of the detail between brows and chin, as Laplacian over gradient energy.

    The ratio does not change with contrast; times the face's size it counts details per face, whatever
    the picture's resolution. White noise adds a known amount to both energies, which is taken away.
    """
    patch, scale = _face_patch(rgb, face, workspace)
    smooth = workspace.lend("face patch smoothed", patch.shape, np.uint8)
    cv2.GaussianBlur(patch, (3, 3), 0, dst=smooth)
    laplacian, gradient = detail_energy(smooth)
    noise = noise_level(patch, workspace)
    laplacian -= _NOISE_LAPLACIAN * noise**2 + _ROUNDING * 20
    gradient -= _NOISE_GRADIENT * noise**2 + _ROUNDING
    fineness = np.sqrt(max(0.0, laplacian) / max(1.0, gradient))
    detail = float(fineness * face.eyes_to_chin * scale)
    return {
        "detail_per_face": detail,
        "sharpness": 100 * sigmoid(detail, 55, 9),
        "noise_levels": noise,
        "noise_prevention": 100 * (1 - sigmoid(noise, 9, 2)),
    }


def noise_level(gray: NDArray[np.uint8], workspace: Workspace) -> float:
    """Standard deviation of white noise in grey levels, from the smoother quarter of 16-pixel blocks."""
    grid = (max(0, gray.shape[0] - 2) // _NOISE_BLOCK, max(0, gray.shape[1] - 2) // _NOISE_BLOCK)
    blocks = workspace.lend("grain", grid, np.float64)
    grain(gray, _NOISE_BLOCK, blocks)
    return _lower_quartile(blocks) * np.sqrt(np.pi / 2) / 6 if blocks.size else 0.0


def _lower_quartile(values: NDArray[np.float64]) -> float:
    """As NumPy's percentile, at a twentieth of its price for so few."""
    ranked = np.sort(values, axis=None)
    place, rest = divmod(ranked.size - 1, 4)
    low, high = ranked[place], ranked[min(place + 1, ranked.size - 1)]
    return float(low + (high - low) * rest / 4 if rest < 2 else high - (high - low) * (1 - rest / 4))


def _face_patch(
    rgb: NDArray[np.uint8], face: FaceGeometry, workspace: Workspace
) -> tuple[NDArray[np.uint8], float]:
    """Grey pixels from the brows to the chin, and their size: below 1 where finer than the card can show."""
    reach = face.eyes_to_chin
    x, y = face.eye_middle
    rows = span(y - 0.3 * reach, y + 0.9 * reach, rgb.shape[0])
    columns = span(x - 0.6 * reach, x + 0.6 * reach, rgb.shape[1])
    gray = workspace.lend("face patch", (rows.stop - rows.start, columns.stop - columns.start), np.uint8)
    cv2.cvtColor(rgb[rows, columns], cv2.COLOR_RGB2GRAY, dst=gray)
    if reach <= _FINEST_EYES_TO_CHIN:
        return gray, 1.0
    scale = _FINEST_EYES_TO_CHIN / reach
    size = (round(gray.shape[0] * scale), round(gray.shape[1] * scale))
    reduced = workspace.lend("face patch reduced", size, np.uint8)
    cv2.resize(gray, None, dst=reduced, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return reduced, scale


def span(low: float, high: float, size: int) -> slice:
    start = int(np.clip(low, 0, max(0, size - 8)))
    return slice(start, int(np.clip(high, start + min(8, size), size)))


def _percent(value: float) -> float:
    return float(np.clip(value, 0, 100))
