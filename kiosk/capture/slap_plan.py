"""Right four, left four, thumbs; and single fingers for verification."""

from __future__ import annotations

from hw.api import CapturedSample, Frame
from kiosk.capture.plan import Look, RawSample
from kiosk.capture.scanner_plan import ScannerPlan
from kiosk.enrollment.events import Guidance, Outline
from kiosk.enrollment.positions import Position
from kiosk.enrollment.quality_report import Defect
from kiosk.enrollment.record import Capturer
from kiosk.quality.fingerprint import assess_fingerprint
from kiosk.quality.slap import SlapAssessment, SlapFinger, assess_slap

LIVE_SCORE_MEND = 20
"""Live scores below this mark a finger on the screen; the final score decides, not this."""

_BLOCKING = frozenset(
    {
        Defect.NOTHING_PRESENT,
        Defect.WRONG_HAND,
        Defect.FINGERS_MISSING,
        Defect.TOO_MANY_FINGERS,
        Defect.FINGERS_TOUCHING,
        Defect.PLATEN_DIRTY,
        Defect.MOVING,
        Defect.CLIPPED,
    }
)
"""Placements that a capture cannot use; all other defects are only advice."""


MOVED_PX = 40
"""2 mm at 500 ppi between two judged frames: the hand is still being laid down."""


class SlapPlan(ScannerPlan):
    _before: tuple[Outline, ...] = ()

    def _judge(self, frame: Frame) -> Look:
        slap = self._assessed_placement(frame)
        outlines = tuple(_outline(finger) for finger in slap.fingers if finger.position in self._positions)
        moving = _moved(self._before, outlines)
        self._before = outlines
        blocking = [defect for defect in slap.report.defects if defect in _BLOCKING]
        if moving and not blocking:
            blocking = [Defect.MOVING]
        weak = any(not outline.good for outline in outlines)
        good = not blocking and not weak and len(outlines) == len(self._positions)
        advice = next(iter(blocking), None)
        if advice is None and weak:
            advice = next(iter(slap.report.defects), Defect.LOW_CONTRAST)
        scores = tuple((f.position, f.report.score) for f in slap.fingers if f.position in self._positions)
        guidance = Guidance(advice=advice, good=good, outlines=outlines, scores=scores)
        return Look(
            guidance, present=len(outlines) == len(self._positions) and Defect.WRONG_HAND not in blocking
        )

    def _assessed_placement(self, frame: Frame) -> SlapAssessment:
        """Asked for one finger, many lay down the whole hand: that serves as well, if the finger is in it."""
        slap = assess_slap(frame.pixels, expected=self._positions, live=True, workspace=self._workspace)
        if len(self._positions) == 1 and Defect.TOO_MANY_FINGERS in slap.report.defects:
            return assess_slap(
                frame.pixels, expected=self._step.positions, live=True, workspace=self._workspace
            )
        return slap

    def _assessed(
        self, position: Position, sample: CapturedSample, capturer: Capturer, record_sha256: str
    ) -> RawSample:
        pixels = sample.frame.pixels
        report = assess_fingerprint(pixels, position=position, workspace=self._workspace)
        return RawSample(position, pixels, sample.frame.dpi, report, capturer, record_sha256, sample.chain_hash)


def _outline(finger: SlapFinger) -> Outline:
    x, y, width, height = finger.box
    good = (finger.report.score or 0) >= LIVE_SCORE_MEND
    return Outline(finger.position, float(x), float(y), float(width), float(height), float(finger.angle), good)


def _moved(before: tuple[Outline, ...], now: tuple[Outline, ...]) -> bool:
    """Whether a finger's middle has moved, or its outline changed, since the frame before."""
    places = {outline.position: outline for outline in before}
    return any(
        outline.position not in places
        or abs(outline.x + outline.width / 2 - places[outline.position].x - places[outline.position].width / 2)
        > MOVED_PX
        or abs(
            outline.y + outline.height / 2 - places[outline.position].y - places[outline.position].height / 2
        )
        > MOVED_PX
        for outline in now
    )
