"""The facts of one finalised enrollment, as the journal holds them."""

from __future__ import annotations

from collections.abc import Iterator

from kiosk.enrollment import facts as f
from kiosk.enrollment.positions import CaptureStep, Position
from kiosk.enrollment.record import Enrollment, Verification
from tests.packet.made_packets import PERSON, stamp

ENROLLMENT_ID = "UNIT-000001"


def story(enrollment: Enrollment) -> Iterator[f.Fact]:
    """The facts that add up to this finalised enrollment."""
    yield f.Started(ENROLLMENT_ID, enrollment.language, stamp(-9), tuple(CaptureStep))
    yield f.NoticeGiven(enrollment.notice_version)
    yield f.Identified(PERSON, enrollment.identified_by)
    yield f.BiodataConfirmed()
    yield f.RecordsTaken(enrollment.links)
    yield f.PositionsExcepted(enrollment.exceptions)
    for step in CaptureStep:
        samples = tuple(s for s in enrollment.samples if s.position in step.positions)
        yield f.StepCaptured(step, samples)
    for position in (Position.RIGHT_INDEX, Position.LEFT_INDEX):
        yield f.FingerVerified(Verification(position, 83.0, True, "made-up/1"))
    yield f.ReviewConfirmed()
    assert enrollment.approval is not None
    yield f.DataApproved(enrollment.approval)
    yield f.Finalised(enrollment.officer, stamp(-1), enrollment.override)
