"""The live picture: one slot, replaced sets, and streams that misbehave."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hw.api import CaptureSet, DeviceKind, DeviceState, Fault, FaultCode, Frame
from hw.sim.sbi.faults import ScannerFault
from tests.hw.sbi.stage import IMPATIENT, WATCHFUL, Passenger, wait_for


def shown_set(scanner) -> CaptureSet | None:
    """Which set's picture is in the slot, by its marked corner."""
    frame = scanner.latest()
    return list(CaptureSet)[round(frame.pixels[5, 5] / 20)] if isinstance(frame, Frame) else None


def next_frame(scanner) -> Frame:
    before = scanner.latest()
    seen = before.sequence if isinstance(before, Frame) else -1
    wait_for(lambda: isinstance(scanner.latest(), Frame) and scanner.latest().sequence > seen)
    return scanner.latest()


def fault_seen(scanner) -> Fault:
    faults = []
    wait_for(lambda: isinstance(latest := scanner.latest(), Fault) and not faults.append(latest))
    return faults[0]


def test_frames_count_up_and_are_read_only(set_stage):
    stage = set_stage().ready()
    stage.scanner.start_preview(CaptureSet.RIGHT_SLAP)
    first, second = next_frame(stage.scanner), next_frame(stage.scanner)
    assert second.sequence > first.sequence and second.captured_ns > first.captured_ns
    assert first.pixels.shape == (300, 320) and first.dpi == 100  # a fifth of the platen's 1600 columns
    assert not first.pixels.flags.writeable
    assert first.device == "SIM-SLAP-0001"


def test_the_iris_preview_has_no_scale(set_stage):
    stage = set_stage(DeviceKind.IRIS_CAMERA).ready()
    stage.scanner.start_preview(CaptureSet.BOTH_IRISES)
    frame = next_frame(stage.scanner)
    assert frame.pixels.shape == (120, 320) and frame.dpi is None


def test_another_set_replaces_the_preview(set_stage):
    stage = set_stage().ready()
    for capture_set in (CaptureSet.RIGHT_SLAP, CaptureSet.LEFT_SLAP, CaptureSet.THUMBS):
        stage.scanner.start_preview(capture_set)
        assert stage.scanner.latest() is None or shown_set(stage.scanner) is capture_set
        wait_for(lambda wanted=capture_set: shown_set(stage.scanner) is wanted)


def test_the_last_of_many_hasty_wishes_holds(set_stage):
    stage = set_stage().ready()
    for _ in range(5):
        stage.scanner.start_preview(CaptureSet.LEFT_SLAP)
        stage.scanner.start_preview(CaptureSet.RIGHT_SLAP)
        stage.scanner.stop_preview()
        stage.scanner.start_preview(CaptureSet.THUMBS)
    wait_for(lambda: shown_set(stage.scanner) is CaptureSet.THUMBS)


def test_a_stopped_preview_shows_nothing_and_frees_the_device(set_stage):
    stage = set_stage().ready()
    stage.scanner.start_preview(CaptureSet.RIGHT_SLAP)
    next_frame(stage.scanner)
    stage.scanner.stop_preview()
    stage.scanner.stop_preview()
    assert stage.scanner.latest() is None
    stage.good_capture(CaptureSet.RIGHT_SLAP)


def test_a_capture_right_after_stopping_the_preview_meets_no_dying_stream(set_stage):
    stage = set_stage(capture_delay_s=0.25).ready()
    for _ in range(3):
        stage.scanner.start_preview(CaptureSet.RIGHT_SLAP)
        next_frame(stage.scanner)
        stage.scanner.stop_preview()
        stage.good_capture(CaptureSet.RIGHT_SLAP)


def test_a_preview_wished_for_before_the_device_is_there_begins_when_it_is(set_stage):
    stage = set_stage()
    stage.scanner.start_preview(CaptureSet.RIGHT_SLAP)
    next_frame(stage.scanner)


def test_the_wrong_hand_is_what_the_preview_shows(set_stage):
    stage = set_stage().ready()
    stage.service.fail(ScannerFault.WRONG_HAND)
    stage.scanner.start_preview(CaptureSet.RIGHT_SLAP)
    wait_for(lambda: shown_set(stage.scanner) is CaptureSet.LEFT_SLAP)


def test_the_next_person_is_what_the_preview_shows(set_stage):
    stage = set_stage().ready()
    stage.scanner.start_preview(CaptureSet.RIGHT_SLAP)
    assert next_frame(stage.scanner).pixels.mean() > 150
    stage.service.meet(Passenger(shade=60))
    wait_for(lambda: next_frame(stage.scanner).pixels.mean() < 100)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (ScannerFault.STREAM_STALLS, FaultCode.STALLED),
        (ScannerFault.SLOW_DRIP, FaultCode.STALLED),
        (ScannerFault.STREAM_BREAKS, FaultCode.NOT_CONNECTED),
        (ScannerFault.STREAM_CORRUPT, FaultCode.BAD_ANSWER),
        (ScannerFault.STREAM_SECOND_RESPONSE, FaultCode.DEVICE_ERROR),
    ],
)
def test_a_stream_that_fails_is_a_fault_and_then_pictures_again(set_stage, fault, code):
    stage = set_stage(delays=IMPATIENT).ready()
    stage.scanner.start_preview(CaptureSet.RIGHT_SLAP)
    next_frame(stage.scanner)
    stage.service.fail(fault)
    assert fault_seen(stage.scanner).code is code
    next_frame(stage.scanner)
    stage.good_capture(CaptureSet.RIGHT_SLAP)


