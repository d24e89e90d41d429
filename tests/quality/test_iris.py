"""A resident looks into the iris camera."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest
from iris_eyes import DrawnEye, draw, open_share, random_eye
from made_fingers import SHARED

from kiosk.enrollment.positions import Modality, Position
from kiosk.enrollment.quality_report import Defect
from kiosk.quality.iris import are_swapped, assess_iris, side_evidence, split_irises

EYE = DrawnEye()
real_data = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared sample data is not here")


def assess(**changes):
    return assess_iris(draw(replace(EYE, **changes)))


def test_a_good_eye_is_found_where_it_is():
    found = assess()
    assert found.report.modality is Modality.IRIS
    assert found.report.defects == ()
    assert found.report.score >= 85
    assert np.hypot(found.pupil.x - EYE.pupil[0], found.pupil.y - EYE.pupil[1]) < 0.5
    assert found.pupil.r == pytest.approx(EYE.pupil_r, abs=1)
    assert np.hypot(found.iris.x - EYE.iris_x, found.iris.y - EYE.iris_y) < 1.5
    assert found.iris.r == pytest.approx(EYE.iris_r, abs=2)


def test_pupils_of_hurried_pictures():
    rng = np.random.default_rng(2024)
    eyes = [random_eye(rng) for _ in range(34)]
    errors = []
    for eye in eyes:
        pupil = assess_iris(draw(eye)).pupil
        errors.append(99.0 if pupil is None else np.hypot(pupil.x - eye.pupil[0], pupil.y - eye.pupil[1]))
    assert np.median(errors) <= 0.9
    assert np.mean(np.array(errors) <= 3) >= 0.97


@pytest.mark.parametrize(
    ("changes", "defect"),
    [
        ({"iris_r": 70.0, "pupil_r": 27.0}, Defect.TOO_FAR),
        ({"iris_r": 235.0, "pupil_r": 85.0, "upper": None, "lower": None}, Defect.TOO_NEAR),
        ({"iris_x": 110.0}, Defect.OFF_CENTRE),
        ({"upper": 0.25, "lower": 0.6, "pupil_r": 25.0}, Defect.EYELID_COVERS),
        ({"pupil_r": 20.0}, Defect.PUPIL_TOO_SMALL),
        ({"pupil_r": 86.0}, Defect.PUPIL_TOO_LARGE),
        ({"blur": 6.0}, Defect.OUT_OF_FOCUS),
        ({"smear": 14.0}, Defect.MOVING),
        ({"lens_rim": 18.0}, Defect.LENS_WORN),
        ({"tilt": 0.09}, Defect.GAZE_AWAY),
        ({"sclera_level": 108.0, "limbus": 3.0}, Defect.LOW_CONTRAST),
        ({"iris_level": 240.0, "sclera_level": 252.0, "pupil_level": 60.0, "texture": 4.0}, Defect.TOO_BRIGHT),
    ],
)
def test_one_thing_wrong_is_named(changes, defect):
    report = assess(**changes).report
    assert defect in report.defects
    assert report.score <= assess().report.score


def test_a_reflection_over_the_iris_is_glare():
    picture = draw(EYE)
    cv2.ellipse(picture, (370, 240), (40, 60), 0, 0, 360, 255, -1)
    assert Defect.GLARE in assess_iris(picture).report.defects


def test_an_interlaced_sensor_combs_a_moving_eye():
    picture = draw(EYE)
    picture[1::2] = np.roll(picture[1::2], 6, axis=1)
    assert Defect.MOVING in assess_iris(picture).report.defects


def test_an_empty_field_has_no_eye():
    for level in (0, 90, 255):
        found = assess_iris(np.full((480, 640), level, np.uint8))
        assert found.report.defects == (Defect.EYE_NOT_FOUND,)
        assert (found.report.score, found.pupil, found.iris) == (0, None, None)


@pytest.mark.parametrize("shape", [(64, 64), (65, 999), (999, 65), (1536, 2048)])
def test_no_size_and_no_noise_breaks_it(shape):
    rng = np.random.default_rng(5)
    for picture in (
        rng.integers(0, 256, shape, dtype=np.uint8),
        cv2.resize(rng.integers(0, 256, (9, 9), dtype=np.uint8), shape[::-1]),
        cv2.resize(draw(EYE), shape[::-1]),
    ):
        picture.setflags(write=False)
        assert 0 <= assess_iris(picture).report.score <= 100


def test_circles_are_in_pixels_of_the_picture_whatever_its_size():
    small = assess()
    large = assess_iris(cv2.resize(draw(EYE), None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC))
    assert large.iris.r == pytest.approx(3 * small.iris.r, rel=0.01)
    assert large.pupil.x == pytest.approx(3 * small.pupil.x + 1, abs=1.5)


def test_lids_take_away_what_they_cover():
    for upper, lower in ((1.2, 1.2), (0.7, 1.1), (0.45, 0.9), (0.6, 0.6)):
        eye = replace(EYE.without_defects(), upper=upper, lower=lower, pupil_r=30.0)
        share = assess_iris(draw(eye)).report.metrics["usable_iris_area"]
        assert share == pytest.approx(open_share(eye), abs=7)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("blur", (0.6, 1.5, 2.5, 4.0, 6.0)),
        ("smear", (0.0, 6.0, 12.0, 18.0)),
        ("upper", (1.1, 0.7, 0.5, 0.3)),
        ("pupil_level", (15.0, 45.0, 75.0)),
        ("iris_x", (320.0, 150.0, 125.0, 100.0)),
    ],
)
def test_worse_never_scores_higher(name, values):
    scores = [assess(**{name: value}).report.score for value in values]
    assert all(after <= before + 1 for before, after in pairwise(scores)), scores
    assert scores[-1] < scores[0]


def test_a_dual_frame_is_parted_by_the_persons_own_sides():
    frame = np.zeros((480, 1280), np.uint8)
    frame[:, 640:] = 9
    right, left = split_irises(frame)
    assert right.shape == left.shape == (480, 640)
    assert (right.max(), left.min()) == (0, 9)


def test_each_eye_shows_its_side():
    right = draw(replace(EYE, pupil_dx=6.0, nasal=1))
    left = np.ascontiguousarray(right[:, ::-1])
    assert side_evidence(assess_iris(right).report.metrics) > 3
    assert side_evidence(assess_iris(left).report.metrics) < -3


def test_a_pair_in_the_wrong_places_is_seen():
    right = assess_iris(draw(replace(EYE, pupil_dx=4.0, nasal=1)))
    left = assess_iris(draw(replace(EYE, pupil_dx=-4.0, nasal=-1)))
    assert are_swapped(left, right)
    assert not are_swapped(right, left)
    assert not are_swapped(left, assess_iris(np.full((480, 640), 90, np.uint8)))


def test_eyes_are_called_swapped_only_on_strong_evidence():
    right = draw(replace(EYE, pupil_dx=8.0, nasal=1))
    assert Defect.EYES_SWAPPED in assess_iris(right, position=Position.LEFT_IRIS).report.defects
    assert Defect.EYES_SWAPPED not in assess_iris(right, position=Position.RIGHT_IRIS).report.defects
    weak = draw(replace(EYE, pupil_dx=1.0))
    assert Defect.EYES_SWAPPED not in assess_iris(weak, position=Position.LEFT_IRIS).report.defects


def test_another_shape_is_a_bug():
    with pytest.raises(ValueError, match="64x64"):
        assess_iris(np.zeros((32, 640), np.uint8))
    with pytest.raises(ValueError, match="uint8"):
        assess_iris(np.zeros((480, 640, 4), np.uint8))


@real_data
@pytest.mark.parametrize(
    ("name", "pupil", "iris"),
    [
        # Circles read off by eye on enlarged pictures.
        ("people/p1/right_iris.png", (216.5, 156.5, 43), (210, 162, 134)),
        ("people/p1/left_iris.png", (199.5, 151, 45), (207, 153, 134)),
        ("irises/iris_info_right_registration.png", (191, 141.5, 51), (190, 148, 117)),
        ("irises/auth_left_iris.png", (199.5, 144.5, 48), (195, 146, 122)),
    ],
)
def test_real_eyes(name, pupil, iris):
    found = assess_iris(cv2.imread(str(SHARED / name), cv2.IMREAD_GRAYSCALE))
    assert (found.pupil.x, found.pupil.y, found.pupil.r) == pytest.approx(pupil, abs=2)
    assert (found.iris.x, found.iris.y, found.iris.r) == pytest.approx(iris, abs=4)
    assert found.report.score >= 60
    assert Defect.EYE_NOT_FOUND not in found.report.defects


@real_data
def test_a_real_pair_is_told_apart():
    for side, sign in (("right", 1), ("left", -1)):
        picture = cv2.imread(str(SHARED / f"people/p1/{side}_iris.png"), cv2.IMREAD_GRAYSCALE)
        assert sign * side_evidence(assess_iris(picture).report.metrics) > 7
