"""Breaks words into lines, finds the largest letters that fit a box, splits a column into pages.

Pure: `Measure` is the only thing it knows of fonts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class Measure(Protocol):
    def width(self, words: str, font_px: int, *, bold: bool) -> float: ...

    def line_height(self, font_px: int) -> float: ...


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of one text at one size. fits: it lies wholly inside the box it was set for."""

    lines: tuple[str, ...]
    font_px: int
    width: float
    height: float
    fits: bool


@dataclass(frozen=True, slots=True)
class Typesetter:
    measure: Measure
    bold: bool = False

    def wrap(self, words: str, font_px: int, width: float) -> tuple[str, ...]:
        """Greedy lines no wider than `width`, except for a single word that is wider by itself."""
        lines: list[str] = []
        for paragraph in words.split("\n"):
            line = ""
            for word in paragraph.split():
                longer = f"{line} {word}" if line else word
                if line and self._width(longer, font_px) > width:
                    lines.append(line)
                    line = word
                else:
                    line = longer
            lines.append(line)
        return tuple(lines)

    def block(self, words: str, font_px: int, width: float, height: float = float("inf")) -> Block:
        """The text at one size in the fewest lines."""
        return self._set(self.wrap(words, font_px, width), font_px, width, height)

    def fit(self, words: str, width: float, height: float, *, largest_px: int, smallest_px: int) -> Block:
        """The largest letters, between the two sizes, that keep the text inside the box; its lines evened out.

        When even the smallest do not fit, that smallest block with `fits` False.
        """
        font_px = largest_px
        while not (self.block(words, font_px, width, height).fits or font_px <= smallest_px):
            font_px = max(smallest_px, font_px - max(1, font_px // 24))
        return self._set(self._evened(words, font_px, width), font_px, width, height)

    def _set(self, lines: tuple[str, ...], font_px: int, width: float, height: float) -> Block:
        widest = max(self._width(line, font_px) for line in lines)
        tall = len(lines) * self.measure.line_height(font_px)
        return Block(lines, font_px, widest, tall, fits=widest <= width and tall <= height)

    def _width(self, words: str, font_px: int) -> float:
        return self.measure.width(words, font_px, bold=self.bold)

    def _evened(self, words: str, font_px: int, width: float) -> tuple[str, ...]:
        """As many lines as needed anyway, of about the same length."""
        lines = self.wrap(words, font_px, width)
        narrow, wide = width / 2, width
        if len(lines) == 1:
            return lines
        for _ in range(6):
            middle = (narrow + wide) / 2
            tried = self.wrap(words, font_px, middle)
            if len(tried) == len(lines) and all(self._width(line, font_px) <= middle for line in tried):
                lines, wide = tried, middle
            else:
                narrow = middle
        return lines


def pages(heights: Sequence[float], available: float, gap: float) -> tuple[tuple[int, ...], ...]:
    """Indices of the items on each page, in order. An item taller than a page has one of its own."""
    result: list[tuple[int, ...]] = []
    page: list[int] = []
    used = 0.0
    for index, height in enumerate(heights):
        needed = height if not page else used + gap + height
        if page and needed > available:
            result.append(tuple(page))
            page, needed = [], height
        page.append(index)
        used = needed
    if page:
        result.append(tuple(page))
    return tuple(result)
