"""Lines to choose from, each one wide button; on as many pages as needed."""

from __future__ import annotations

from collections.abc import Sequence

from kivy.graphics import Color, Line, RoundedRectangle

from kiosk.app.views import Row, TableBody, Text
from kiosk.ui.screens.body import Body, Box, Context
from kiosk.ui.theme import Role, Theme
from kiosk.ui.typeset import pages
from kiosk.ui.widgets.button import PICTURE_GAP_MM, PICTURE_MM, Target
from kiosk.ui.widgets.drawing import Pictogram
from kiosk.ui.widgets.words import Words


def column_widths(wanted: Sequence[float], available: float) -> tuple[float, ...]:
    """Each column its wanted width and a share of what is left.

    When there is too little, the narrow columns keep theirs and the wide ones share the rest alike.
    """
    spare = (available - sum(wanted)) / len(wanted)
    if spare >= 0:
        return tuple(width + spare for width in wanted)
    rest, limit = available, 0.0
    for place, width in enumerate(sorted(wanted)):
        limit = rest / (len(wanted) - place)
        if width > limit:
            break
        rest -= width
    return tuple(min(width, limit) for width in wanted)


def picture_width(theme: Theme) -> float:
    return theme.px(PICTURE_MM) + theme.px(PICTURE_GAP_MM)


def _spoken(cell: str | Text) -> Text:
    return cell if isinstance(cell, Text) else Text("value.text", {"text": cell})


class Table(Body):
    def __init__(self, context: Context, content: TableBody) -> None:
        super().__init__(context)
        self.content = content

    @property
    def pictured(self) -> bool:
        """Whether any line has a picture at its head: then all begin behind that column."""
        return any(row.pictogram for row in self.content.rows)

    def place(self, page: int) -> int:
        self.emptied()
        theme, box, words = self.context.theme, self.box, self.context.words
        if not self.content.rows:
            self.write(words(self.content.empty), box, theme.body_mm, halign="center")
            return 1
        headings = [words(heading) for heading in self.content.headings]
        cells = [self._cells(row) for row in self.content.rows]
        pad = theme.px(3)
        head = picture_width(theme) if self.pictured else 0
        widths = self._widths(headings, cells, box.width - 2 * pad - head)
        top = box.top - self._headings(headings, widths, Box(box.x + pad + head, box.y, box.width, box.height))
        heights = [self._row_height(row, widths) for row in cells]
        paged = pages(heights, top - box.y, theme.gap)
        for index in paged[min(page, len(paged) - 1)]:
            place = Box(box.x, top - heights[index], box.width, heights[index])
            self._row(self.content.rows[index], cells[index], widths, place)
            top -= heights[index] + theme.gap
        return len(paged)

    def _cells(self, row: Row) -> tuple[str, ...]:
        words = self.context.words
        return (*(words(cell) if isinstance(cell, Text) else cell for cell in row.cells), words(row.status))

    def _widths(
        self, headings: Sequence[str], cells: Sequence[Sequence[str]], available: float
    ) -> tuple[float, ...]:
        theme, block, far = self.context.theme, self.context.block, float("inf")
        space = theme.px(3)
        count = len(cells[0])
        wanted = []
        for column in range(count):
            heading = headings[column] if column < len(headings) else ""
            widest = max(block(row[column], theme.body_mm, far, bold=True).width for row in cells)
            title = block(heading, theme.least_mm, far).width if heading else 0.0
            wanted.append(max(widest, title) + space)
        return column_widths(wanted, available)

    def _headings(self, headings: Sequence[str], widths: Sequence[float], box: Box) -> float:
        theme = self.context.theme
        height = self.context.block("Hg", theme.least_mm, box.width).height
        left = box.x
        for heading, width in zip(headings, widths, strict=False):
            place = Box(left, box.top - height, width - theme.px(2), height)
            self.write(heading, place, theme.least_mm, colour=theme.palette.muted)
            left += width
        return height + theme.px(1)

    def _row_height(self, cells: Sequence[str], widths: Sequence[float]) -> float:
        theme = self.context.theme
        tallest = max(
            self.context.block(cell, theme.body_mm, width - theme.px(2), bold=True).height
            for cell, width in zip(cells, widths, strict=True)
        )
        return max(float(theme.target), tallest + theme.px(3))

    def _row(self, row: Row, cells: Sequence[str], widths: Sequence[float], box: Box) -> None:
        self.add_widget(RowTarget(self, row, cells, widths, box))


class RowTarget(Target):
    """One line as a button."""

    def __init__(self, body: Table, row: Row, cells: Sequence[str], widths: Sequence[float], box: Box) -> None:
        context = body.context
        self.theme = context.theme
        super().__init__(
            target_id=row.action.id,
            spoken=(*(_spoken(cell) for cell in row.cells), row.status),
            enabled=row.action.enabled,
            on_fire=lambda: context.press(row.action),
            pos=(box.x, box.y),
            size=(box.width, box.height),
        )
        self.cells: list[Words] = []
        self.picture: Pictogram | None = None
        left = box.x + self.theme.px(3)
        if body.pictured:
            left += picture_width(self.theme)
        if row.pictogram:
            side = self.theme.px(PICTURE_MM)
            place = (box.x + self.theme.px(3), box.y + (box.height - side) / 2)
            self.picture = Pictogram(name=row.pictogram, pos=place, size=(side, side))
            self.add_widget(self.picture)
        for index, (cell, width) in enumerate(zip(cells, widths, strict=True)):
            words = Words(
                theme=self.theme,
                text=cell,
                bold=index < len(cells) - 1,
                largest_mm=self.theme.body_mm,
                pos=(left, box.y),
                size=(width - self.theme.px(2), box.height),
            )
            self.cells.append(words)
            self.add_widget(words)
            left += width
        for name in ("down", "focused"):
            self.fbind(name, self._draw)
        self._draw()

    def _draw(self, *_: object) -> None:
        surface = self.theme.palette[Role.SECONDARY]
        fill, ink = (surface.ink, surface.fill) if self.down else (surface.fill, surface.ink)
        radius = self.theme.px(2)
        for words in self.cells:
            words.colour = ink
        if self.picture is not None:
            self.picture.colour = ink
        self.canvas.before.clear()
        with self.canvas.before:
            Color(rgba=fill)
            RoundedRectangle(pos=self.pos, size=self.size, radius=[radius])
            Color(rgba=self.theme.palette.focus if self.focused else surface.edge)
            edge = self.theme.px(0.7) if self.focused else 1.3
            Line(rounded_rectangle=(*self.pos, *self.size, radius), width=edge)