def test_the_streams_own_time_out_is_no_fault(set_stage):
    stage = set_stage().ready()
    stage.scanner.start_preview(CaptureSet.RIGHT_SLAP)
    next_frame(stage.scanner)
    stage.service.fail(ScannerFault.STREAM_TIMEOUT)
    for _ in range(8):  # the fault strikes after three frames; whatever comes, no Fault is in the slot
        before = stage.scanner.latest()
        wait_for(lambda before=before: stage.scanner.latest() is not before)
        assert isinstance(stage.scanner.latest(), Frame)


def test_a_stream_that_ends_in_mid_capture_takes_it_along_and_the_next_is_good(set_stage):
    stage = set_stage(capture_delay_s=0.6, delays=replace(WATCHFUL, busy_grace_s=0.0)).ready()
    stage.scanner.start_preview(CaptureSet.RIGHT_SLAP)
    next_frame(stage.scanner)
    stage.service.fail(ScannerFault.STREAM_TIMEOUT)
    answer = stage.capture(CaptureSet.RIGHT_SLAP)
    assert isinstance(answer, Fault) and answer.code is FaultCode.STALLED and "700" in answer.detail
    stage.good_capture(CaptureSet.RIGHT_SLAP)


@pytest.mark.parametrize(
    "fault", [ScannerFault.STREAM_STALLS, ScannerFault.STREAM_CORRUPT, ScannerFault.SLOW_DRIP]
)
def test_bad_pictures_in_mid_capture_do_not_spoil_the_capture(set_stage, fault):
    """Many scanners pause their preview while they take the picture."""
    stage = set_stage(capture_delay_s=0.8, delays=replace(WATCHFUL, frame_gap_s=0.3, busy_grace_s=0.0)).ready()
    stage.scanner.start_preview(CaptureSet.RIGHT_SLAP)
    next_frame(stage.scanner)
    stage.service.fail(fault)
    stage.good_capture(CaptureSet.RIGHT_SLAP)


def test_stopping_the_preview_in_mid_capture_does_not_spoil_the_capture(set_stage):
    class Hasty(Passenger):
        def preview(self, capture_set, elapsed_s):
            if stage.scanner.state() is DeviceState.CAPTURING:
                stage.scanner.stop_preview()
            return super().preview(capture_set, elapsed_s)

    stage = set_stage(subject=Hasty(), capture_delay_s=0.6).ready()
    stage.scanner.start_preview(CaptureSet.RIGHT_SLAP)
    next_frame(stage.scanner)
    stage.good_capture(CaptureSet.RIGHT_SLAP)


def test_the_next_preview_wished_for_in_mid_capture_begins_after_it(set_stage):
    class Hasty(Passenger):
        def preview(self, capture_set, elapsed_s):
            if stage.scanner.state() is DeviceState.CAPTURING:
                stage.scanner.start_preview(CaptureSet.LEFT_SLAP)
            return super().preview(capture_set, elapsed_s)

    stage = set_stage(subject=Hasty(), capture_delay_s=0.6).ready()
    stage.scanner.start_preview(CaptureSet.RIGHT_SLAP)
    next_frame(stage.scanner)
    stage.good_capture(CaptureSet.RIGHT_SLAP)
    wait_for(lambda: shown_set(stage.scanner) is CaptureSet.LEFT_SLAP)


def test_the_preview_runs_on_while_the_capture_waits_for_the_hand(set_stage):
    frames_meanwhile = []

    class Watcher(Passenger):
        def sample(self, capture_set, position):
            frames_meanwhile.append(stage.scanner.latest())
            assert stage.scanner.state() is DeviceState.CAPTURING
            return super().sample(capture_set, position)

    stage = set_stage(subject=Watcher(), capture_delay_s=0.5).ready()
    stage.scanner.start_preview(CaptureSet.RIGHT_SLAP)
    first = next_frame(stage.scanner)
    stage.good_capture(CaptureSet.RIGHT_SLAP)
    assert frames_meanwhile[0].sequence > first.sequence


def test_a_refused_stream_names_the_cause(set_stage):
    stage = set_stage(delays=IMPATIENT).ready()
    stage.service.fail(ScannerFault.NOT_READY, count=10**9)
    stage.scanner.start_preview(CaptureSet.RIGHT_SLAP)
    assert fault_seen(stage.scanner).code is FaultCode.NOT_READY
    stage.service.fail(ScannerFault.NOT_READY, count=0)
    next_frame(stage.scanner)
