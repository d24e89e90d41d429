"""What must hold of a drawn screen: nothing clipped, nothing overlapping, targets large and apart."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from kivy.uix.widget import Widget

from kiosk.ui.screens.screen import Screen
from kiosk.ui.theme import GAP_MM, TARGET_MM, Theme
from kiosk.ui.widgets.button import Target
from kiosk.ui.widgets.words import Words


def problems(screen: Screen) -> tuple[str, ...]:
    """One sentence per breach; none when the layout is sound."""
    return (*_words(screen), *_targets(screen), *_overlaps(screen))


def _words(screen: Screen) -> Iterator[str]:
    for words in _all(screen, Words):
        if not words.text:
            continue
        if not words.block.fits:
            yield f"clipped: {words.text!r} in {words.width:.0f}x{words.height:.0f} px"
        if " ".join(" ".join(words.block.lines).split()) != " ".join(words.text.split()):
            yield f"not whole: {words.text!r}"
        left, low, right, top = _ink(words)
        if left < 0 or low < 0 or right > screen.width or top > screen.height:
            yield f"off the screen: {words.text!r}"


def _targets(screen: Screen) -> Iterator[str]:
    least = TARGET_MM * screen.theme.px_per_mm
    for target in screen.targets():
        if min(target.size) < least:
            width, height = _mm(target.width, screen.theme), _mm(target.height, screen.theme)
            yield f"{target.target_id} is {width}x{height} mm"
        if target.top > screen.height * 2 / 3 + 1 and target.parent is screen:
            yield f"{target.target_id} stands above the lower two thirds"
    for one, other in combinations(screen.targets(), 2):
        across = max(one.x - other.right, other.x - one.right)
        along = max(one.y - other.top, other.y - one.top)
        if max(across, along) < GAP_MM * screen.theme.px_per_mm:
            yield f"{one.target_id} and {other.target_id} are {_mm(max(across, along), screen.theme)} mm apart"


def _overlaps(screen: Screen) -> Iterator[str]:
    """No text lies on another or on a foreign button."""
    written = [words for words in _all(screen, Words) if words.text]
    for one, other in combinations(written, 2):
        if _intersect(_ink(one), _ink(other)):
            yield f"{one.text!r} lies on {other.text!r}"
    for words in written:
        for target in screen.targets():
            if words.parent is not target and _intersect(_ink(words), (*target.pos, target.right, target.top)):
                yield f"{words.text!r} lies on the button {target.target_id}"


def _ink(words: Words) -> tuple[float, float, float, float]:
    left, low, width, height = words.ink
    return left + 1, low + 1, left + width - 1, low + height - 1


def _intersect(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _mm(pixels: float, theme: Theme) -> str:
    return f"{pixels / theme.px_per_mm:.1f}"


def _all(root: Widget, kind: type[Words] | type[Target]) -> list[Words]:
    return [widget for widget in root.walk() if isinstance(widget, kind)]
