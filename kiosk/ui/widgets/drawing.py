"""Turns unit-square shapes into canvas instructions."""

from __future__ import annotations

from typing import Any

from kivy.graphics import Color, Ellipse, InstructionGroup, Line, Mesh
from kivy.properties import ColorProperty, ObjectProperty, StringProperty
from kivy.uix.widget import Widget

from kiosk.ui.pictograms import DRAWINGS, Disc, Fill, Point, Ring, Shape, Stroke, arc
from kiosk.ui.theme import Colour


def drawn(shape: Shape, left: float, low: float, side: float) -> Any:
    """The canvas instruction of one shape in the square at (left, low)."""

    def at(point: Point) -> Point:
        return left + point[0] * side, low + point[1] * side

    def flat(points: tuple[Point, ...]) -> list[float]:
        return [value for point in points for value in at(point)]

    match shape:
        case Stroke(points, width, closed):
            return Line(points=flat(points), width=width * side / 2, cap="round", joint="round", close=closed)
        case Ring(width=width, start=start, end=end):
            whole = end - start >= 360
            points = arc(shape)[: -1 if whole else None]
            return Line(points=flat(points), width=width * side / 2, cap="round", joint="round", close=whole)
        case Disc((x, y), radius):
            corner = at((x - radius, y - radius))
            return Ellipse(pos=corner, size=(2 * radius * side, 2 * radius * side))
        case Fill(points):
            vertices = [value for x, y in map(at, points) for value in (x, y, 0.0, 0.0)]
            return Mesh(vertices=vertices, indices=list(range(len(points))), mode="triangle_fan")


def pictogram(name: str, left: float, low: float, side: float, colour: Colour) -> Any:
    """An InstructionGroup. Raises KeyError for a drawing that does not exist."""
    group = InstructionGroup()
    group.add(Color(rgba=colour))
    for shape in DRAWINGS[name]:
        group.add(drawn(shape, left, low, side))
    return group


class Pictogram(Widget):
    """A drawing as large as its box allows, centred."""

    name = StringProperty("")
    colour = ColorProperty((0, 0, 0, 1))
    theme = ObjectProperty()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name in ("name", "colour", "pos", "size"):
            self.fbind(name, self._draw)
        self._draw()

    def _draw(self, *_: object) -> None:
        self.canvas.clear()
        side = min(self.size)
        if self.name and side > 0:
            left, low = self.center_x - side / 2, self.center_y - side / 2
            self.canvas.add(pictogram(self.name, left, low, side, tuple(self.colour)))
