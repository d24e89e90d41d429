"""Strokes drawn on the screen's signing field, from the window's thread to the capture worker."""

from __future__ import annotations

from threading import Lock

from hw.api import PadGeometry, PenPoint
from kiosk.capture.signature_plan import Ink
from kiosk.enrollment.record import Capturer

_TOUCH_SCREEN = Capturer("", "touch screen", "")
_NO_FIELD = PadGeometry(width=1, height=1, max_pressure=1, units_per_mm=1.0)


class ScreenInk:
    """All points since the last `clear`."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._points: tuple[PenPoint, ...] = ()
        self._geometry = _NO_FIELD

    def add(self, points: tuple[PenPoint, ...], geometry: PadGeometry) -> None:
        with self._lock:
            self._points = (*self._points, *points)
            self._geometry = geometry

    def clear(self) -> None:
        with self._lock:
            self._points = ()

    def read(self) -> Ink:
        with self._lock:
            return Ink(self._points, self._geometry, _TOUCH_SCREEN)
