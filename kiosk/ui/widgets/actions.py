"""Places a screen's buttons in rows with the largest words that fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from kiosk.ui.theme import Theme
from kiosk.ui.typeset import Typesetter
from kiosk.ui.widgets.button import PICTURE_GAP_MM, PICTURE_MM

LEAST_HEIGHT_MM = 18.0
SHRINK = 0.94


class Place(Enum):
    """Where a button's pictogram stands; NOWHERE when there is no room for it."""

    BESIDE = "beside the words"
    ABOVE = "above the words"
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class Rows:
    """How the buttons stand: `columns` per row, each `row_height` high, words at `capitals_mm`."""

    columns: int
    count: int
    row_height: int
    gap: int
    capitals_mm: float
    pictogram: Place

    @property
    def height(self) -> int:
        return self.count * self.row_height + (self.count - 1) * self.gap


@dataclass(frozen=True, slots=True)
class Arranger:
    """labels: words, and whether a pictogram stands beside them."""

    labels: Sequence[tuple[str, bool]]
    width: float
    theme: Theme
    typesetter: Typesetter

    def rows(self, highest: float) -> Rows:
        """The resident's letters in as few rows as possible, pictograms beside them; else smaller letters,
        pictograms above them or, where that is too high, none.

        When nothing stays within `highest`, the lowest that fits.
        """
        lowest = self._plain(1, self.theme.least_mm, self.theme.px(LEAST_HEIGHT_MM), pictogram=Place.NOWHERE)
        for columns, capitals, pictogram, lines in self._attempts():
            rows = self._tried(columns, capitals, pictogram=pictogram, most_lines=lines)
            if rows is None:
                continue
            if rows.height <= highest:
                return rows
            lowest = min(lowest, rows, key=lambda one: one.height)
        return lowest

    def _attempts(self) -> Iterator[tuple[int, float, Place, int]]:
        sizes = self._sizes()
        gentle = [size for size in sizes if size >= sizes[0] * 0.75]
        beside, anywhere = (Place.BESIDE,), (Place.ABOVE, Place.NOWHERE)
        for places, these, lines in (
            (beside, gentle, 2),
            (anywhere, sizes, 2),
            (beside, sizes, 3),
            (anywhere, sizes, 3),
        ):
            for capitals in these:
                for columns in self._column_counts():
                    for place in places:
                        yield columns, capitals, place, lines

    def _sizes(self) -> list[float]:
        sizes = [self.theme.body_mm]
        while sizes[-1] > self.theme.least_mm:
            sizes.append(max(self.theme.least_mm, sizes[-1] * SHRINK))
        return sizes

    def _column_counts(self) -> list[int]:
        """Up to four buttons: most columns first, no row half empty. More: three columns if they have room."""
        count = len(self.labels)
        if count <= 4:
            return [columns for columns in range(count, 0, -1) if count % columns == 0]
        return [3, *range(4, count + 1), 2, 1]

    def _tried(self, columns: int, capitals: float, *, pictogram: Place, most_lines: int) -> Rows | None:
        theme = self.theme
        pad = theme.px(1.5)
        cell = (self.width - theme.gap * (columns - 1)) / columns
        if cell < theme.target:
            return None
        tallest = float(theme.px(LEAST_HEIGHT_MM))
        for words, has_picture in self.labels:
            place = pictogram if has_picture else Place.NOWHERE
            beside = theme.px(PICTURE_MM) + theme.px(PICTURE_GAP_MM) if place is Place.BESIDE else 0
            above = theme.px(PICTURE_MM) + pad / 2 if place is Place.ABOVE else 0
            block = self.typesetter.block(words, theme.font(capitals), cell - 2 * pad - beside - 1)
            if not block.fits or len(block.lines) > most_lines:
                return None
            tallest = max(tallest, block.height + above + 2 * pad)
        return self._plain(columns, capitals, int(tallest + 0.999), pictogram=pictogram)

    def _plain(self, columns: int, capitals: float, row_height: int, *, pictogram: Place) -> Rows:
        return Rows(columns, -(-len(self.labels) // columns), row_height, self.theme.gap, capitals, pictogram)
