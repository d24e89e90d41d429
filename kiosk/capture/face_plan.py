"""The photo: the best of the frames that were judged, not the one that came after."""

from __future__ import annotations

from hw.api import FaceCamera, Fault, Frame
from kiosk.capture.plan import Look, RawSample
from kiosk.capture.scanner_plan import capturer_of
from kiosk.enrollment.events import Guidance, Outline
from kiosk.enrollment.person import BackgroundColour
from kiosk.enrollment.positions import Position
from kiosk.enrollment.quality_report import Defect
from kiosk.quality.face import FaceAssessment, assess_face, face_crop
from kiosk.quality.face_networks import FaceEngine

LIVE_SCORE_GOOD = 45

_ADVISORY = frozenset({Defect.BACKGROUND_WRONG_COLOUR, Defect.BACKGROUND_NOT_PLAIN, Defect.GLASSES})
"""Told to the officer with the report; the resident before the camera cannot mend them."""


class FacePlan:
    def __init__(self, camera: FaceCamera, engine: FaceEngine, *, background: BackgroundColour | None) -> None:
        self._camera = camera
        self._engine = engine
        self._background = background
        self._sequence = -1
        self._best: tuple[Frame, FaceAssessment] | None = None

    def start(self) -> None:
        """The camera looks only while a photo is asked for: nobody is filmed before or after."""
        self._best = None
        self._sequence = -1
        self._camera.start()

    def stop(self) -> None:
        self._camera.stop()
        self._best = None

    def preview(self) -> Frame | None:
        latest = self._camera.latest()
        return latest if isinstance(latest, Frame) else None

    def look(self) -> Look | Fault | None:
        frame = self._camera.latest()
        if frame is None or isinstance(frame, Fault):
            return frame
        if frame.sequence == self._sequence:
            return None
        self._sequence = frame.sequence
        face = assess_face(frame.pixels, background=self._background, engine=self._engine)
        score = face.report.score or 0
        mendable = [defect for defect in face.report.defects if defect not in _ADVISORY]
        good = score >= LIVE_SCORE_GOOD and not mendable
        if face.box is not None and (self._best is None or score > (self._best[1].report.score or 0)):
            self._best = (frame, face)
        outlines = () if face.box is None else (_outline(face, good=good),)
        advice = None if good else next(iter(mendable), Defect.OUT_OF_FOCUS)
        guidance = Guidance(
            advice=advice, good=good, outlines=outlines, scores=((Position.FACE, face.report.score),)
        )
        return Look(guidance, present=face.box is not None)

    def take(self) -> tuple[RawSample, ...] | Defect | Fault:
        if self._best is None:
            return Defect.NO_FACE
        frame, _ = self._best
        self._best = None
        face = assess_face(frame.pixels, background=self._background, engine=self._engine, thorough=True)
        if face.box is None:
            return Defect.NO_FACE
        crop = face_crop(frame.pixels, face)
        return (RawSample(Position.FACE, crop, None, face.report, capturer_of(self._camera.info())),)


def _outline(face: FaceAssessment, *, good: bool) -> Outline:
    assert face.box is not None  # noqa: S101 - the caller looked
    x, y, width, height = face.box
    return Outline(Position.FACE, float(x), float(y), float(width), float(height), angle_deg=0.0, good=good)
