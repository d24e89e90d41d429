"""The measures of ISO/IEC 29794-6:2015 on an eye that was located, and a few of our own."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.quality.iris_locate import PUPIL_ANGLES, Circle, Eye, Lid, in_picture
from kiosk.quality.iris_measure_kernels import (
    flank_lids,
    focus_power,
    interlace_ratio,
    rim_steepness,
    thin_rings,
    zones,
)
from kiosk.quality.workspace import Workspace

_PUPIL, _IRIS, _SCLERA, _RING = range(4)
_FOCUS_SCALE = 180_000.0
"""Constant of clause 6.2.10."""
_NO_UPPER, _NO_LOWER = np.array([-1e6, 0.0, 0.0]), np.array([1e6, 0.0, 0.0])
_HARMONICS = 16
_RIM_BEND = 0.12
_GLARE_LEVEL = 245
_FLANK = np.radians(np.arange(-20.0, 31.0, 2.5))
_LID_REACHES = np.arange(1.1, 1.65, 0.07)
_LID_STEP = 12.0


def eye_measures(eye: Eye, iris: Circle, *, width: int, height: int, workspace: Workspace) -> dict[str, float]:
    """Everything that needs the circles. iris: the eye's own; width, height: of the whole picture."""
    counts = workspace.lend("eye zones", (4, 256), np.int64)
    upper, lower = _lid(eye.upper, _NO_UPPER), _lid(eye.lower, _NO_LOWER)
    zones(eye.gray, _row(iris), _row(eye.pupil), upper, lower, counts)
    pupil, ring, sclera = (_median(counts[zone]) for zone in (_PUPIL, _IRIS, _SCLERA))
    whole = in_picture(iris, eye.scale)
    apart = float(np.hypot(iris.x - eye.pupil.x, iris.y - eye.pupil.y))
    return {
        "usable_iris_area": _usable_area(counts[_RING], iris, eye.pupil, ring),
        "iris_sclera_contrast": iris_sclera_contrast(pupil, ring, sclera),
        "iris_pupil_contrast": iris_pupil_contrast(pupil, ring),
        "pupil_circularity": pupil_circularity(eye.pupil_rays[:, 0]),
        "pupil_ellipticity": pupil_ellipticity(eye.pupil_rays[:, 0]),
        "iris_radius_px": whole.r,
        "dilation": 100 * eye.pupil.r / iris.r,
        "concentricity": 100 * max(0.0, 1 - apart / iris.r),
        "margin": margin(whole, width=width, height=height),
        "pupil_level": pupil,
        "iris_level": ring,
        "sclera_level": sclera,
        "pupil_agreement": eye.pupil_agreement,
        **_motion(eye, iris, workspace),
        **_lens_rim(eye, iris, workspace),
        **_side(eye, iris, workspace),
        "glare_share": float(counts[_RING][_GLARE_LEVEL:].sum()) / max(1, int(counts[_RING].sum())),
    }


def _motion(eye: Eye, iris: Circle, workspace: Workspace) -> dict[str, float]:
    """Steepness of the pupil's rim, its loss along the worst direction, and the comb of interlacing.

    rim_steepness: median share of the step within two pixels, 1 sharp; directional_power: how much the
    steepness swings with the direction, 0 still, 1 smeared.
    """
    top, bottom = int(iris.y - iris.r), int(iris.y + iris.r)
    interlace = interlace_ratio(eye.gray, top, bottom)
    radii = np.ascontiguousarray(eye.pupil_rays[:, 0])
    steep = workspace.lend("rim steepness", radii.shape, np.float64)
    rim_steepness(eye.gray, _row(eye.pupil), PUPIL_ANGLES, radii, eye.pupil_cap, steep)
    seen = np.isfinite(steep)
    if seen.sum() < PUPIL_ANGLES.size // 2:
        return {"interlace_ratio": interlace, "rim_steepness": 0.0, "directional_power": 0.0}
    turn = 2 * PUPIL_ANGLES[seen]
    design = np.column_stack((np.ones_like(turn), np.cos(turn), np.sin(turn)))
    mean, cosine, sine = np.linalg.lstsq(design, steep[seen], rcond=None)[0]
    return {
        "interlace_ratio": interlace,
        "rim_steepness": float(np.median(steep[seen])),
        "directional_power": min(1.0, float(np.hypot(cosine, sine) / max(0.05, mean))),
    }


def _lens_rim(eye: Eye, iris: Circle, workspace: Workspace) -> dict[str, float]:
    """Contrast of the strongest thin ring on the sclera, grey levels: the rim of a soft contact lens."""
    radii = np.arange(1.08, 1.32, 0.01) * iris.r
    rings = workspace.lend("thin rings", radii.shape, np.float64)
    thin_rings(eye.gray, _row(iris), radii, _FLANK, max(2.0, 0.03 * iris.r), rings)
    return {"lens_rim_levels": float(np.abs(rings).max())}


