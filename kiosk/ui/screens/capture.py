"""Live capture: the picture with outlines, the one thing to do now, and how long to hold still."""

from __future__ import annotations

import math
from typing import Any

from kivy.graphics import Color, Line, RoundedRectangle
from kivy.uix.widget import Widget

from kiosk.app.views import CaptureBody, Mark, PositionMark, Text
from kiosk.enrollment.positions import CaptureStep, Modality
from kiosk.ui.pictograms import Point
from kiosk.ui.port import WIPES_INK
from kiosk.ui.screens.body import Body, Box, Context
from kiosk.ui.theme import Role, Surface, Theme
from kiosk.ui.widgets.bars import Bar
from kiosk.ui.widgets.bodyparts import Diagram, FaceOval, MarkSign
from kiosk.ui.widgets.drawing import Pictogram
from kiosk.ui.widgets.ink import InkPad
from kiosk.ui.widgets.marks import look_of
from kiosk.ui.widgets.preview import Picture
from kiosk.ui.widgets.words import Words

PREVIEW_SHARE = (0.6, 0.57, 0.48, 0.4)
"""Width of the preview at each text step; the words take the rest."""
LEGEND_ROW_MM = 8.0


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
                self._outline(
                    (x + width / 2, y + height / 2), (width / 2, height / 2), math.radians(angle), mark
                )

    def _outline(self, centre: Point, half: Point, turn: float, mark: Mark) -> None:
        look = look_of(mark, self.theme.palette)
        (x, y), (half_w, half_h) = centre, half
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
        self._legend: Legend | None = None
        self._instruction: Words | None = None
        self._band: AdviceBand | None = None

    def place(self, page: int) -> int:  # noqa: ARG002 - always one page
        self.emptied()
        theme, box = self.context.theme, self.box
        bar = theme.px(7)
        width = box.width * PREVIEW_SHARE[theme.text_step]
        view = Box(box.x, box.y + bar + theme.gap, width, box.height - bar - theme.gap)
        side = Box(view.right + theme.px(4), box.y, box.right - view.right - theme.px(4), box.height)
        self._live(view)
        self._foot(Box(box.x, box.y, width, bar))
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
        if self._legend is not None:
            self._legend.show(content.positions)
        if self._instruction is not None:
            self._instruction.text = self.context.words(content.instruction) if content.advice else ""
        if self._band is not None:
            alone = self._instruction is not None and content.advice is None
            words = self.context.words(content.advice or content.instruction)
            self._band.show(words, good=content.good, whole_side=alone)
        self.refresh()

    def refresh(self) -> None:
        if self._picture is not None and (self._ink is None or self._ink.empty):
            self._picture.show(self.context.previews.texture(self.content.preview))
        if self._outlines is not None:
            self._outlines.show(self.content.boxes)

    def pressed(self, action_id: str) -> None:
        if self._ink is not None and action_id in WIPES_INK:
            self._ink.wipe()

    def _live(self, box: Box) -> None:
        theme = self.context.theme
        face = self.content.step is CaptureStep.PHOTO
        mirrored = self.content.step.modality in (Modality.FACE, Modality.IRIS)
        if self.content.ink:
            self._ink_field(box)
            return
        self.panel(box, (0.06, 0.08, 0.1, 1), theme.palette[Role.CARD].edge)
        inner = box.inset(theme.px(0.8))
        place: dict[str, Any] = {"pos": (inner.x, inner.y), "size": (inner.width, inner.height)}
        self._picture = Picture(mirrored=mirrored, filling=face, **place)
        self.add_widget(self._picture)
        if face:
            self._oval = FaceOval(theme=theme, **place)
            self.add_widget(self._oval)
        self._outlines = Outlines(theme=theme, picture=self._picture, **place)
        self.add_widget(self._outlines)

    def _ink_field(self, box: Box) -> None:
        theme = self.context.theme
        self.panel(box, (1, 1, 1, 1), theme.palette[Role.PAGE].edge)
        paper = box.inset(theme.px(0.8))
        self._picture = Picture(pos=(paper.x, paper.y), size=(paper.width, paper.height))
        self.add_widget(self._picture)
        line = box.y + box.height * 0.25
        with self._picture.canvas.after:  # a pad's picture is white where there is no ink
            Color(rgba=theme.palette.mark_waiting)
            Line(points=(box.x + theme.px(6), line, box.right - theme.px(6), line), width=theme.px(0.2))
        place: dict[str, Any] = {"pos": (box.x, box.y), "size": (box.width, box.height)}
        self._ink = InkPad(theme=theme, on_points=self.context.port.ink, **place)
        self.add_widget(self._ink)

    def _foot(self, box: Box) -> None:
        """Under the picture: the bar of the still time, and which attempt this is."""
        theme = self.context.theme
        text = Text(
            "capture.attempt", {"attempt": self.content.attempt, "allowed": self.content.attempts_allowed}
        )
        words = self.context.words(text)
        width = min(self.context.block(words, theme.least_mm, box.width).width + 2, box.width * 0.6)
        place = Box(box.right - width, box.y, width, box.height)
        self.write(words, place, theme.least_mm, halign="right", colour=theme.palette.muted)
        self._hold = Bar(theme=theme, pos=(box.x, box.y), size=(box.width - width - theme.gap, box.height))
        self.add_widget(self._hold)

    def _guidance(self, box: Box) -> None:
        theme = self.context.theme
        wordy = self.content.step.modality in (Modality.FACE, Modality.SIGNATURE)
        large = theme.text_step > 1
        share = 1.0 if wordy and large else (0.46, 0.48, 0.62, 0.66)[theme.text_step]
        band = box.height * share - (0 if share == 1 else theme.gap)
        self._band = AdviceBand(self, box, band)
        rest = Box(box.x, box.y + band + theme.gap, box.width, box.height - band - theme.gap)
        if not wordy:
            self._parts(rest)
        elif not large:
            self._instruction = self.write(
                self.context.words(self.content.instruction), rest, theme.body_mm, valign="top"
            )

    def _parts(self, box: Box) -> None:
        """The marked fingers or eyes, and what their marks mean: beside one hand, below two parts."""
        theme = self.context.theme
        place = box
        if theme.text_step <= 1:
            both = self.content.step in (CaptureStep.THUMBS, CaptureStep.IRISES)
            width = box.width if both else min(box.width * 0.52, theme.px(37))
            height = min(theme.px(LEGEND_ROW_MM) * 2, box.height / 2) if both else box.height
            self._legend = Legend(self, Box(box.right - width, box.y, width, height))
            over = height if both else 0.0
            place = Box(box.x, box.y + over, box.width - (0 if both else width), box.height - over)
        self._diagram = Diagram(
            theme=theme, marks=self.content.positions, pos=(place.x, place.y), size=(place.width, place.height)
        )
        self.add_widget(self._diagram)


