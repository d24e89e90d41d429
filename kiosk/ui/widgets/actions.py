"""Places a screen's buttons in rows with the largest words that fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kiosk.ui.theme import Theme
from kiosk.ui.typeset import Typesetter
from kiosk.ui.widgets.button import picture_side

MOST_LINES = 2


@dataclass(frozen=True, slots=True)
class Rows:
    """How the buttons stand: `columns` per row, each row `row_height` high, words at `capitals_mm`."""

    columns: int
    row_height: int
    capitals_mm: float
    height: int


def arranged(
    labels: Sequence[tuple[str, bool]], width: float, highest: float, theme: Theme, typesetter: Typesetter
) -> Rows:
    """labels: words and whether a pictogram stands beside them. width, highest: pixels at hand.

    Tries the resident's letter size first with as few rows as possible, then smaller letters. When
    nothing fits, the smallest letters in as many columns as have room.
    """
    capitals = theme.body_mm
    while True:
        for columns in range(len(labels), 0, -1):
            rows = _rows(labels, columns, width, theme, typesetter, capitals)
            if rows is not None and rows.height <= highest:
                return rows
        if capitals <= theme.least_mm:
            break
        capitals = max(theme.least_mm, capitals * 0.94)
    columns = max(1, min(len(labels), int((width + theme.gap) // (theme.target * 2 + theme.gap))))
    count = -(-len(labels) // columns)
    height = theme.px(18)
    return Rows(columns, height, capitals, count * height + (count - 1) * theme.gap)


def _rows(
    labels: Sequence[tuple[str, bool]],
    columns: int,
    width: float,
    theme: Theme,
    typesetter: Typesetter,
    capitals: float,
) -> Rows | None:
    pad = theme.px(1.5)
    cell = (width - theme.gap * (columns - 1)) / columns
    tallest = float(theme.px(18))
    for words, pictured in labels:
        inner = cell - 2 * pad - ((picture_side(theme) + theme.px(2)) if pictured else 0) - 1
        block = typesetter.block(words, theme.font(capitals), inner)
        if inner < theme.target / 2 or not block.fits or len(block.lines) > MOST_LINES:
            return None
        tallest = max(tallest, block.height + 2 * pad)
    count = -(-len(labels) // columns)
    row_height = int(tallest + 0.999)
    return Rows(columns, row_height, capitals, count * row_height + (count - 1) * theme.gap)
