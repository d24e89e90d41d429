"""The signature: strokes from the pad or the screen, done when the pen rests or the button says so."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hw.api import Fault, Frame, PadGeometry, PenPoint, PixelFormat, SignaturePad
from kiosk.capture.plan import Look, RawSample
from kiosk.capture.scanner_plan import capturer_of
from kiosk.enrollment.events import Guidance
from kiosk.enrollment.positions import Position
from kiosk.enrollment.quality_report import Defect
from kiosk.enrollment.record import Capturer
from kiosk.quality.signature import assess_signature, rasterised

PEN_RESTED_S = 1.5
"""A pause this long after the last stroke means the signature is done; shorter ones lie within it."""


@dataclass(frozen=True, slots=True)
class Ink:
    """Points with the geometry that gives them meaning."""

    points: tuple[PenPoint, ...]
    geometry: PadGeometry
    capturer: Capturer


def draw(ink: Ink) -> NDArray[np.uint8]:
    """Grey (h, 721) picture of the strokes, black on white, in the pad's proportions."""
    return np.where(rasterised(ink.points, geometry=ink.geometry) > 0, 0, 255).astype(np.uint8)


def strokes_json(ink: Ink) -> bytes:
    """The strokes as they are stored: pad geometry, then [x, y, t_ns, pressure] per report."""
    value = {
        "width": ink.geometry.width,
        "height": ink.geometry.height,
        "max_pressure": ink.geometry.max_pressure,
        "units_per_mm": ink.geometry.units_per_mm,
        "points": [[p.x, p.y, p.t_ns, p.pressure] for p in ink.points],
    }
    return json.dumps(value, separators=(",", ":")).encode()


class SignaturePlan:
    """screen_ink: strokes drawn on the touch screen, which count when the pad has none."""

    def __init__(
        self,
        pad: SignaturePad | None,
        *,
        screen_ink: Callable[[], Ink],
        clear_screen: Callable[[], None],
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._pad = pad
        self._screen_ink = screen_ink
        self._clear_screen = clear_screen
        self._monotonic_ns = monotonic_ns
        self._seen = -1
        self._changed_ns = 0
        self._frame: Frame | None = None

    def start(self) -> None:
        if self._pad is not None:
            self._pad.clear()
        self._clear_screen()
        self._seen = -1
        self._frame = None

    def stop(self) -> None:
        self._frame = None

    def preview(self) -> Frame | None:
        return self._frame

    def look(self) -> Look | Fault | None:
        ink = self._ink()
        if isinstance(ink, Fault):
            return ink
        now = self._monotonic_ns()
        if len(ink.points) != self._seen:
            self._seen = len(ink.points)
            self._changed_ns = now
            sequence = 0 if self._frame is None else self._frame.sequence + 1
            self._frame = Frame(draw(ink), PixelFormat.GRAY8, None, sequence, now, "signature")
        if not ink.points:
            return Look(Guidance(advice=Defect.EMPTY), present=False)
        rested = (now - self._changed_ns) / 1e9 >= PEN_RESTED_S and ink.points[-1].pressure == 0
        return Look(Guidance(good=rested), present=True)

    def take(self) -> tuple[RawSample, ...] | Defect | Fault:
        ink = self._ink()
        if isinstance(ink, Fault):
            return ink
        picture = draw(ink)
        report = assess_signature(ink.points, geometry=ink.geometry)
        if Defect.EMPTY in report.defects:
            return Defect.EMPTY
        return (RawSample(Position.SIGNATURE, picture, None, report, ink.capturer, strokes=strokes_json(ink)),)

    def _ink(self) -> Ink | Fault:
        drawn = self._screen_ink()
        if self._pad is None or drawn.points:
            return drawn
        points = self._pad.points()
        if isinstance(points, Fault):
            return points
        return Ink(points, self._pad.geometry, capturer_of(self._pad.info()))
