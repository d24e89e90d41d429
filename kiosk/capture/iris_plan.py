"""Both irises in one look."""

from __future__ import annotations

from hw.api import CapturedSample, Frame
from kiosk.capture.plan import Look, RawSample
from kiosk.capture.scanner_plan import ScannerPlan
from kiosk.enrollment.events import Guidance, Outline
from kiosk.enrollment.positions import Position
from kiosk.enrollment.quality_report import Defect
from kiosk.enrollment.record import Capturer
from kiosk.quality.iris import IrisAssessment, are_swapped, assess_iris, split_irises

LIVE_SCORE_GOOD = 40

_MENDABLE = frozenset(
    {Defect.EYES_SWAPPED, Defect.EYELID_COVERS, Defect.LENS_WORN, Defect.GLARE, Defect.GAZE_AWAY, Defect.MOVING}
)
"""Worth waiting for though the score is good: glasses and lenses come off, lids lift, eyes turn."""


class IrisPlan(ScannerPlan):
    def _judge(self, frame: Frame) -> Look:
        right, left = split_irises(frame.pixels, workspace=self._workspace)
        half_width = frame.pixels.shape[1] // 2
        halves = ((Position.RIGHT_IRIS, right, 0), (Position.LEFT_IRIS, left, half_width))
        eyes = [
            (p, assess_iris(eye, position=p, workspace=self._workspace), offset)
            for p, eye, offset in halves
            if p in self._positions
        ]
        outlines = tuple(
            _outline(position, eye, offset) for position, eye, offset in eyes if eye.iris is not None
        )
        defects = [defect for _, eye, _ in eyes for defect in eye.report.defects]
        if len(eyes) == 2 and are_swapped(eyes[0][1], eyes[1][1]):
            defects.insert(0, Defect.EYES_SWAPPED)
        mendable = [defect for defect in defects if defect in _MENDABLE]
        good = not mendable and all((eye.report.score or 0) >= LIVE_SCORE_GOOD for _, eye, _ in eyes)
        advice = None if good else next(iter((*mendable, *defects)), Defect.OUT_OF_FOCUS)
        scores = tuple((position, eye.report.score) for position, eye, _ in eyes)
        present = len(outlines) == len(self._positions)
        return Look(Guidance(advice=advice, good=good and present, outlines=outlines, scores=scores), present)

    def _assessed(
        self, position: Position, sample: CapturedSample, capturer: Capturer, record_sha256: str
    ) -> RawSample:
        pixels = sample.frame.pixels
        report = assess_iris(pixels, position=position, workspace=self._workspace).report
        return RawSample(position, pixels, None, report, capturer, record_sha256, sample.chain_hash)


def _outline(position: Position, eye: IrisAssessment, offset: int) -> Outline:
    circle = eye.iris
    assert circle is not None  # noqa: S101 - the caller looked
    return Outline(
        position,
        x=offset + circle.x - circle.r,
        y=circle.y - circle.r,
        width=2 * circle.r,
        height=2 * circle.r,
        angle_deg=0.0,
        good=(eye.report.score or 0) >= LIVE_SCORE_GOOD,
    )
