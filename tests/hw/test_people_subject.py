"""A person before the sensors: nobody, then arriving, then still."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from hw.api import CaptureSet, Eye, Finger
from hw.sim.people import Pace, PersonSubject, SimPerson
from hw.sim.subject import Subject
from tests.hw.people_support import someone

SHAPES = {
    CaptureSet.FACE: (720, 1280, 3),
    CaptureSet.RIGHT_SLAP: (1500, 1600),
    CaptureSet.LEFT_SLAP: (1500, 1600),
    CaptureSet.THUMBS: (1500, 1600),
    CaptureSet.BOTH_IRISES: (480, 1280),
}
STILL_S = 5.0


@pytest.fixture(scope="module")
def person() -> SimPerson:
    return someone()


@pytest.fixture(scope="module")
def subject(person) -> PersonSubject:
    return PersonSubject(person, seed=3)


def fingers_seen(platen: np.ndarray) -> int:
    ink = (cv2.GaussianBlur(platen, (0, 0), 8) < 215).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink)
    return int((stats[1:, cv2.CC_STAT_AREA] > 30_000).sum())


def test_a_person_is_a_subject(subject):
    checked: Subject = subject
    assert checked.name == subject.person.name


@pytest.mark.parametrize("capture_set", list(CaptureSet))
@pytest.mark.parametrize("elapsed_s", [0.0, 1.0, 1.7, STILL_S, 600.0])
def test_every_preview_is_fresh_and_of_the_sensor_s_form(subject, capture_set, elapsed_s):
    frame = subject.preview(capture_set, elapsed_s)
    assert frame.shape == SHAPES[capture_set]
    assert frame.dtype == np.uint8
    assert frame.flags.c_contiguous and frame.flags.writeable
    before = frame.copy()
    frame[:] = 0
    assert np.array_equal(subject.preview(capture_set, elapsed_s), before)


def test_before_the_person_arrives_the_sensors_are_idle(subject):
    assert subject.preview(CaptureSet.RIGHT_SLAP, 0.1).min() > 240
    assert subject.preview(CaptureSet.BOTH_IRISES, 0.1).max() < 40
    chair = subject.preview(CaptureSet.FACE, 0.1).reshape(-1, 3)
    assert chair[:, 0].mean() > 3 * chair[:, 2].mean()


def test_a_landing_hand_darkens_and_grows(subject):
    ink = [
        (255.0 - subject.preview(CaptureSet.LEFT_SLAP, seconds)).mean()
        for seconds in (0.9, 1.1, 1.6, 2.2, STILL_S)
    ]
    assert ink == sorted(ink)
    assert ink[-1] > 3 * ink[0]


def test_an_arriving_face_is_blurred_at_first(subject):
    def sharpness(seconds: float) -> float:
        return float(cv2.Laplacian(subject.preview(CaptureSet.FACE, seconds), cv2.CV_32F).var())

    assert sharpness(1.0) < 0.5 * sharpness(STILL_S)


def test_a_hand_at_rest_still_sways_by_a_pixel_or_two(subject):
    frames = [subject.preview(CaptureSet.RIGHT_SLAP, 5.0 + 0.2 * i).astype(np.float32) for i in range(12)]
    window = np.s_[300:1000, 200:1400]
    moves = [cv2.phaseCorrelate(frames[0][window], frame[window])[0] for frame in frames[1:]]
    steps = np.hypot(*np.array(moves).T)
    assert steps.max() > 0.5
    assert steps.max() < 6


@pytest.mark.parametrize(
    ("capture_set", "count"), [(CaptureSet.RIGHT_SLAP, 4), (CaptureSet.LEFT_SLAP, 4), (CaptureSet.THUMBS, 2)]
)
def test_all_fingers_of_a_placement_are_seen_apart(subject, capture_set, count):
    assert fingers_seen(subject.preview(capture_set, STILL_S)) == count


def test_the_right_eye_is_in_the_left_half(person, subject):
    both = subject.preview(CaptureSet.BOTH_IRISES, STILL_S).astype(np.float32)
    for eye, half in ((Eye.RIGHT, both[:, :640]), (Eye.LEFT, both[:, 640:])):
        closeness = {
            other: float(
                cv2.matchTemplate(
                    half, person.irises[other][100:380, 100:540].astype(np.float32), cv2.TM_CCOEFF_NORMED
                ).max()
            )
            for other in Eye
        }
        assert max(closeness, key=closeness.__getitem__) is eye


def test_a_lost_finger_and_a_lost_eye_are_not_seen(person):
    fingers = {f: p for f, p in person.fingers.items() if f is not Finger.LEFT_RING}
    irises = {Eye.RIGHT: person.irises[Eye.RIGHT]}
    injured = PersonSubject(dataclasses.replace(person, fingers=fingers, irises=irises), seed=3)
    assert fingers_seen(injured.preview(CaptureSet.LEFT_SLAP, STILL_S)) == 3
    assert injured.preview(CaptureSet.BOTH_IRISES, STILL_S)[:, 660:].max() < 40
    with pytest.raises(KeyError):
        injured.sample(CaptureSet.LEFT_SLAP, Finger.LEFT_RING)


def test_two_samples_of_one_position_are_two_impressions(subject):
    for capture_set, position in (
        (CaptureSet.RIGHT_SLAP, Finger.RIGHT_INDEX),
        (CaptureSet.BOTH_IRISES, Eye.LEFT),
        (CaptureSet.FACE, 0),
    ):
        first, second = subject.sample(capture_set, position), subject.sample(capture_set, position)
        assert first.shape == second.shape
        assert first.dtype == np.uint8 and first.flags.c_contiguous
        assert not np.array_equal(first, second)


def test_samples_have_the_form_of_their_modality(subject):
    assert subject.sample(CaptureSet.BOTH_IRISES, Eye.RIGHT).shape == (480, 640)
    assert subject.sample(CaptureSet.FACE, 0).shape == (720, 1280, 3)
    thumb = subject.sample(CaptureSet.THUMBS, Finger.RIGHT_THUMB)
    assert thumb.ndim == 2
    assert min(thumb[0].min(), thumb[-1].min(), thumb[:, 0].min(), thumb[:, -1].min()) > 200


def test_the_same_visit_gives_the_same_bytes(person):
    visits = [PersonSubject(person, seed=8) for _ in range(2)]
    for capture_set in CaptureSet:
        frames = [visit.preview(capture_set, STILL_S) for visit in visits]
        assert np.array_equal(*frames)
    samples = [visit.sample(CaptureSet.THUMBS, Finger.LEFT_THUMB) for visit in visits]
    assert np.array_equal(*samples)
    assert visits[0].signature() == visits[1].signature()


def test_a_signature_is_never_written_twice_the_same(subject):
    first, second = subject.signature(), subject.signature()
    assert first != second
    assert len(first) == len(second) == len(subject.person.signature)
    assert first[0].t_ns == 0
    assert all(0 <= p.x <= 2896 and 0 <= p.y <= 1370 and 0 <= p.pressure <= 127 for p in first)


def test_a_slow_person_keeps_the_sensor_idle_longer(person):
    slow = PersonSubject(person, seed=1, pace=Pace(idle_s=10.0, settle_s=5.0))
    assert slow.preview(CaptureSet.THUMBS, 9.0).min() > 240
    assert slow.preview(CaptureSet.THUMBS, 20.0).min() < 100
