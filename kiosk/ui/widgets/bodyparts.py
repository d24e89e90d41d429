"""Diagrams of what is captured: hands with marked fingers, two eyes, a face oval.

Hands are seen from the back, as a person sees their own hands on the platen: the right thumb is on
the left side of the right hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kivy.graphics import Color, Ellipse, Line, RoundedRectangle
from kivy.uix.widget import Widget

from kiosk.app.views import Mark, PositionMark
from kiosk.enrollment.positions import Modality, Position
from kiosk.ui.pictograms import Point
from kiosk.ui.theme import Role, Theme
from kiosk.ui.widgets.drawing import pictogram
from kiosk.ui.widgets.marks import look_of

_BASE_AND_TIP: dict[str, tuple[Point, Point]] = {
    "thumb": ((0.29, 0.2), (0.1, 0.46)),
    "index": ((0.33, 0.44), (0.31, 0.78)),
    "middle": ((0.5, 0.46), (0.5, 0.9)),
    "ring": ((0.67, 0.45), (0.69, 0.82)),
    "little": ((0.82, 0.42), (0.87, 0.66)),
}
_FINGER_WIDTH = 0.135
_PALM = (0.265, 0.02, 0.625, 0.48)


class Diagram(Widget):
    """One or two hands, two eyes or a face, whichever the marked positions are."""

    def __init__(self, *, theme: Theme, marks: Sequence[PositionMark], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.theme = theme
        self._marks: tuple[PositionMark, ...] | None = None
        for name in ("pos", "size"):
            self.fbind(name, self._draw)
        self.show(marks)

    def show(self, marks: Sequence[PositionMark]) -> None:
        if tuple(marks) != self._marks:
            self._marks = tuple(marks)
            self._draw()

    def _draw(self, *_: object) -> None:
        self.canvas.clear()
        by_position = {item.position: item.mark for item in self._marks or ()}
        if not by_position or self.width < 2 or self.height < 2:
            return
        match next(iter(by_position)).modality:
            case Modality.FINGERPRINT:
                self._hands(by_position)
            case Modality.IRIS:
                self._eyes(by_position)
            case Modality.FACE:
                self._face(by_position[Position.FACE])
            case Modality.SIGNATURE:
                self._signature(by_position[Position.SIGNATURE])

    def _hands(self, marks: dict[Position, Mark]) -> None:
        sides = [side for side in ("left", "right") if any(p.value.startswith(side) for p in marks)]
        gap = self.theme.gap * (len(sides) - 1)
        side_px = min(self.height, (self.width - gap) / len(sides))
        left = self.center_x - (side_px * len(sides) + gap) / 2
        low = self.center_y - side_px / 2
        for index, side in enumerate(sides):
            self._hand(side, marks, left + index * (side_px + gap), low, side_px)

    def _hand(self, side: str, marks: dict[Position, Mark], left: float, low: float, size: float) -> None:
        palette = self.theme.palette
        mirrored = side == "left"

        def at(point: Point) -> Point:
            x = 1 - point[0] if mirrored else point[0]
            return left + x * size, low + point[1] * size

        px, py, pw, ph = _PALM
        palm_left = at((px + pw if mirrored else px, py))[0]
        with self.canvas:
            Color(rgba=palette[Role.QUIET].fill)
            RoundedRectangle(
                pos=(palm_left, low + py * size), size=(pw * size, ph * size), radius=[size * 0.14]
            )
            Color(rgba=palette.mark_waiting)
            Line(
                rounded_rectangle=(palm_left, low + py * size, pw * size, ph * size, size * 0.14),
                width=self.theme.px(0.25),
            )
        for name, (base, tip) in _BASE_AND_TIP.items():
            self._finger(marks.get(Position(f"{side}_{name}")), at(base), at(tip), size * _FINGER_WIDTH)

    def _finger(self, mark: Mark | None, base: Point, tip: Point, width: float) -> None:
        palette = self.theme.palette
        points = (*base, *tip)
        if mark is None:
            edge, fill, thick = palette.mark_waiting, palette[Role.QUIET].fill, self.theme.px(0.25)
        else:
            look = look_of(mark, palette)
            edge, fill, thick = look.edge, look.fill or palette[Role.CARD].fill, self.theme.px(look.edge_mm)
        with self.canvas:
            Color(rgba=edge)
            Line(points=points, width=width / 2, cap="round")
            Color(rgba=fill)
            Line(points=points, width=max(1.0, width / 2 - thick), cap="round")
        if mark is not None:
            look = look_of(mark, palette)
            if look.sign:
                side = width * 0.9
                self.canvas.add(
                    pictogram(look.sign, tip[0] - side / 2, tip[1] - side / 2, side, look.sign_colour)
                )
            if mark is Mark.NOW:
                with self.canvas:
                    Color(rgba=palette[Role.CARD].fill)
                    Ellipse(pos=(tip[0] - width * 0.2, tip[1] - width * 0.2), size=(width * 0.4, width * 0.4))

    def _eyes(self, marks: dict[Position, Mark]) -> None:
        """The resident's own right eye on the right, as in a mirror."""
        size = min(self.height * 1.4, (self.width - self.theme.gap) / 2)
        for index, eye in enumerate((Position.LEFT_IRIS, Position.RIGHT_IRIS)):
            left = self.center_x - size - self.theme.gap / 2 + index * (size + self.theme.gap)
            self._eye(marks.get(eye, Mark.EXCEPTED), left, self.center_y - size / 2, size)

    def _eye(self, mark: Mark, left: float, low: float, size: float) -> None:
        look = look_of(mark, self.theme.palette)
        self.canvas.add(pictogram("eye", left, low, size, look.edge))
        if look.fill is not None:
            radius = size * 0.15
            with self.canvas:
                Color(rgba=look.fill)
                Ellipse(pos=(left + size / 2 - radius, low + size / 2 - radius), size=(2 * radius, 2 * radius))
        if look.sign:
            side = size * 0.24
            middle = left + size / 2 - side / 2
            self.canvas.add(pictogram(look.sign, middle, low + size / 2 - side / 2, side, look.sign_colour))

    def _face(self, mark: Mark) -> None:
        self._plain("face", mark)

    def _signature(self, mark: Mark) -> None:
        self._plain("signature", mark)

    def _plain(self, name: str, mark: Mark) -> None:
        look = look_of(mark, self.theme.palette)
        side = min(self.size)
        left, low = self.center_x - side / 2, self.center_y - side / 2
        self.canvas.add(pictogram(name, left, low, side, look.edge))
        if look.sign:
            self.canvas.add(pictogram(look.sign, left + side * 0.72, low, side * 0.3, look.edge))


