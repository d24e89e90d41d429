"""A pad of keys and what has been typed so far, beside it or above it as the pad's width asks."""

from __future__ import annotations

from kiosk.app.views import KeypadBody
from kiosk.ui.screens.body import Body, Box, Context
from kiosk.ui.theme import Role

WORDED_MM = 22.0
"""Keys at least this wide have words under their pictogram."""

DOT = "\N{BLACK CIRCLE}"


def grouped(entered: str, *, masked: bool) -> str:
    """Typed characters as they are read: long numbers in groups of four, secrets as dots."""
    if masked:
        return DOT * len(entered)
    if entered.isdigit() and len(entered) > 4:
        return " ".join(entered[i : i + 4] for i in range(0, len(entered), 4))
    return entered


class Keypad(Body):
    def __init__(self, context: Context, content: KeypadBody) -> None:
        super().__init__(context)
        self.content = content

    def place(self, page: int) -> int:  # noqa: ARG002 - always one page
        self.emptied()
        theme, box = self.context.theme, self.box
        columns = max(len(row) for row in self.content.rows)
        rows = len(self.content.rows)
        tall = rows * theme.target + (rows - 1) * theme.gap
        wide = columns * theme.target + (columns - 1) * theme.gap
        if wide < box.width * 0.6:
            key = min(theme.px(26), (box.width * 0.52 - (columns - 1) * theme.gap) / columns)
            pad_width = columns * key + (columns - 1) * theme.gap
            pad = Box(box.right - pad_width, box.y, pad_width, min(box.height, tall * 1.3))
            left = Box(box.x, box.y, box.width - pad_width - theme.px(6), box.height)
        else:
            pad = Box(box.x, box.y, box.width, min(box.height, tall))
            self._typed_in_a_row(Box(box.x, pad.top + theme.gap, box.width, box.top - pad.top - theme.gap))
            left = None
        self._keys(pad)
        if left is not None:
            self._typed(left)
        return 1

    def _keys(self, box: Box) -> None:
        theme = self.context.theme
        count = len(self.content.rows)
        columns = max(len(row) for row in self.content.rows)
        width = (box.width - theme.gap * (columns - 1)) / columns
        height = (box.height - theme.gap * (count - 1)) / count
        for row_index, row in enumerate(self.content.rows):
            low = box.top - (row_index + 1) * height - row_index * theme.gap
            left = box.x + (columns - len(row)) * (width + theme.gap) / 2
            for index, action in enumerate(row):
                place = Box(left + index * (width + theme.gap), low, width, height)
                worded = not action.pictogram or width >= theme.px(WORDED_MM)
                self.button(action, place, wide=False, worded=worded, capitals_mm=max(theme.body_mm, 6.0))

    def _typed(self, box: Box) -> None:
        theme = self.context.theme
        message = bool(self.content.message)
        field = min(theme.px(theme.body_mm * 1.2) * 2 + theme.px(3), box.height * 0.4)
        rest = box.height - field - theme.gap
        below = rest * 0.55 if message else 0
        prompt = Box(box.x, box.top - (rest - below), box.width, rest - below)
        entry = Box(box.x, prompt.y - theme.gap / 2 - field, box.width, field)
        self.write(self.context.words(self.content.prompt), prompt, theme.body_mm, valign="bottom")
        self._entry(entry)
        if message:
            self._message(Box(box.x, box.y, box.width, below - theme.gap / 2))

    def _typed_in_a_row(self, box: Box) -> None:
        """Above a wide pad there is one row: the prompt, or what to mend, beside what was typed."""
        theme = self.context.theme
        width = box.width * 0.52
        place = Box(box.x, box.y, width - theme.gap, box.height)
        if self.content.message is None:
            self.write(self.context.words(self.content.prompt), place, theme.body_mm)
        else:
            self._message(place)
        self._entry(Box(box.x + width, box.y, box.width - width, box.height))

    def _entry(self, box: Box) -> None:
        theme = self.context.theme
        self.card(box)
        typed = grouped(self.content.entered, masked=self.content.masked)
        ink = theme.palette[Role.CARD].ink
        self.write(typed, box.inset(theme.px(1.5)), theme.body_mm * 1.2, bold=True, colour=ink)

    def _message(self, box: Box) -> None:
        if self.content.message is None:
            return
        theme = self.context.theme
        self.card(box, Role.ADVICE)
        words = self.context.words(self.content.message)
        self.write(words, box.inset(theme.px(2)), theme.body_mm, colour=theme.palette[Role.ADVICE].ink)
