"""Smooth random fields, the ground of everything natural in here."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]


def smooth_noise(rng: np.random.Generator, shape: tuple[int, int], *, scale_px: float) -> Field:
    """Gaussian noise of unit variance, float32 of `shape`, that changes over about `scale_px` pixels."""
    coarse = (max(4, round(shape[0] / scale_px) + 3), max(4, round(shape[1] / scale_px) + 3))
    grid = rng.standard_normal(coarse, dtype=np.float32)
    return stretch(grid, shape)


def stretch(grid: Field, shape: tuple[int, int]) -> Field:
    """Cubic interpolation of a coarse grid up to `shape`, float32."""
    return np.asarray(cv2.resize(grid, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), np.float32)


def fractal_noise(rng: np.random.Generator, shape: tuple[int, int], *, scale_px: float, octaves: int) -> Field:
    """Sum of `octaves` of smooth noise, each half as coarse and half as strong as the one before."""
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        total += 0.5**octave * smooth_noise(rng, shape, scale_px=max(1.5, scale_px / 2**octave))
    return total


def blur(field: Field, sigma_px: float) -> Field:
    """Gaussian blur, float32, edges reflected."""
    return np.asarray(cv2.GaussianBlur(field, (0, 0), sigma_px), np.float32)


def smoothstep(low: float, high: float, value: Field) -> Field:
    """0 below `low`, 1 above `high`, a cubic between; `low` may be the larger, then it falls."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def to_pixels(values: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """Round and clip to 0..255, uint8."""
    pixels: NDArray[np.uint8] = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return pixels