class MarkSign(Widget):
    """One mark as a dot, as it looks on a finger."""

    def __init__(self, *, theme: Theme, mark: Mark, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        look = look_of(mark, theme.palette)
        left, low = self.pos
        side = self.width
        with self.canvas:
            Color(rgba=look.fill or theme.palette[Role.CARD].fill)
            Ellipse(pos=self.pos, size=self.size)
            Color(rgba=look.edge)
            Line(circle=(self.center_x, self.center_y, side / 2), width=theme.px(look.edge_mm * 0.6))
        if look.sign:
            self.canvas.add(
                pictogram(look.sign, left + side * 0.2, low + side * 0.2, side * 0.6, look.sign_colour)
            )
        if mark is Mark.NOW:
            with self.canvas:
                Color(rgba=theme.palette[Role.CARD].fill)
                Ellipse(pos=(left + side * 0.32, low + side * 0.32), size=(side * 0.36, side * 0.36))


class FaceOval(Widget):
    """Where the face belongs in the preview: a dashed oval, whole and thick once it is good."""

    def __init__(self, *, theme: Theme, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.theme = theme
        self._good = False
        for name in ("pos", "size"):
            self.fbind(name, self._draw)
        self._draw()

    def show(self, *, good: bool) -> None:
        if good != self._good:
            self._good = good
            self._draw()

    def _draw(self, *_: object) -> None:
        tall = self.height * 0.72
        wide = tall * 0.74
        oval = (self.center_x - wide / 2, self.center_y - tall * 0.47, wide, tall)
        self.canvas.clear()
        with self.canvas:
            Color(0, 0, 0, 1)
            Line(ellipse=oval, width=self.theme.px(0.7))
            Color(1, 1, 1, 1)
            Line(ellipse=oval, width=self.theme.px(0.45 if self._good else 0.3))
            if self._good:
                Color(rgba=self.theme.palette.mark_good)
                Line(ellipse=oval, width=self.theme.px(0.3))
