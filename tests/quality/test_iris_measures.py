"""The formulas of ISO/IEC 29794-6 on numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from kiosk.quality.iris_locate import Circle
from kiosk.quality.iris_measures import (
    grey_scale_use,
    iris_pupil_contrast,
    iris_sclera_contrast,
    margin,
    pupil_circularity,
    pupil_ellipticity,
)

ANGLES = np.linspace(0, 2 * np.pi, 64, endpoint=False)


def test_contrasts():
    assert iris_sclera_contrast(20, 100, 180) == pytest.approx(100 * 80 / 240)
    assert iris_sclera_contrast(20, 180, 100) == 0
    assert iris_sclera_contrast(90, 90, 90) == 0
    assert iris_pupil_contrast(20, 80) == pytest.approx(100 * 1.5 / 2.25)
    assert iris_pupil_contrast(80, 20) == 0


@pytest.mark.parametrize(
    ("iris", "expected"),
    [
        (Circle(320, 240, 100), 100),
        (Circle(130, 240, 100), 50),
        (Circle(510, 240, 100), 50),
        (Circle(320, 110, 100), 50),
        (Circle(320, 370, 100), 50),
        (Circle(90, 240, 100), 0),
    ],
)
def test_margin_on_each_side(iris, expected):
    assert margin(iris, width=640, height=480) == pytest.approx(expected)


def test_a_round_pupil_is_circular_and_an_ellipse_is_not():
    assert pupil_circularity(np.full(64, 40.0)) == 100
    # A second harmonic of 1 pixel puts (64 / 2)^2 / 64 = 16 into the sum.
    assert pupil_circularity(40 + np.cos(2 * ANGLES)) == pytest.approx(84)
    assert pupil_ellipticity(40 + 2 * np.cos(2 * ANGLES + 0.3)) == pytest.approx(0.05)


def test_rays_that_a_reflection_spoils_are_filled_from_their_neighbours():
    radii = np.full(64, 40.0)
    radii[10:14], radii[30] = 60, 0
    assert pupil_circularity(radii) == pytest.approx(100)


def test_a_rim_mostly_unseen_measures_nothing():
    radii = np.zeros(64)
    assert (pupil_circularity(radii), pupil_ellipticity(radii)) == (0, 0)
    radii[:20] = 40
    assert pupil_circularity(radii) == 0


def test_grey_scale_use_is_entropy_in_bits():
    assert grey_scale_use(np.full((64, 64), 9, np.uint8)) == 0
    assert grey_scale_use(np.arange(256, dtype=np.uint8).reshape(16, 16)) == pytest.approx(8)
