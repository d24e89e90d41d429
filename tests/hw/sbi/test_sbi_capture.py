"""The good path: placements, exceptions, and one hash chain over the session."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from hw.api import CaptureSet, DeviceKind, DeviceState, Eye, Fault, FaultCode, Finger, Frame, PixelFormat
from hw.sim.sbi.faults import ScannerFault
from hw.sim.sbi.iso_records import FingerCoding
from tests.hw.sbi.stage import POSITIONS, STEPS, Passenger, kind_of, wait_for


@pytest.mark.parametrize("capture_set", STEPS)
def test_a_whole_set_is_captured_with_pixels_record_and_score(set_stage, capture_set):
    stage = set_stage(kind_of(capture_set)).ready()
    answer = stage.good_capture(capture_set)
    for sample in answer.samples:
        expected = Passenger().sample(capture_set, sample.position)
        assert np.array_equal(sample.frame.pixels, expected)  # JPEG 2000 is lossless here
        assert not sample.frame.pixels.flags.writeable
        assert sample.frame.pixel_format is PixelFormat.GRAY8
        assert sample.frame.dpi == (500 if kind_of(capture_set) is DeviceKind.SLAP_SCANNER else None)
        assert sample.record[:8] in (b"FIR\x00020\x00", b"IIR\x00020\x00")
        assert sample.reported_score is not None and 0 <= sample.reported_score <= 100
    assert answer.device == stage.scanner.info()


@pytest.mark.parametrize(
    ("capture_set", "exceptions"),
    [
        (CaptureSet.RIGHT_SLAP, (Finger.RIGHT_LITTLE,)),
        (CaptureSet.RIGHT_SLAP, (Finger.RIGHT_INDEX, Finger.RIGHT_MIDDLE, Finger.RIGHT_RING)),
        (CaptureSet.LEFT_SLAP, (Finger.LEFT_INDEX, Finger.LEFT_RING)),
        (CaptureSet.THUMBS, (Finger.LEFT_THUMB,)),
        (CaptureSet.BOTH_IRISES, (Eye.LEFT,)),
        (CaptureSet.BOTH_IRISES, (Eye.RIGHT,)),
    ],
)
def test_exceptions_are_left_out_and_the_rest_is_captured(set_stage, capture_set, exceptions):
    stage = set_stage(kind_of(capture_set)).ready()
    rest = tuple(position for position in POSITIONS[capture_set] if position not in exceptions)
    stage.good_capture(capture_set, positions=rest, exceptions=exceptions)


def test_wsq_scanners_are_understood_as_well(set_stage):
    stage = set_stage(finger_coding=FingerCoding.WSQ).ready()
    for sample in stage.good_capture(CaptureSet.THUMBS).samples:
        expected = Passenger().sample(CaptureSet.THUMBS, sample.position)
        assert np.abs(sample.frame.pixels.astype(int) - expected).mean() < 6


def test_one_chain_covers_the_four_captures_of_a_session(set_stage):
    fingers, eyes = set_stage().ready(), set_stage(DeviceKind.IRIS_CAMERA).ready()
    previous, expected = "", hashlib.sha256(b"").digest()
    for capture_set in STEPS:
        stage = eyes if capture_set is CaptureSet.BOTH_IRISES else fingers
        for sample in stage.good_capture(capture_set, previous_hash=previous).samples:
            expected = hashlib.sha256(expected + hashlib.sha256(sample.record).digest()).digest()
            assert sample.chain_hash == expected.hex().upper()
            previous = sample.chain_hash


def test_a_capture_ends_the_preview_and_the_next_preview_starts(set_stage):
    stage = set_stage().ready()
    for capture_set in (CaptureSet.RIGHT_SLAP, CaptureSet.LEFT_SLAP, CaptureSet.THUMBS):
        stage.scanner.start_preview(capture_set)
        wait_for(lambda: isinstance(stage.scanner.latest(), Frame))
        stage.good_capture(capture_set)
        assert stage.scanner.latest() is None
        assert stage.scanner.state() is DeviceState.READY


def test_a_sample_under_the_callers_floor_is_named(set_stage):
    stage = set_stage().ready()
    stage.service.fail(ScannerFault.LOW_SCORE)
    answer = stage.capture(CaptureSet.RIGHT_SLAP, minimum_score=40)
    assert isinstance(answer, Fault) and answer.code is FaultCode.NO_BIOMETRIC
    assert "Right IndexFinger 12" in answer.detail


def test_without_a_floor_a_low_score_is_given_to_the_caller(set_stage):
    stage = set_stage().ready()
    stage.service.fail(ScannerFault.LOW_SCORE)
    assert stage.good_capture(CaptureSet.RIGHT_SLAP).samples[0].reported_score == 12


def test_hands_swapped_show_in_the_pictures_only(set_stage):
    stage = set_stage().ready()
    stage.service.fail(ScannerFault.HANDS_SWAPPED)
    first = stage.good_capture(CaptureSet.RIGHT_SLAP).samples[0]
    assert first.position == Finger.RIGHT_INDEX
    assert np.array_equal(first.frame.pixels, Passenger().sample(CaptureSet.LEFT_SLAP, Finger.LEFT_INDEX))


def test_one_finger_shown_twice_shows_in_the_pictures_only(set_stage):
    stage = set_stage().ready()
    stage.service.fail(ScannerFault.FINGER_TWICE)
    first, second, *_ = stage.good_capture(CaptureSet.RIGHT_SLAP).samples
    assert np.array_equal(first.frame.pixels, second.frame.pixels)


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"positions": (2, 3, 4)}, FaultCode.WRONG_POSITIONS),
        ({"positions": (2, 3, 4, 5), "exceptions": (5,)}, FaultCode.WRONG_POSITIONS),
        ({"positions": (7, 8, 9, 10)}, FaultCode.WRONG_POSITIONS),
        ({"positions": (), "exceptions": (2, 3, 4, 5)}, FaultCode.WRONG_POSITIONS),
        ({"transaction_id": "a b"}, FaultCode.MISMATCHED_ANSWER),
        ({"previous_hash": "abc"}, FaultCode.CHAIN_BROKEN),
    ],
)
def test_a_request_that_cannot_hold_is_refused_before_the_device_is_asked(set_stage, terms, code):
    stage = set_stage().ready()
    answer = stage.capture(CaptureSet.RIGHT_SLAP, **terms)
    assert isinstance(answer, Fault) and answer.code is code


def test_a_slap_scanner_does_not_see_eyes(set_stage):
    stage = set_stage().ready()
    answer = stage.capture(CaptureSet.BOTH_IRISES)
    assert isinstance(answer, Fault) and answer.code is FaultCode.WRONG_POSITIONS
    with pytest.raises(ValueError, match="no preview of both_irises"):
        stage.scanner.start_preview(CaptureSet.BOTH_IRISES)


class Nobody(Passenger):
    def sample(self, capture_set, position):  # noqa: ARG002
        raise KeyError(position)


def test_a_capture_waits_until_somebody_is_there(set_stage):
    class Arriving(Nobody):
        def sample(self, capture_set, position):
            stage.service.meet(Passenger())
            return super().sample(capture_set, position)

    stage = set_stage(subject=Arriving()).ready()
    stage.good_capture(CaptureSet.RIGHT_SLAP)


def test_nobody_comes_before_the_time_is_up(set_stage):
    stage = set_stage(subject=Nobody()).ready()
    answer = stage.capture(CaptureSet.RIGHT_SLAP, timeout_s=0.2)
    assert isinstance(answer, Fault) and answer.code is FaultCode.TIMED_OUT


def test_a_missing_finger_is_waited_for_unless_it_is_excepted(set_stage):
    class Carpenter(Passenger):
        def sample(self, capture_set, position):
            if position == Finger.RIGHT_RING:
                raise KeyError(position)
            return super().sample(capture_set, position)

    stage = set_stage(subject=Carpenter()).ready()
    answer = stage.capture(CaptureSet.RIGHT_SLAP, timeout_s=0.2)
    assert isinstance(answer, Fault) and answer.code is FaultCode.TIMED_OUT
    stage.good_capture(CaptureSet.RIGHT_SLAP, positions=(2, 3, 5), exceptions=(4,))


def test_the_next_person_is_captured_after_the_service_met_them(set_stage):
    class Mirrored(Passenger):
        def sample(self, capture_set, position):
            return np.ascontiguousarray(super().sample(capture_set, position)[:, ::-1])

    stage = set_stage().ready()
    stage.service.meet(Mirrored())
    for sample in stage.good_capture(CaptureSet.THUMBS).samples:
        assert np.array_equal(sample.frame.pixels, Mirrored().sample(CaptureSet.THUMBS, sample.position))
