"""Every face kernel against a plain reference, compiled and not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from scipy import ndimage

from kiosk.quality import face_kernels as kernels
from kiosk.quality.face_measures import noise_level
from kiosk.quality.workspace import Workspace

RNG = np.random.default_rng(21)
GRAY = RNG.integers(0, 256, (53, 70), dtype=np.uint8)


def forms(kernel):
    return (kernel, getattr(kernel, "py_func", kernel))


def test_luminance():
    rgb = RNG.integers(0, 256, (20, 30, 3), dtype=np.uint8)
    code = rgb / 255
    linear = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    expected = np.floor(255 * linear @ (0.2126, 0.7152, 0.0722) + 0.5)
    light = np.empty((20, 30), np.uint8)
    for kernel in forms(kernels.luminance):
        kernel(rgb, light)
        assert np.array_equal(light, expected)


def test_mean_ab():
    rgb = RNG.integers(0, 256, (20, 30, 3), dtype=np.uint8)
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    for kernel in forms(kernels.mean_ab):
        assert kernel(rgb) == pytest.approx(lab[:, :, 1:].mean(axis=(0, 1)), abs=0.05)


def test_histogram():
    mask = RNG.integers(0, 2, GRAY.shape, dtype=np.uint8)
    counts = np.empty(256, np.int64)
    for kernel in forms(kernels.histogram):
        kernel(GRAY, mask, counts)
        assert np.array_equal(counts, np.bincount(GRAY[mask == 1], minlength=256))


def test_detail_energy():
    level = GRAY.astype(float)
    laplacian = ndimage.laplace(level)[1:-1, 1:-1]
    down, across = np.gradient(level)
    gradient = (down**2 + across**2)[1:-1, 1:-1]
    for kernel in forms(kernels.detail_energy):
        assert kernel(GRAY) == pytest.approx([(laplacian**2).mean(), gradient.mean()])


def test_grain():
    mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]])
    response = np.abs(ndimage.correlate(GRAY.astype(float), mask))[1:-1, 1:-1]
    expected = response[:48, :64].reshape(3, 16, 4, 16).mean(axis=(1, 3))
    blocks = np.empty((3, 4))
    for kernel in forms(kernels.grain):
        kernel(GRAY, 16, blocks)
        assert blocks == pytest.approx(expected)


def test_a_picture_smaller_than_a_block_has_no_noise():
    assert noise_level(GRAY[:10, :10].copy(), Workspace()) == 0


@pytest.mark.parametrize("sigma", [2.0, 6.0, 15.0])
def test_noise_is_measured_in_grey_levels(sigma):
    flat = np.clip(np.round(128 + RNG.normal(0, sigma, (320, 320))), 0, 255).astype(np.uint8)
    assert noise_level(flat, Workspace()) == pytest.approx(sigma, rel=0.1)