def _side(eye: Eye, iris: Circle, workspace: Workspace) -> dict[str, float]:
    """Which eye it is: the upper lid falls towards the nose, and the pupil lies nearer to it.

    Positive values say that the nose is at the picture's right: the person's right eye.
    """
    heights = workspace.lend("flank lids", (2, _LID_REACHES.size), np.float64)
    flank_lids(eye.gray, _row(iris), _LID_REACHES, _LID_STEP, heights)
    fall = 0.0
    if np.isfinite(heights).sum(axis=1).min() >= 3:
        fall = float(np.nanmedian(heights[0]) - np.nanmedian(heights[1]))
    return {"lid_fall": fall, "pupil_shift": (eye.pupil.x - iris.x) / iris.r}


def picture_measures(gray: NDArray[np.uint8]) -> dict[str, float]:
    """Grey-scale use and sharpness, which need no circles."""
    power = focus_power(gray)
    return {
        "grey_scale_use": grey_scale_use(gray),
        "sharpness": 100 * power**2 / (power**2 + _FOCUS_SCALE**2),
        "focus_power": power,
    }


def grey_scale_use(gray: NDArray[np.uint8]) -> float:
    """Entropy of the grey values, bits."""
    counts = cv2.calcHist([gray], [0], None, [256], [0, 256]).ravel()
    share = counts[counts > 0] / gray.size
    return float(-(share @ np.log2(share)))


def iris_sclera_contrast(pupil: float, iris: float, sclera: float) -> float:
    """100 max(0, (Ms-Mi)/(Ms+Mi-2Mp)) of median grey levels."""
    span = sclera + iris - 2 * pupil
    return 100 * max(0.0, (sclera - iris) / span) if span > 0 else 0.0


def iris_pupil_contrast(pupil: float, iris: float) -> float:
    """Weber contrast W = (Mi-Mp)/(20+Mp) as 100 W/(0.75+W)."""
    weber = max(0.0, (iris - pupil) / (20 + pupil))
    return 100 * weber / (0.75 + weber)


def pupil_circularity(radii: NDArray[np.float64]) -> float:
    """100 less the power of the first 16 harmonics of the rim's radii, pixels; a radius of 0 was not seen."""
    rim = _whole_rim(radii)
    if not rim.size:
        return 0.0
    power = np.abs(np.fft.fft(rim)[1 : _HARMONICS + 1]) ** 2
    return float(max(0.0, 100 - power.sum() / rim.size))


def pupil_ellipticity(radii: NDArray[np.float64]) -> float:
    """How far the rim is from a circle towards an ellipse: (a - b) / (a + b) of its half axes."""
    rim = _whole_rim(radii)
    return float(2 * np.abs(np.fft.fft(rim)[2]) / rim.sum()) if rim.size else 0.0


def _whole_rim(radii: NDArray[np.float64]) -> NDArray[np.float64]:
    """The radii with gaps filled from their neighbours; empty when more than half are missing.

    A reflection on the rim throws single rays further off than the rim itself bends.
    """
    seen = radii > 0
    middle = float(np.median(radii[seen])) if seen.any() else 0.0
    seen &= np.abs(radii - middle) < _RIM_BEND * middle
    if 2 * seen.sum() < radii.size:
        return np.zeros(0)
    places = np.arange(radii.size)
    return np.interp(places, places[seen], radii[seen], period=radii.size)


def margin(iris: Circle, *, width: int, height: int) -> float:
    """Room around the iris: 0.6 radii beside it and 0.2 above and below fill the measure."""
    sides = (iris.x - iris.r, width - iris.x - iris.r)
    ends = (iris.y - iris.r, height - iris.y - iris.r)
    room = min(*(side / (0.6 * iris.r) for side in sides), *(end / (0.2 * iris.r) for end in ends))
    return 100 * min(1.0, max(0.0, room))


def _usable_area(ring: NDArray[np.int64], iris: Circle, pupil: Circle, level: float) -> float:
    """Share of the ring between the lids that is neither lash (dark) nor reflection (bright), percent."""
    seen = int(ring.sum())
    if not seen:
        return 0.0
    grey = np.arange(256)
    spread = max(10.0, 1.4826 * _median(_folded(ring, level)))
    clear = int(ring[np.abs(grey - level) <= 4 * spread].sum())
    whole = np.pi * (iris.r**2 - pupil.r**2)
    return float(min(100.0, 100 * clear / max(1.0, whole)))


def _folded(counts: NDArray[np.int64], level: float) -> NDArray[np.int64]:
    """Histogram of the distances from `level`."""
    distance = np.abs(np.arange(256) - int(level))
    return np.bincount(distance, weights=counts, minlength=256).astype(np.int64)


def _median(counts: NDArray[np.int64]) -> float:
    running = np.cumsum(counts)
    return float(np.searchsorted(running, running[-1] / 2)) if running[-1] else 0.0


def _lid(lid: Lid | None, absent: NDArray[np.float64]) -> NDArray[np.float64]:
    return absent if lid is None else np.array([lid.a, lid.b, lid.c])


def _row(circle: Circle) -> NDArray[np.float64]:
    return np.array([circle.x, circle.y, circle.r])
