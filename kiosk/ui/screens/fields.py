"""Label and value rows, in two columns while the letters are small enough, on as many pages as needed."""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.app.views import Field, FieldsBody, Text
from kiosk.ui.screens.body import Body, Box, Context
from kiosk.ui.theme import Role
from kiosk.ui.typeset import pages


class FieldColumns:
    """Fields laid into columns of a box; a page is as many columns as stand side by side."""

    def __init__(self, body: Body, fields: Sequence[Field], box: Box, columns: int) -> None:
        self.body, self.fields, self.box, self.columns = body, fields, box, columns
        context, theme = body.context, body.context.theme
        self.gap = theme.px(1.6)
        self.width = (box.width - theme.px(6) * (columns - 1)) / columns
        self.words = [
            (context.words(field.label), context.words(field.value_text) if field.value_text else field.value)
            for field in fields
        ]
        self.blocks = [
            (
                context.block(label, theme.small_mm, self.width),
                context.block(value, theme.body_mm, self.width, bold=True),
            )
            for label, value in self.words
        ]
        heights = [self._height(index) for index in range(len(fields))]
        self.stacks = self._evened(heights)

    def _evened(self, heights: Sequence[float]) -> tuple[tuple[int, ...], ...]:
        """Columns of about equal length when everything fits on one page."""
        stacks = pages(heights, self.box.height, self.gap)
        if not 1 <= len(stacks) <= self.columns:
            return stacks
        limit = self.box.height
        while limit > 0:
            shorter = pages(heights, limit * 0.95, self.gap)
            if len(shorter) > self.columns or limit * 0.95 < max(heights):
                break
            stacks, limit = shorter, limit * 0.95
        return stacks

    @property
    def used(self) -> float:
        """Height of the longest column."""
        return max(
            (sum(self._height(i) for i in stack) + self.gap * (len(stack) - 1) for stack in self.stacks),
            default=0,
        )

    def _height(self, index: int) -> float:
        return sum(block.height for block in self.blocks[index])

    @property
    def page_count(self) -> int:
        return max(1, -(-len(self.stacks) // self.columns))

    def place(self, page: int) -> None:
        for column, stack in enumerate(self.stacks[page * self.columns : (page + 1) * self.columns]):
            left = self.box.x + column * (self.width + self.body.context.theme.px(6))
            top = self.box.top
            for index in stack:
                top = self._row(index, left, top) - self.gap

    def _row(self, index: int, left: float, top: float) -> float:
        theme = self.body.context.theme
        (label, value), (label_block, value_block) = self.words[index], self.blocks[index]
        low = top - label_block.height
        self.body.write(
            label,
            Box(left, low, self.width, label_block.height),
            theme.small_mm,
            colour=theme.palette.muted,
            valign="top",
        )
        height = min(value_block.height, low - self.box.y)
        box = Box(left, low - height, self.width, height)
        self.body.write(value, box, theme.body_mm, bold=True, valign="top", colour=theme.palette[Role.CARD].ink)
        return box.y


def columns_of(body: Body, fields: Sequence[Field], box: Box) -> FieldColumns:
    """One column, or two of small letters where that saves pages."""
    one = FieldColumns(body, fields, box, 1)
    if body.context.theme.text_step > 1:
        return one
    two = FieldColumns(body, fields, box, 2)
    return two if two.page_count < one.page_count else one


class Fields(Body):
    def __init__(self, context: Context, content: FieldsBody) -> None:
        super().__init__(context)
        self.content = content

    def place(self, page: int) -> int:
        """In large letters the note has a page of its own, the last."""
        self.emptied()
        theme, note = self.context.theme, self.content.note
        apart = note is not None and theme.text_step > 1
        box = self.box if apart or note is None else self._with_note(self.box, note)
        pad = theme.px(3)
        columns = columns_of(self, self.content.fields, box.inset(pad))
        count = columns.page_count + apart
        if note is not None and apart and page >= columns.page_count:
            self._note(note, self.box)
        else:
            height = box.height if count > 1 else min(box.height, columns.used + 2 * pad)
            self.card(Box(box.x, box.top - height, box.width, height))
            columns.place(page)
        return count

    def _with_note(self, box: Box, note: Text) -> Box:
        theme = self.context.theme
        pad = theme.px(2)
        height = (
            self.context.block(self.context.words(note), theme.small_mm, box.width - 2 * pad).height + 2 * pad
        )
        self._note(note, Box(box.x, box.y, box.width, height), theme.small_mm)
        return Box(box.x, box.y + height + theme.gap, box.width, box.height - height - theme.gap)

    def _note(self, note: Text, box: Box, capitals_mm: float | None = None) -> None:
        theme = self.context.theme
        self.card(box, Role.ADVICE)
        ink = theme.palette[Role.ADVICE].ink
        self.write(self.context.words(note), box.inset(theme.px(2)), capitals_mm or theme.body_mm, colour=ink)
