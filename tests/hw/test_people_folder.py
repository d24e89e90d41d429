"""People from folders of pictures, and what a wrong folder is told."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from hw.api import CaptureSet, Eye, Finger
from hw.sim.people import PersonFolderError, PersonSubject, SimPerson, compose_slap, load_people
from tests.hw.people_support import someone

SHARED = Path(__file__).parents[3] / "shared" / "data" / "people"
SLAPS = {
    "right_four": CaptureSet.RIGHT_SLAP,
    "left_four": CaptureSet.LEFT_SLAP,
    "thumbs": CaptureSet.THUMBS,
}


@pytest.fixture(scope="module")
def person() -> SimPerson:
    return someone()


def signature_picture() -> np.ndarray:
    """A tick and a bar, as RGBA ink on a transparent ground."""
    picture = np.zeros((200, 400, 4), np.uint8)
    cv2.polylines(picture, [np.array([(40, 100), (90, 160), (180, 30)])], False, (10, 10, 10, 255), 7)
    cv2.line(picture, (230, 120), (370, 110), (10, 10, 10, 255), 7)
    return picture


def save(person: SimPerson, home: Path) -> Path:
    home.mkdir(parents=True)
    cv2.imwrite(str(home / "face.png"), person.face[:, :, ::-1])
    for finger, picture in person.fingers.items():
        cv2.imwrite(str(home / f"{finger.name.lower()}.png"), picture)
    for eye, picture in person.irises.items():
        cv2.imwrite(str(home / f"{eye.name.lower()}_iris.png"), picture)
    cv2.imwrite(str(home / "signature.png"), signature_picture())
    return home


def test_a_whole_folder_is_a_person(person, tmp_path):
    save(person, tmp_path / "warga-contoh")
    (loaded,) = load_people(tmp_path)
    assert loaded.name == "warga-contoh"
    assert set(loaded.fingers) == set(Finger)
    assert np.array_equal(loaded.fingers[Finger.LEFT_RING], person.fingers[Finger.LEFT_RING])
    assert np.array_equal(loaded.irises[Eye.LEFT], person.irises[Eye.LEFT])
    assert np.array_equal(loaded.face, person.face)
    assert loaded.face_matte is None
    assert loaded.exception_photo is None


def test_people_come_in_the_order_of_their_names(person, tmp_path):
    for name in ("b", "a", "c"):
        save(person, tmp_path / name)
    (tmp_path / "readme.txt").write_text("not a person")
    assert [loaded.name for loaded in load_people(tmp_path)] == ["a", "b", "c"]


def test_a_traced_signature_has_its_strokes_at_their_places(person, tmp_path):
    save(person, tmp_path / "a")
    (loaded,) = load_people(tmp_path)
    lifts = [p for p in loaded.signature if p.pressure == 0]
    assert len(lifts) == 2
    xs = np.array([p.x for p in loaded.signature])
    ys = np.array([p.y for p in loaded.signature])
    assert xs.min() >= 0 and xs.max() <= 2896 and ys.min() >= 0 and ys.max() <= 1370
    assert (xs.max() - xs.min()) / (ys.max() - ys.min()) == pytest.approx(330 / 130, rel=0.15)


def test_a_face_with_an_alpha_channel_is_set_before_the_cloth(person, tmp_path):
    home = save(person, tmp_path / "a")
    assert person.face_matte is not None
    cv2.imwrite(str(home / "face.png"), np.dstack([person.face[:, :, ::-1], person.face_matte]))
    (loaded,) = load_people(tmp_path)
    assert loaded.face_matte is not None
    scene = PersonSubject(loaded, seed=1).preview(CaptureSet.FACE, 9.0)
    corner = scene[40:200, 300:400].reshape(-1, 3).mean(axis=0)
    assert corner[0] > 3 * corner[2]


def test_a_photo_without_alpha_keeps_its_own_background(person, tmp_path):
    home = save(person, tmp_path / "a")
    photo = np.full((640, 480, 3), (60, 160, 60), np.uint8)
    cv2.circle(photo, (240, 300), 150, (120, 150, 200), -1)
    cv2.imwrite(str(home / "face.png"), photo)
    (loaded,) = load_people(tmp_path)
    scene = PersonSubject(loaded, seed=1).preview(CaptureSet.FACE, 9.0)
    for column in (5, 300, 1000, 1270):
        assert np.abs(scene[100, column].astype(int) - (60, 160, 60)).max() < 12


def test_a_small_eye_is_padded_and_not_enlarged(person, tmp_path):
    home = save(person, tmp_path / "a")
    small = cv2.resize(person.irises[Eye.RIGHT], (424, 318), interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(home / "right_iris.png"), small)
    (loaded,) = load_people(tmp_path)
    eye = loaded.irises[Eye.RIGHT]
    assert eye.shape == (480, 640)
    assert np.array_equal(eye[81 : 81 + 318, 108 : 108 + 424], small)
    assert eye[:20].std() < 12


def test_a_large_eye_is_scaled_down_with_its_aspect_kept(person, tmp_path):
    home = save(person, tmp_path / "a")
    cv2.imwrite(str(home / "right_iris.png"), cv2.resize(person.irises[Eye.RIGHT], (1280, 720)))
    (loaded,) = load_people(tmp_path)
    assert loaded.irises[Eye.RIGHT].shape == (480, 640)


def test_three_slaps_stand_for_ten_fingers(person, tmp_path):
    home = save(person, tmp_path / "a")
    for finger in Finger:
        (home / f"{finger.name.lower()}.png").unlink()
    slaps = {name: compose_slap(person.fingers, capture_set)[0] for name, capture_set in SLAPS.items()}
    for name, picture in slaps.items():
        cv2.imwrite(str(home / f"{name}.png"), picture)
    (loaded,) = load_people(tmp_path)
    assert set(loaded.slaps) == set(SLAPS.values())
    assert set(loaded.fingers) == set(Finger)
    for finger in Finger:
        assert np.abs(np.subtract(loaded.fingers[finger].shape, person.fingers[finger].shape)).max() < 70
    seen = PersonSubject(loaded, seed=1).preview(CaptureSet.RIGHT_SLAP, 9.0)
    assert (seen < 128).sum() == pytest.approx((slaps["right_four"] < 128).sum(), rel=0.02)


def test_one_slap_without_the_others_is_told(person, tmp_path):
    home = save(person, tmp_path / "a")
    cv2.imwrite(str(home / "right_four.png"), compose_slap(person.fingers, CaptureSet.RIGHT_SLAP)[0])
    with pytest.raises(PersonFolderError, match=r"left_four\.png is missing"):
        load_people(tmp_path)


def test_a_slap_with_too_few_fingers_is_told(person, tmp_path):
    home = save(person, tmp_path / "a")
    for name, capture_set in SLAPS.items():
        cv2.imwrite(str(home / f"{name}.png"), compose_slap(person.fingers, capture_set)[0])
    three, _ = compose_slap(person.fingers, CaptureSet.LEFT_SLAP, missing=(Finger.LEFT_INDEX,))
    cv2.imwrite(str(home / "left_four.png"), three)
    with pytest.raises(PersonFolderError, match=r"left_four\.png: 3 separate fingers found, 4 wanted"):
        load_people(tmp_path)


@pytest.mark.parametrize("name", ["face", "right_index", "left_iris", "signature"])
def test_a_missing_file_is_named_with_what_is_allowed(person, tmp_path, name):
    home = save(person, tmp_path / "a")
    (home / f"{name}.png").unlink()
    with pytest.raises(PersonFolderError) as told:
        load_people(tmp_path)
    assert f"{name}.png is missing" in str(told.value)
    assert "A person's folder holds" in str(told.value)


def test_with_an_exception_photo_fingers_eyes_and_signature_may_be_missing(person, tmp_path):
    home = save(person, tmp_path / "a")
    cv2.imwrite(str(home / "exception_photo.png"), person.face)
    for name in ("right_index", "left_iris", "signature"):
        (home / f"{name}.png").unlink()
    (loaded,) = load_people(tmp_path)
    assert Finger.RIGHT_INDEX not in loaded.fingers
    assert set(loaded.irises) == {Eye.RIGHT}
    assert loaded.signature == ()
    assert loaded.exception_photo is not None
    assert PersonSubject(loaded, seed=1).signature() == ()


@pytest.mark.parametrize("content", [b"", b"not a picture"])
def test_an_unreadable_file_is_named(person, tmp_path, content):
    home = save(person, tmp_path / "a")
    (home / "right_ring.png").write_bytes(content)
    with pytest.raises(PersonFolderError, match=r"right_ring\.png cannot be read as an 8-bit picture"):
        load_people(tmp_path)


def test_a_blank_signature_is_told(person, tmp_path):
    home = save(person, tmp_path / "a")
    cv2.imwrite(str(home / "signature.png"), np.full((100, 200), 255, np.uint8))
    with pytest.raises(PersonFolderError, match=r"signature\.png: no ink found"):
        load_people(tmp_path)


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(PersonFolderError, match="no such folder"):
        load_people(tmp_path / "nowhere")


def test_an_empty_folder_is_told(tmp_path):
    with pytest.raises(PersonFolderError, match="no person in it"):
        load_people(tmp_path)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the sample people are not on this machine")
def test_the_sample_people_load_and_come_before_the_sensors():
    people = load_people(SHARED)
    assert people
    subject = PersonSubject(people[0], seed=1)
    assert (subject.preview(CaptureSet.RIGHT_SLAP, 9.0) < 128).mean() > 0.03
    assert len(subject.signature()) > 100
