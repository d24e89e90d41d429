"""A field to sign on with finger or stylus; reports the pen in 0.01 mm."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from kivy.graphics import Color, Line
from kivy.uix.widget import Widget

from hw.api import PadGeometry, PenPoint
from kiosk.ui.port import ink_geometry
from kiosk.ui.theme import Theme

_INK = (0.04, 0.08, 0.2, 1.0)


class InkPad(Widget):
    """One stroke per touch; a second finger on the field draws nothing."""

    def __init__(
        self, *, theme: Theme, on_points: Callable[[tuple[PenPoint, ...], PadGeometry], None], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.theme = theme
        self._on_points = on_points
        self._line: Any | None = None
        self._pen: Any | None = None
        self._strokes = 0

    @property
    def empty(self) -> bool:
        """Nothing was drawn here since the last wipe."""
        return self._strokes == 0

    def wipe(self) -> None:
        self._line = None
        self._strokes = 0
        self.canvas.clear()

    def on_touch_down(self, touch: Any) -> bool:
        if not self.collide_point(*touch.pos):
            return False
        if self._pen is None:
            touch.grab(self)
            self._pen = touch
            self._strokes += 1
            with self.canvas:
                Color(rgba=_INK)
                self._line = Line(points=[*touch.pos], width=self.theme.px(0.35), cap="round", joint="round")
            self._report(touch, pressure=1)
        return True

    def on_touch_move(self, touch: Any) -> bool:
        if touch.grab_current is not self or touch is not self._pen:
            return False
        if self._line is not None:
            self._line.points = [*self._line.points, *self._inside(touch)]
        self._report(touch, pressure=1)
        return True

    def on_touch_up(self, touch: Any) -> bool:
        if touch.grab_current is not self:
            return False
        touch.ungrab(self)
        self._pen = None
        self._line = None
        self._report(touch, pressure=0)
        return True

    def _inside(self, touch: Any) -> tuple[float, float]:
        x, y = touch.pos
        return min(max(x, self.x), self.right), min(max(y, self.y), self.top)

    def _report(self, touch: Any, *, pressure: int) -> None:
        x, y = self._inside(touch)
        unit = 100 / self.theme.px_per_mm
        point = PenPoint(
            x=round((x - self.x) * unit),
            y=round((self.top - y) * unit),
            t_ns=time.monotonic_ns(),
            pressure=pressure,
        )
        geometry = ink_geometry(self.width / self.theme.px_per_mm, self.height / self.theme.px_per_mm)
        self._on_points((point,), geometry)
