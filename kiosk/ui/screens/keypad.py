"""A pad of keys and what has been typed so far, beside it or above it as the pad's width asks."""

from __future__ import annotations

from kiosk.app.views import Action, KeypadBody
from kiosk.ui.screens.body import Body, Box, Context
from kiosk.ui.theme import Role
from kiosk.ui.widgets.words import Words

DOT = "\N{BULLET}"


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
        self.reserved = 0.0
        self._entered: Words | None = None

    def update(self, content: KeypadBody) -> None:
        """Writes what is typed; the keys stay, since the next one is touched before the last is let go."""
        self.content = content
        if self._entered is not None:
            self._entered.text = grouped(content.entered, masked=content.masked)

    @property
    def pad_width(self) -> float:
        """Width of a pad that stands on the right of what is typed; 0 for one as wide as the screen."""
        theme = self.context.theme
        columns = max(len(row) for row in self.content.rows)
        gaps = (columns - 1) * theme.gap
        if columns * theme.target + gaps > self.width * 0.6:
            return 0.0
        return float(min(columns * theme.px(28) + gaps, self.width * 0.5))

    def place(self, page: int) -> int:  # noqa: ARG002 - always one page
        """`reserved`: height the screen's own buttons take below what is typed."""
        self.emptied()
        theme, box = self.context.theme, self.box
        rows = len(self.content.rows)
        if self.pad_width:
            left = box.width - self.pad_width - theme.px(5)
            highest = rows * theme.px(21) + (rows - 1) * theme.gap
            self._keys(Box(box.right - self.pad_width, box.y, self.pad_width, min(box.height, highest)))
            self._typed(Box(box.x, box.y + self.reserved, left, box.height - self.reserved))
        else:
            height = min(box.height, rows * theme.target + (rows - 1) * theme.gap)
            self._keys(Box(box.x, box.y, box.width, height))
            above = box.height - height - theme.gap
            self._typed_in_a_row(Box(box.x, box.y + height + theme.gap, box.width, above))
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
                worded = not action.pictogram or self._fits(action, width)
                self.button(action, place, wide=False, worded=worded, capitals_mm=max(theme.body_mm, 6.0))

    def _fits(self, action: Action, width: float) -> bool:
        """Whether the words have room under the pictogram; a key that is too narrow shows that alone."""
        theme = self.context.theme
        words = self.context.words(action.label)
        return self.context.block(words, theme.least_mm, width - 2 * theme.px(1.5), bold=True).fits

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
        self._entered = self.write(typed, box.inset(theme.px(1.5)), theme.body_mm * 1.2, bold=True, colour=ink)

    def _message(self, box: Box) -> None:
        if self.content.message is None:
            return
        theme = self.context.theme
        self.card(box, Role.ADVICE)
        words = self.context.words(self.content.message)
        self.write(words, box.inset(theme.px(2)), theme.body_mm, colour=theme.palette[Role.ADVICE].ink)
