"""Do frames cross this face, and does a lamp shine in the lenses.

A frame is a thin line where bare skin has none: over the bridge of the nose and under each eye. Two of
the three places must show it, as a lit nose or a wrinkle can fake one. Frames without a rim, or of the
skin's own colour, are not seen.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.quality.face_geometry import NOSE_BRIDGE, NOSE_ROOT
from kiosk.quality.face_measures import EYES_TO_CHIN_PX, HEIGHT, WIDTH, Aligned, span

_LOWER_LIDS = (145, 374)
_EYES = ((33, 133), (263, 362))
_HALF_WIDTHS_PX = (3, 5, 8)
_GLARE_LIGHT = 235


def glasses_measures(view: Aligned) -> dict[str, float]:
    """frame_line: contrast of the line two of three places share, over the skin's brightness.

    eye_glare_share: share of burnt pixels around the eyes."""
    size = EYES_TO_CHIN_PX
    root, bridge = view.points[NOSE_ROOT], view.points[NOSE_BRIDGE]
    lines = [_line(view, root[0], root[1] - 0.12 * size, bridge[1], 0.10 * size)]
    for lid in _LOWER_LIDS:
        x, y = view.points[lid]
        lines.append(_line(view, x, y + 0.06 * size, y + 0.34 * size, 0.14 * size))
    return {"frame_line": sorted(lines)[1], "eye_glare_share": _glare(view)}


def _line(view: Aligned, x: float, top: float, bottom: float, width: float) -> float:
    """Strongest thin line across a vertical strip; a step or a slope of the shading counts nothing."""
    strip = view.rgb[span(top, bottom, HEIGHT), span(x - width / 2, x + width / 2, WIDTH)]
    profile = cv2.cvtColor(np.ascontiguousarray(strip), cv2.COLOR_RGB2GRAY).mean(axis=1)
    best = 0.0
    for half in _HALF_WIDTHS_PX:
        if profile.size > 2 * half:
            before, middle, after = profile[: -2 * half], profile[half:-half], profile[2 * half :]
            ridge = np.abs(middle - (before + after) / 2) - np.abs(before - after) / 2
            best = max(best, float(ridge.max()))
    return best / (float(profile.mean()) + 10)


def _glare(view: Aligned) -> float:
    reach = 0.17 * EYES_TO_CHIN_PX
    areas: list[NDArray[np.uint8]] = []
    for corners in _EYES:
        x, y = view.points[list(corners)].mean(axis=0)
        areas.append(view.light[span(y - reach, y + reach, HEIGHT), span(x - reach, x + reach, WIDTH)])
    return float(np.mean([np.count_nonzero(area >= _GLARE_LIGHT) / area.size for area in areas]))
