"""The `Measure` of the window's own font, and lines of text as textures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from kivy.core.text import Label as CoreLabel
from kivy.graphics.texture import Texture

FONT = "Roboto"
"""Open (Apache-2.0), registered by Kivy itself with its bold cut."""


@lru_cache(maxsize=256)
def _label(font_px: int, bold: bool) -> CoreLabel:
    label = CoreLabel(text="", font_name=FONT, font_size=font_px, bold=bold)
    label.resolve_font_name()
    return label


@lru_cache(maxsize=8192)
def _extents(words: str, font_px: int, bold: bool) -> tuple[int, int]:
    width, height = _label(font_px, bold).get_extents(words)
    return width, height


class FontMeasure:
    def width(self, words: str, font_px: int, *, bold: bool) -> float:
        return _extents(words, font_px, bold)[0] if words else 0.0

    def line_height(self, font_px: int) -> float:
        return _extents("Hg", font_px, False)[1]


def rendered(lines: Sequence[str], font_px: int, *, bold: bool, halign: str) -> Texture:
    """The lines in white, to be tinted by the canvas colour."""
    label = CoreLabel(text="\n".join(lines), font_name=FONT, font_size=font_px, bold=bold, halign=halign)
    label.refresh()
    return label.texture