class Legend:
    """The marks in use with their words, one after the other, as many in a row as have room."""

    def __init__(self, body: Capture, box: Box) -> None:
        self.body, self.box = body, box
        self._shown: tuple[Mark, ...] = ()
        self._ground = Widget()
        body.add_widget(self._ground)

    def show(self, positions: tuple[PositionMark, ...]) -> None:
        used = {item.mark for item in positions}
        marks = tuple(mark for mark in Mark if mark in used)
        if marks == self._shown:
            return
        self._shown = marks
        self._ground.clear_widgets()
        theme, words = self.body.context.theme, self.body.context.words
        side, space = theme.px(5), theme.px(1.5)
        row = theme.px(LEGEND_ROW_MM)
        labels = [words(Text(f"mark.{mark.value}")) for mark in marks]
        widths = [self.body.context.block(label, theme.least_mm, self.box.width).width + 1 for label in labels]
        left, low = self.box.x, self.box.top - row
        for mark, label, width in zip(marks, labels, widths, strict=True):
            if left > self.box.x and left + side + space + width > self.box.right:
                left, low = self.box.x, low - row
            sign = MarkSign(theme=theme, mark=mark, pos=(left, low + (row - side) / 2), size=(side, side))
            self._ground.add_widget(sign)
            text = Words(
                theme=theme, text=label, largest_mm=theme.least_mm, colour=theme.palette[Role.PAGE].ink
            )
            text.pos, text.size = (left + side + space, low), (width, row)
            self._ground.add_widget(text)
            left += side + space + width + theme.px(4)


class AdviceBand:
    """The one thing to do now, on its own ground, with a sign: a tick when it is right, else a call to act."""

    def __init__(self, body: Capture, side: Box, height: float) -> None:
        """side: the column beside the picture; height: the lower part of it that the band takes."""
        self.theme = body.context.theme
        self._side, self._low = side, Box(side.x, side.y, side.width, height)
        self.box = self._low
        self._shown: tuple[str, bool, bool] | None = None
        self._ground = Widget()
        body.add_widget(self._ground)

    def show(self, text: str, *, good: bool, whole_side: bool) -> None:
        """whole_side: nothing else is said in the column, so the band fills it."""
        if (text, good, whole_side) == self._shown:
            return
        self._shown = (text, good, whole_side)
        self.box = self._side if whole_side else self._low
        self._ground.clear_widgets()
        theme = self.theme
        surface = theme.palette[Role.GOOD if good else Role.ADVICE]
        self._paint(surface)
        inner = self.box.inset(theme.px(2.5))
        side = theme.px(11 if theme.text_step <= 1 else 8)
        sign = Pictogram(name="ok" if good else "attention", colour=surface.ink, size=(side, side))
        sign.pos = (inner.x, inner.y + (inner.height - side) / 2)
        left = inner.x + side + theme.px(2.5)
        words = Words(
            theme=theme,
            text=text,
            bold=True,
            colour=surface.ink,
            largest_mm=theme.body_mm,
            pos=(left, inner.y),
            size=(inner.right - left, inner.height),
        )
        self._ground.add_widget(sign)
        self._ground.add_widget(words)

    def _paint(self, surface: Surface) -> None:
        radius = self.theme.px(2)
        self._ground.canvas.before.clear()
        with self._ground.canvas.before:
            Color(rgba=surface.fill)
            RoundedRectangle(
                pos=(self.box.x, self.box.y), size=(self.box.width, self.box.height), radius=[radius]
            )
            Color(rgba=surface.edge)
            Line(
                rounded_rectangle=(self.box.x, self.box.y, self.box.width, self.box.height, radius),
                width=self.theme.px(0.35),
            )
