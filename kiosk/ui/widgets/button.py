"""The one button: fires only when a touch both begins and ends on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kivy.graphics import Color, Line, RoundedRectangle
from kivy.properties import BooleanProperty
from kivy.uix.widget import Widget

from kiosk.app.views import Text
from kiosk.ui.theme import Role, Theme
from kiosk.ui.widgets.drawing import pictogram
from kiosk.ui.widgets.words import Words

PICTURE_MM = 10.0
"""Side of the pictogram left of a button's words, and the most it has above them."""
PICTURE_GAP_MM = 2.0
PICTURE_SHARE = 0.52
"""Of a button's height, for the pictogram above the words."""


@dataclass(frozen=True, slots=True)
class Face:
    """What is on a button. words: already translated; spoken: the same for the ear; wide: the pictogram
    stands left of the words instead of above them."""

    id: str
    words: str
    spoken: tuple[Text, ...]
    pictogram: str
    role: Role
    largest_mm: float
    enabled: bool = True
    wide: bool = True


class Target(Widget):
    """A touchable, focusable area: the behaviour of a button without its look."""

    down = BooleanProperty(False)
    focused = BooleanProperty(False)

    def __init__(
        self,
        *,
        target_id: str,
        spoken: tuple[Text, ...],
        enabled: bool,
        on_fire: Callable[[], None],
        **kwargs: Any,
    ) -> None:
        self.target_id = target_id
        self.spoken = spoken
        self.enabled = enabled
        self.fire = on_fire
        super().__init__(**kwargs)

    def on_touch_down(self, touch: Any) -> bool:
        if not self.enabled or not self.collide_point(*touch.pos):
            return False
        touch.grab(self)
        self.down = True
        return True

    def on_touch_move(self, touch: Any) -> bool:
        if touch.grab_current is not self:
            return False
        self.down = self.collide_point(*touch.pos)
        return True

    def on_touch_up(self, touch: Any) -> bool:
        if touch.grab_current is not self:
            return False
        touch.ungrab(self)
        self.down = False
        if self.enabled and self.collide_point(*touch.pos):
            self.fire()
        return True


class TouchButton(Target):
    """A rounded surface with a pictogram and words."""

    def __init__(self, *, face: Face, theme: Theme, on_fire: Callable[[], None]) -> None:
        self.face = face
        self.theme = theme
        super().__init__(target_id=face.id, spoken=face.spoken, enabled=face.enabled, on_fire=on_fire)
        self.words = Words(
            theme=theme,
            text=face.words,
            bold=True,
            halign="left" if face.wide and face.pictogram else "center",
            largest_mm=face.largest_mm,
        )
        self.add_widget(self.words)
        for name in ("pos", "size", "down", "focused"):
            self.fbind(name, self._draw)

    def _draw(self, *_: object) -> None:
        palette = self.theme.palette
        surface = palette[self.face.role]
        fill, ink = (surface.ink, surface.fill) if self.down else (surface.fill, surface.ink)
        edge = surface.edge
        if not self.enabled:
            fill, ink, edge = palette[Role.PAGE].fill, palette.mark_waiting, palette.mark_waiting
        radius = self.theme.px(2.5)
        self.words.colour = ink
        self.canvas.before.clear()
        with self.canvas.before:
            Color(rgba=fill)
            RoundedRectangle(pos=self.pos, size=self.size, radius=[radius])
            Color(rgba=edge)
            Line(rounded_rectangle=(*self._inset(1.5), radius), width=1.5 if self.enabled else 1)
            if self.focused:
                Color(rgba=palette.focus)
                Line(rounded_rectangle=(*self._inset(-self.theme.px(0.8)), radius), width=self.theme.px(0.7))
        self._arrange(ink)

    def _inset(self, by: float) -> tuple[float, float, float, float]:
        return self.x + by, self.y + by, self.width - 2 * by, self.height - 2 * by

    def _arrange(self, ink: tuple[float, float, float, float]) -> None:
        pad = self.theme.px(1.5)
        left, low, width, height = self._inset(pad)
        if self.face.pictogram and not self.face.words:
            side = min(width, height)
            self.canvas.before.add(
                pictogram(self.face.pictogram, self.center_x - side / 2, self.center_y - side / 2, side, ink)
            )
        elif self.face.pictogram and self.face.wide:
            side = min(height, self.theme.px(PICTURE_MM))
            gap = self.theme.px(PICTURE_GAP_MM)
            block = self.words
            block.size = (width - side - gap, height)
            block.pos = (left + side + gap, low)
            spare = max(0, (block.width - block.block.width) / 2)
            block.x += spare
            self.canvas.before.add(
                pictogram(self.face.pictogram, left + spare, self.center_y - side / 2, side, ink)
            )
        elif self.face.pictogram:
            side = min(height * PICTURE_SHARE, width, self.theme.px(PICTURE_MM))
            self.words.size = (width, height - side - pad / 2)
            self.words.pos = (left, low)
            self.canvas.before.add(
                pictogram(self.face.pictogram, self.center_x - side / 2, self.top - pad - side, side, ink)
            )
        else:
            self.words.size, self.words.pos = (width, height), (left, low)
