"""What every screen body is given and must do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kivy.graphics import Color, Line, RoundedRectangle
from kivy.uix.widget import Widget

from kiosk.app.views import Action, Text
from kiosk.ui.port import Port
from kiosk.ui.theme import Colour, Role, Theme
from kiosk.ui.typeset import Block
from kiosk.ui.widgets.button import Face, TouchButton
from kiosk.ui.widgets.preview import Previews
from kiosk.ui.widgets.words import Words, typesetter


@dataclass(frozen=True, slots=True)
class Box:
    """Pixels, origin bottom left."""

    x: float
    y: float
    width: float
    height: float

    @property
    def top(self) -> float:
        return self.y + self.height

    @property
    def right(self) -> float:
        return self.x + self.width

    def inset(self, by: float) -> Box:
        return Box(self.x + by, self.y + by, max(0, self.width - 2 * by), max(0, self.height - 2 * by))


@dataclass(frozen=True, slots=True)
class Context:
    """words: a text in the resident's language; press: an action whose button was pressed."""

    theme: Theme
    words: Callable[[Text], str]
    press: Callable[[Action], None]
    port: Port
    previews: Previews

    def block(self, text: str, capitals_mm: float, width: float, *, bold: bool = False) -> Block:
        return typesetter(bold=bold).block(text, self.theme.font(capitals_mm), width)


class Body(Widget):
    """The middle of a screen. `place` draws one page into the body's box; `refresh` runs every frame."""

    content: Any

    def __init__(self, context: Context) -> None:
        self.context = context
        super().__init__()

    @property
    def box(self) -> Box:
        return Box(self.x, self.y, self.width, self.height)

    def place(self, page: int) -> int:
        """Draws the page, counted from 0, and returns how many there are."""
        raise NotImplementedError

    def update(self, content: Any) -> None:
        """New content of the same shape, without placing anything anew."""

    def refresh(self) -> None:
        """Once per frame, after the view."""

    def emptied(self) -> None:
        self.clear_widgets()
        self.canvas.before.clear()

    def write(self, text: str, box: Box, capitals_mm: float, **look: Any) -> Words:
        """Words in a box: `bold`, `halign`, `valign`, `colour`, `smallest_mm` as `Words` has them."""
        look.setdefault("colour", self.context.theme.palette[Role.PAGE].ink)
        words = Words(
            theme=self.context.theme,
            text=text,
            largest_mm=capitals_mm,
            pos=(box.x, box.y),
            size=(box.width, box.height),
            **look,
        )
        self.add_widget(words)
        return words

    def button(
        self,
        action: Action,
        box: Box,
        *,
        wide: bool = True,
        worded: bool = True,
        capitals_mm: float | None = None,
    ) -> TouchButton:
        context = self.context
        made = TouchButton(
            face=Face(
                id=action.id,
                words=context.words(action.label) if worded else "",
                spoken=(action.label,),
                pictogram=action.pictogram,
                role=Role(action.style.value),
                largest_mm=capitals_mm or context.theme.body_mm,
                enabled=action.enabled,
                wide=wide,
            ),
            theme=context.theme,
            on_fire=lambda: context.press(action),
        )
        made.pos, made.size = (box.x, box.y), (box.width, box.height)
        self.add_widget(made)
        return made

    def card(self, box: Box, role: Role = Role.CARD) -> None:
        surface = self.context.theme.palette[role]
        self.panel(box, surface.fill, surface.edge)

    def panel(self, box: Box, fill: Colour, edge: Colour) -> None:
        radius = self.context.theme.px(2)
        with self.canvas.before:
            Color(rgba=fill)
            RoundedRectangle(pos=(box.x, box.y), size=(box.width, box.height), radius=[radius])
            Color(rgba=edge)
            Line(rounded_rectangle=(box.x, box.y, box.width, box.height, radius), width=1.3)
