"""Bars and dots that show how far something is: known work, still time, steps, unknown work."""

from __future__ import annotations

from typing import Any

from kivy.clock import Clock
from kivy.graphics import Color, Ellipse, Line, RoundedRectangle
from kivy.properties import NumericProperty, ObjectProperty
from kivy.uix.widget import Widget

from kiosk.ui.theme import Role
from kiosk.ui.widgets.drawing import pictogram

BUSY_DOTS = 5
BUSY_PERIOD_S = 2.0


class Bar(Widget):
    """share: 0 to 1, filled from the left; nothing is drawn at 0."""

    theme = ObjectProperty()
    share = NumericProperty(0.0)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name in ("share", "pos", "size"):
            self.fbind(name, self._draw)
        self._draw()

    def _draw(self, *_: object) -> None:
        palette = self.theme.palette
        radius = self.height / 2
        filled = max(0.0, min(1.0, self.share)) * (self.width - 6)
        self.canvas.clear()
        if self.share <= 0:
            return
        with self.canvas:
            Color(rgba=palette[Role.CARD].fill)
            RoundedRectangle(pos=self.pos, size=self.size, radius=[radius])
            if filled > 0:
                Color(rgba=palette.mark_good)
                wide = max(filled, self.height - 6)
                RoundedRectangle(
                    pos=(self.x + 3, self.y + 3), size=(wide, self.height - 6), radius=[radius - 3]
                )
            Color(rgba=palette[Role.PAGE].ink)
            Line(rounded_rectangle=(*self.pos, *self.size, radius), width=1.5)


class Busy(Widget):
    """Dots that grow one after the other, slowly enough not to flicker."""

    theme = ObjectProperty()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._started = Clock.get_time()
        self._phase = -1
        self.advance()

    def advance(self) -> None:
        elapsed = Clock.get_time() - self._started
        phase = int(elapsed / BUSY_PERIOD_S * BUSY_DOTS) % BUSY_DOTS
        if phase == self._phase:
            return
        self._phase = phase
        pitch = self.width / BUSY_DOTS
        self.canvas.clear()
        with self.canvas:
            Color(rgba=self.theme.palette[Role.PAGE].ink)
            for index in range(BUSY_DOTS):
                radius = self.height * (0.5 if index == phase else 0.24)
                middle = self.x + pitch * (index + 0.5)
                Ellipse(pos=(middle - radius, self.center_y - radius), size=(2 * radius, 2 * radius))


class ProgressDots(Widget):
    """One dot per big step: done with a tick, the present one large and filled, the rest outlined."""

    theme = ObjectProperty()
    current = NumericProperty(1)
    total = NumericProperty(1)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name in ("current", "total", "pos", "size"):
            self.fbind(name, self._draw)
        self._draw()

    @property
    def _pitch(self) -> float:
        return float(min(self.height * 1.7, (self.width - self.height) / max(1, self.total - 1)))

    @property
    def extent(self) -> float:
        """Width of the drawn row of dots."""
        return float(self.height + self._pitch * (self.total - 1))

    def _draw(self, *_: object) -> None:
        ink, card = self.theme.palette[Role.PAGE].ink, self.theme.palette[Role.CARD].fill
        side = self.height
        pitch = self._pitch
        middle = self.center_y
        self.canvas.clear()
        with self.canvas:
            Color(rgba=ink)
            Line(
                points=(self.x + side / 2, middle, self.x + side / 2 + pitch * (self.total - 1), middle),
                width=1.5,
            )
        for index in range(self.total):
            self._dot(self.x + side / 2 + pitch * index, index + 1, ink, card)

    def _dot(self, x: float, number: int, ink: Any, card: Any) -> None:
        radius = self.height / 2 if number == self.current else self.height * 0.36
        with self.canvas:
            Color(rgba=ink if number <= self.current else card)
            Ellipse(pos=(x - radius, self.center_y - radius), size=(2 * radius, 2 * radius))
            Color(rgba=ink)
            Line(circle=(x, self.center_y, radius), width=1.5)
            if number == self.current:
                Color(rgba=card)
                Line(circle=(x, self.center_y, radius * 0.66), width=1.5)
        if number < self.current:
            side = radius * 1.2
            self.canvas.add(pictogram("ok", x - side / 2, self.center_y - side / 2, side, card))
