"""Whatever the lens sees, of whatever size: an answer, never a crash."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from iris_eyes import DrawnEye, draw
from made_fingers import draw_finger

from kiosk.enrollment.positions import STEP_POSITIONS, CaptureStep
from kiosk.quality.face import assess_face
from kiosk.quality.face_networks import FaceEngine
from kiosk.quality.fingerprint import assess_fingerprint, assess_fingerprint_live
from kiosk.quality.iris import assess_iris
from kiosk.quality.minutiae import extract
from kiosk.quality.signature import assess_signature
from kiosk.quality.slap import assess_slap
from kiosk.quality.workspace import Workspace

SMALLEST, WIDEST, HIGHEST = 64, 2048, 1536
SUBJECTS = (draw(DrawnEye()), draw_finger(3)[0])

few = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None, derandomize=True)
sides = st.integers(SMALLEST, 320)
"""Most sizes are small, for speed; the largest and the longest are named in `EXTREMES`."""

EXTREMES = ((HIGHEST, WIDEST), (HIGHEST, SMALLEST), (SMALLEST, WIDEST), (SMALLEST, SMALLEST), (481, 641))


def noise(rng, height, width, kind):
    if kind == "flat":
        return np.full((height, width), rng.integers(0, 256), np.uint8)
    if kind == "noise":
        return rng.integers(0, 256, (height, width), dtype=np.uint8)
    if kind == "soft":
        small = rng.integers(0, 256, (height // 16 + 2, width // 16 + 2), dtype=np.uint8)
        return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    if kind == "salt":
        return (255 * (rng.random((height, width)) > 0.995)).astype(np.uint8)
    subject = SUBJECTS[int(rng.integers(len(SUBJECTS)))]
    grown = cv2.resize(subject, (width, height))
    return np.clip(grown + rng.normal(0, rng.uniform(0, 60), grown.shape), 0, 255).astype(np.uint8)


KINDS = ("flat", "noise", "soft", "salt", "subject")


def picture_of(number, height, width, kind, *, colour):
    rng = np.random.default_rng(number)
    planes = [noise(rng, height, width, kind) for _ in range(3 if colour else 1)]
    picture = np.dstack(planes) if colour else planes[0]
    picture.setflags(write=False)
    return picture


@st.composite
def pictures(draw_one):
    return picture_of(
        draw_one(st.integers(0, 2**32)),
        draw_one(sides),
        draw_one(sides),
        draw_one(st.sampled_from(KINDS)),
        colour=draw_one(st.booleans()),
    )


@pytest.fixture(scope="module")
def judges():
    engine, workspace = FaceEngine(), Workspace()
    four = STEP_POSITIONS[CaptureStep.RIGHT_FOUR]
    return {
        "finger": lambda picture: assess_fingerprint(picture, workspace=workspace),
        "live finger": lambda picture: assess_fingerprint_live(picture, workspace=workspace),
        "slap": lambda picture: assess_slap(picture, expected=four, workspace=workspace).report,
        "unasked slap": lambda picture: assess_slap(picture, workspace=workspace).report,
        "iris": lambda picture: assess_iris(picture, workspace=workspace).report,
        "face": lambda picture: assess_face(picture, engine=engine).report,
        "signature": lambda picture: assess_signature(picture, workspace=workspace),
    }


MODALITIES = ("finger", "live finger", "slap", "unasked slap", "iris", "face", "signature")
each_modality = pytest.mark.parametrize("modality", MODALITIES)


def assert_sound(report):
    assert report.score is None or 0 <= report.score <= 100
    assert all(np.isfinite(value) for value in report.metrics.values()), report.metrics


@each_modality
@settings(few, max_examples=12)
@given(picture=pictures())
def test_any_picture_is_judged(judges, modality, picture):
    assert_sound(judges[modality](picture))


@each_modality
@pytest.mark.parametrize("kind", ["noise", "subject"])
@pytest.mark.parametrize("size", EXTREMES, ids=lambda size: f"{size[1]}x{size[0]}")
def test_the_largest_and_the_longest_are_judged(judges, modality, size, kind):
    assert_sound(judges[modality](picture_of(7, *size, kind, colour=size == (481, 641))))


@settings(few, max_examples=12)
@given(picture=pictures())
def test_minutiae_of_anything_lie_inside_it(picture):
    template = extract(picture)
    assert all(0 <= m.x < template.width and 0 <= m.y < template.height for m in template.minutiae)


@pytest.mark.parametrize("judge", [assess_fingerprint, assess_slap, assess_iris, assess_face, extract])
@pytest.mark.parametrize(
    "picture",
    [np.zeros((80, 80), np.float32), np.zeros((80, 80, 2), np.uint8), np.zeros(80, np.uint8)],
    ids=["floats", "two planes", "a line"],
)
def test_what_is_no_picture_is_refused(judge, picture):
    with pytest.raises(ValueError, match="uint8"):
        judge(picture)
