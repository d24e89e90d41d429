"""Live capture: the picture with outlines, the one thing to do now, and how long to hold still."""

from __future__ import annotations

import math
from typing import Any

from kivy.graphics import Color, Line, RoundedRectangle
from kivy.uix.widget import Widget

from kiosk.app.views import CaptureBody, Mark, Text
from kiosk.enrollment.positions import CaptureStep, Modality
from kiosk.ui.port import WIPES_INK
from kiosk.ui.screens.body import Body, Box, Context
from kiosk.ui.theme import Role, Surface, Theme
from kiosk.ui.widgets.bars import Bar
from kiosk.ui.widgets.bodyparts import Diagram, FaceOval
from kiosk.ui.widgets.drawing import Pictogram
from kiosk.ui.widgets.ink import InkPad
from kiosk.ui.widgets.marks import look_of
from kiosk.ui.widgets.preview import Picture
from kiosk.ui.widgets.words import Words

PREVIEW_SHARE = (0.6, 0.58, 0.52, 0.46)
"""Width of the preview at each text step; the words take the rest."""


class Outlines(Widget):
    """Boxes in preview pixels: top left corner, size, clockwise turn about the box's centre."""

    def __init__(self, *, theme: Theme, picture: Picture, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.theme, self.picture = theme, picture
        self._drawn: object = None

    def show(self, boxes: tuple[tuple[float, float, float, float, float, Mark], ...]) -> None:
        key = (boxes, self.picture.placed)
        if key == self._drawn:
            return
        self._drawn = key
        self.canvas.clear()
        if self.picture.texture is not None:
            for x, y, width, height, angle, mark in boxes:
                self._outline(x + width / 2, y + height / 2, width / 2, height / 2, math.radians(angle), mark)

    def _outline(self, x: float, y: float, half_w: float, half_h: float, turn: float, mark: Mark) -> None:
        look = look_of(mark, self.theme.palette)
        cos, sin = math.cos(turn), math.sin(turn)
        corners = [(-half_w, -half_h), (half_w, -half_h), (half_w, half_h), (-half_w, half_h)]
        points = [
            value
            for dx, dy in corners
            for value in self.picture.at(x + dx * cos - dy * sin, y + dx * sin + dy * cos)
        ]
        with self.canvas:
            Color(1, 1, 1, 1)
            Line(points=points, close=True, width=self.theme.px(0.55), joint="round")
            Color(rgba=look.edge)
            Line(points=points, close=True, width=self.theme.px(0.35), joint="round")


class Capture(Body):
    def __init__(self, context: Context, content: CaptureBody) -> None:
        super().__init__(context)
        self.content = content
        self._picture: Picture | None = None
        self._outlines: Outlines | None = None
        self._oval: FaceOval | None = None
        self._ink: InkPad | None = None
        self._hold: Bar | None = None
        self._diagram: Diagram | None = None
        self._band: AdviceBand | None = None

    def place(self, page: int) -> int:
        self.emptied()
        theme, box = self.context.theme, self.box
        bar = theme.px(7)
        width = box.width * PREVIEW_SHARE[theme.text_step]
        view = Box(box.x, box.y + bar + theme.gap, width, box.height - bar - theme.gap)
        side = Box(view.right + theme.px(4), box.y, box.right - view.right - theme.px(4), box.height)
        self._live(view)
        self._hold = Bar(theme=theme, pos=(box.x, box.y), size=(width, bar))
        self.add_widget(self._hold)
        self._guidance(side)
        self.update(self.content)
        return 1

    def update(self, content: CaptureBody) -> None:
        if self._ink is not None and content.attempt != self.content.attempt:
            self._ink.wipe()
        self.content = content
        if self._hold is not None:
            self._hold.share = content.held
        if self._diagram is not None:
            self._diagram.show(content.positions)
        if self._oval is not None:
            self._oval.show(good=content.good)
        if self._band is not None:
            self._band.show(self.context.words(content.advice or content.instruction), good=content.good)
        self.refresh()

    def refresh(self) -> None:
        if self._picture is not None:
            self._picture.show(self.context.previews.texture(self.content.preview))
        if self._outlines is not None:
            self._outlines.show(self.content.boxes)

    def pressed(self, action_id: str) -> None:
        if self._ink is not None and action_id in WIPES_INK:
            self._ink.wipe()

    def _live(self, box: Box) -> None:
        theme = self.context.theme
        face = self.content.step is CaptureStep.PHOTO
        if self.content.ink:
            self._ink_field(box)
            return
        self.panel(box, (0.06, 0.08, 0.1, 1), theme.palette[Role.CARD].edge)
        inner = box.inset(theme.px(0.8))
        place = {"pos": (inner.x, inner.y), "size": (inner.width, inner.height)}
        self._picture = Picture(mirrored=face, **place)
        self.add_widget(self._picture)
        if face:
            self._oval = FaceOval(theme=theme, **place)
            self.add_widget(self._oval)
        self._outlines = Outlines(theme=theme, picture=self._picture, **place)
        self.add_widget(self._outlines)

    def _ink_field(self, box: Box) -> None:
        theme = self.context.theme
        self.panel(box, (1, 1, 1, 1), theme.palette[Role.PAGE].edge)
        line = box.y + box.height * 0.25
        with self.canvas.before:
            Color(rgba=theme.palette.mark_waiting)
            Line(points=(box.x + theme.px(6), line, box.right - theme.px(6), line), width=theme.px(0.2))
        self._ink = InkPad(
            theme=theme, on_points=self.context.port.ink, pos=(box.x, box.y), size=(box.width, box.height)
        )
        self.add_widget(self._ink)

    def _guidance(self, box: Box) -> None:
        theme = self.context.theme
        band = max(box.height * (0.45, 0.48, 0.6, 0.68)[theme.text_step], theme.px(15))
        self._band = AdviceBand(self, Box(box.x, box.y, box.width, band))
        rest = Box(box.x, box.y + band + theme.gap, box.width, box.height - band - theme.gap)
        wordy = self.content.step.modality in (Modality.FACE, Modality.SIGNATURE)
        if theme.text_step <= 1 and wordy:
            self._instruction(rest)
            return
        if theme.text_step <= 1:
            attempts = theme.px(theme.small_mm * 1.8)
            self._attempts(Box(rest.x, rest.y, rest.width, attempts))
            rest = Box(rest.x, rest.y + attempts, rest.width, rest.height - attempts)
        self._diagram = Diagram(
            theme=theme, marks=self.content.positions, pos=(rest.x, rest.y), size=(rest.width, rest.height)
        )
        self.add_widget(self._diagram)

    def _instruction(self, box: Box) -> None:
        theme = self.context.theme
        attempts = theme.px(theme.small_mm * 1.8)
        self._attempts(Box(box.x, box.y, box.width, attempts))
        place = Box(box.x, box.y + attempts, box.width, box.height - attempts)
        self.write(self.context.words(self.content.instruction), place, theme.body_mm, valign="top")

    def _attempts(self, box: Box) -> None:
        theme = self.context.theme
        text = Text("capture.attempt", {"attempt": self.content.attempt, "allowed": self.content.attempts_allowed})
        self.write(self.context.words(text), box, theme.small_mm, colour=theme.palette.muted)


class AdviceBand:
    """The one thing to do now, on its own ground, with a sign: a tick when it is right, else a call to act."""

    def __init__(self, body: Capture, box: Box) -> None:
        self.body, self.box = body, box
        self.theme = body.context.theme
        self._shown: tuple[str, bool] | None = None
        self._ground = Widget()
        body.add_widget(self._ground)

    def show(self, text: str, *, good: bool) -> None:
        if (text, good) == self._shown:
            return
        self._shown = (text, good)
        self._ground.clear_widgets()
        theme = self.theme
        surface = theme.palette[Role.GOOD if good else Role.ADVICE]
        self._paint(surface)
        side = theme.px(11)
        inner = self.box.inset(theme.px(2.5))
        beside = theme.text_step <= 1
        sign = Pictogram(name="ok" if good else "attention", colour=surface.ink, size=(side, side))
        sign.pos = (inner.x, inner.top - side if not beside else inner.y + (inner.height - side) / 2)
        left = inner.x + (side + theme.px(3) if beside else 0)
        height = inner.height if beside else inner.height - side - theme.px(1)
        words = Words(
            theme=theme,
            text=text,
            bold=True,
            colour=surface.ink,
            largest_mm=theme.body_mm,
            pos=(left, inner.y),
            size=(inner.right - left, height),
        )
        self._ground.add_widget(sign)
        self._ground.add_widget(words)

    def _paint(self, surface: Surface) -> None:
        radius = self.theme.px(2)
        self._ground.canvas.before.clear()
        with self._ground.canvas.before:
            Color(rgba=surface.fill)
            RoundedRectangle(pos=(self.box.x, self.box.y), size=(self.box.width, self.box.height), radius=[radius])
            Color(rgba=surface.edge)
            Line(
                rounded_rectangle=(self.box.x, self.box.y, self.box.width, self.box.height, radius),
                width=self.theme.px(0.35),
            )
