"""Every wrong answer at every capture step: its own fault, and the very next capture is good again."""

from __future__ import annotations

import pytest

from hw.api import CaptureSet, Fault, FaultCode
from hw.sim.sbi.faults import ScannerFault
from tests.hw.sbi.stage import IMPATIENT, STEPS, kind_of

ANSWERS = {
    ScannerFault.PARTIAL_SLAP: (FaultCode.WRONG_POSITIONS, "missing"),
    ScannerFault.FOREIGN_FINGER: (FaultCode.WRONG_POSITIONS, "not asked for"),
    ScannerFault.WRONG_HAND: (FaultCode.WRONG_POSITIONS, "missing"),
    ScannerFault.OTHER_TRANSACTION: (FaultCode.MISMATCHED_ANSWER, "transactionId"),
    ScannerFault.OTHER_ENVIRONMENT: (FaultCode.MISMATCHED_ANSWER, "env"),
    ScannerFault.OTHER_DEVICE: (FaultCode.MISMATCHED_ANSWER, "digital id"),
    ScannerFault.STALE_TIMESTAMP: (FaultCode.STALE_TIMESTAMP, "5 minutes"),
    ScannerFault.IMPOSSIBLE_SCORE: (FaultCode.BAD_ANSWER, "quality score"),
    ScannerFault.BAD_SIGNATURE: (FaultCode.BAD_SIGNATURE, "signature"),
    ScannerFault.FOREIGN_AUTHORITY: (FaultCode.UNTRUSTED_DEVICE, "not of the trusted device CA"),
    ScannerFault.EXPIRED_CERTIFICATE: (FaultCode.UNTRUSTED_DEVICE, "not valid now"),
    ScannerFault.CHAIN_BREAK: (FaultCode.CHAIN_BROKEN, "chain"),
    ScannerFault.CORRUPT_PICTURE: (FaultCode.BAD_RECORD, "decoded"),
    ScannerFault.CUT_RECORD: (FaultCode.BAD_RECORD, "the record says"),
    ScannerFault.COUNT_REFUSED: (FaultCode.WRONG_POSITIONS, "109"),
    ScannerFault.NO_BIOMETRIC: (FaultCode.NO_BIOMETRIC, "708"),
    ScannerFault.VENDOR_ERROR: (FaultCode.DEVICE_ERROR, "551"),
    ScannerFault.NOT_REGISTERED: (FaultCode.NOT_REGISTERED, "100"),
    ScannerFault.NOT_READY: (FaultCode.NOT_READY, "110"),
    ScannerFault.NOT_JSON: (FaultCode.BAD_ANSWER, "JSON"),
    ScannerFault.CAPTURE_CUT: (FaultCode.NOT_CONNECTED, "cut off"),
    ScannerFault.CAPTURE_TIMEOUT: (FaultCode.TIMED_OUT, "701"),
    ScannerFault.CAPTURE_HANGS: (FaultCode.STALLED, "stopped sending"),
}
BOTH_SIDES = (CaptureSet.THUMBS, CaptureSet.BOTH_IRISES)


TABLE = [
    (fault, capture_set)
    for fault in ANSWERS
    for capture_set in STEPS
    if fault is not ScannerFault.WRONG_HAND or capture_set not in BOTH_SIDES  # both are asked for: no other one
]


@pytest.mark.parametrize(("fault", "capture_set"), TABLE)
def test_fault_then_recapture(set_stage, fault, capture_set):
    delays = {"delays": IMPATIENT} if fault is ScannerFault.CAPTURE_HANGS else {}
    stage = set_stage(kind_of(capture_set), **delays).ready()
    armed_during_capture_only(stage, fault)
    answer = stage.capture(capture_set, timeout_s=0.2)
    assert isinstance(answer, Fault), answer
    code, words = ANSWERS[fault]
    assert answer.code is code and words in answer.detail
    stage.service.fail(fault, count=0)
    stage.good_capture(capture_set, timeout_s=60.0)


def armed_during_capture_only(stage, fault):
    """Discovery shares the fault's count with the capture, and the driver discovers all the time."""
    shared = fault in (ScannerFault.NOT_REGISTERED, ScannerFault.NOT_READY)
    stage.service.fail(fault, count=1000 if shared else 1)


def test_a_finger_that_was_excepted_must_not_come_back(set_stage):
    stage = set_stage().ready()
    stage.service.fail(ScannerFault.FOREIGN_FINGER)
    answer = stage.capture(CaptureSet.RIGHT_SLAP, positions=(2, 3, 4), exceptions=(5,))
    assert isinstance(answer, Fault) and answer.code is FaultCode.WRONG_POSITIONS
    assert "not asked for ['Right LittleFinger']" in answer.detail


def test_the_session_chain_goes_on_after_a_failed_capture(set_stage):
    stage = set_stage().ready()
    first = stage.good_capture(CaptureSet.RIGHT_SLAP).samples[-1].chain_hash
    stage.service.fail(ScannerFault.CHAIN_BREAK)
    assert isinstance(stage.capture(CaptureSet.LEFT_SLAP, previous_hash=first), Fault)
    stage.good_capture(CaptureSet.LEFT_SLAP, previous_hash=first)


def test_trailing_bytes_are_no_fault(set_stage):
    stage = set_stage().ready()
    stage.service.fail(ScannerFault.TRAILING_BYTES)
    stage.good_capture(CaptureSet.RIGHT_SLAP)


def test_an_answer_that_drips_ends_at_the_deadline(set_stage):
    stage = set_stage(delays=IMPATIENT).ready()
    stage.service.fail(ScannerFault.SLOW_DRIP)
    answer = stage.capture(CaptureSet.RIGHT_SLAP, timeout_s=0.1)
    assert isinstance(answer, Fault) and answer.code is FaultCode.STALLED
    stage.good_capture(CaptureSet.RIGHT_SLAP)


def test_a_device_busy_for_ever_says_so_and_serves_when_it_is_free(set_stage):
    stage = set_stage(delays=IMPATIENT).ready()
    stage.service.fail(ScannerFault.BUSY, count=10**9)
    for _ in range(2):
        answer = stage.capture(CaptureSet.RIGHT_SLAP)
        assert isinstance(answer, Fault) and answer.code is FaultCode.BUSY
    stage.service.fail(ScannerFault.BUSY, count=0)
    stage.ready().good_capture(CaptureSet.RIGHT_SLAP)


def test_a_device_busy_for_a_moment_is_waited_for(set_stage):
    stage = set_stage().ready()
    stage.service.fail(ScannerFault.BUSY, count=3)
    stage.good_capture(CaptureSet.THUMBS)
