"""Fingerprints drawn from a formula, so that every minutia is known."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

SHARED = Path(__file__).parents[3] / "shared" / "data"
"""Real samples beside the checkout; tests that use them are skipped where they are not."""

RIDGE_PX = 9.0


def draw_finger(
    seed: int = 1,
    *,
    width: int = 300,
    height: int = 420,
    minutiae: int = 24,
    contrast: float = 110.0,
    noise: float = 6.0,
    pressure: float = 0.0,
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """A picture (height, width) and the places (n, 2) x, y of its minutiae, as many as there is room for.

    Ridges are a wave whose phase winds once about each minutia (Larkin, Fletcher, "A coherent framework for
    fingerprint analysis", Optics Express 15(14), 2007). pressure: -1 thin ridges .. 1 thick ones.
    """
    rng = np.random.default_rng(seed)
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float64)
    centre_x, centre_y = width / 2, height * 0.55
    arches = np.hypot((xs - centre_x) * 1.25, ys - centre_y)
    phase = 2 * np.pi * arches / RIDGE_PX
    places: list[tuple[float, float]] = []
    for _ in range(200 * minutiae):
        if len(places) == minutiae:
            break
        x, y = rng.uniform(60, width - 60), rng.uniform(60, height - 60)
        far = all(np.hypot(x - other_x, y - other_y) > 32 for other_x, other_y in places)
        if far and np.hypot(x - centre_x, y - centre_y) > 60:
            places.append((x, y))
            phase = phase + rng.choice([-1, 1]) * np.arctan2(ys - y, xs - x)
    ridges = np.tanh(2.2 * (np.cos(phase) + pressure)) * 0.5 + 0.5
    rim = np.hypot((xs - width / 2) / (width / 2), (ys - height / 2) / (height / 2))
    contact = 1 / (1 + np.exp((rim - 0.93) * 40))
    ink = cv2.GaussianBlur(ridges * contact, (0, 0), 0.8)
    picture = 235 - contact * 25 - 2 * contrast * ink * 0.85 + noise * rng.standard_normal((height, width))
    picture = np.where(contact > 0.02, picture, 255)
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8), np.array(places)
