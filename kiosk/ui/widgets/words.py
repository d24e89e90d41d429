"""A text set as large as its box and the resident's size allow."""

from __future__ import annotations

from typing import Any

from kivy.graphics import Color, Rectangle
from kivy.properties import (
    BooleanProperty,
    ColorProperty,
    NumericProperty,
    ObjectProperty,
    OptionProperty,
    StringProperty,
)
from kivy.uix.widget import Widget

from kiosk.ui.typeset import Block, Typesetter
from kiosk.ui.widgets.fonts import FontMeasure, rendered

_MEASURE = FontMeasure()


def typesetter(*, bold: bool = False) -> Typesetter:
    return Typesetter(_MEASURE, bold)


class Words(Widget):
    """Never truncates: letters shrink from `largest_mm` to `smallest_mm`.

    `block.fits` says whether that sufficed.
    """

    theme = ObjectProperty()
    text = StringProperty("")
    colour = ColorProperty((0, 0, 0, 1))
    bold = BooleanProperty(False)
    halign = OptionProperty("left", options=("left", "center", "right"))
    valign = OptionProperty("middle", options=("top", "middle", "bottom"))
    largest_mm = NumericProperty(5.0)
    smallest_mm = NumericProperty(3.5)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.block = Block((), 0, 0.0, 0.0, fits=True)
        with self.canvas:
            self._tint = Color(rgba=self.colour)
            self._picture = Rectangle(size=(0, 0))
        self.fbind("colour", self._recolour)
        self._set_for: object = None
        for name in ("text", "bold", "halign", "valign", "largest_mm", "smallest_mm", "size", "pos"):
            self.fbind(name, self._set)
        self._set()

    def _recolour(self, *_: object) -> None:
        self._tint.rgba = self.colour

    def _set(self, *_: object) -> None:
        if not self.text or self.width < 1 or self.height < 1:
            self.block = Block((), 0, 0.0, 0.0, fits=not self.text)
            self._picture.size = (0, 0)
            self._set_for = None
            return
        wanted = (self.text, self.bold, self.halign, self.largest_mm, self.smallest_mm, *self.size)
        if wanted != self._set_for:
            self._set_for = wanted
            largest = self.theme.font(self.largest_mm)
            smallest = min(largest, self.theme.font(self.smallest_mm))
            self.block = typesetter(bold=self.bold).fit(
                self.text, *self.size, largest_px=largest, smallest_px=smallest
            )
            lines, font_px = self.block.lines, self.block.font_px
            self._picture.texture = rendered(lines, font_px, bold=self.bold, halign=self.halign)
        self._place()

    def _place(self) -> None:
        width, height = self._picture.texture.size
        slack_x, slack_y = self.width - width, self.height - height
        left = {"left": 0, "center": slack_x / 2, "right": slack_x}[self.halign]
        low = {"top": slack_y, "middle": slack_y / 2, "bottom": 0}[self.valign]
        self._picture.size = (width, height)
        self._picture.pos = (round(self.x + left), round(self.y + low))

    @property
    def ink(self) -> tuple[float, float, float, float]:
        """Left, low, width and height of the set text."""
        return (*self._picture.pos, *self._picture.size)
