"""One whole screen: title above, body, the screen's buttons below, the same corner column on the right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from kivy.graphics import Color, Rectangle
from kivy.uix.widget import Widget

from kiosk.app.views import (
    Action,
    CaptureBody,
    ChooseBody,
    FieldsBody,
    GalleryBody,
    KeypadBody,
    MessageBody,
    TableBody,
    Text,
    View,
)
from kiosk.app.views import Body as Content
from kiosk.ui.screens.body import Body, Box, Context
from kiosk.ui.screens.capture import Capture
from kiosk.ui.screens.choose import Choose
from kiosk.ui.screens.fields import Fields
from kiosk.ui.screens.gallery import Gallery
from kiosk.ui.screens.keypad import Keypad
from kiosk.ui.screens.message import Message
from kiosk.ui.screens.table import Table
from kiosk.ui.theme import CORNER_MM, Role
from kiosk.ui.widgets.actions import LEAST_HEIGHT_MM, SHRINK, Arranger, Place, Rows
from kiosk.ui.widgets.bars import ProgressDots
from kiosk.ui.widgets.button import PICTURE_SHARE, Face, Target, TouchButton
from kiosk.ui.widgets.words import Words, typesetter

CORNER_HEIGHT_MM = 20.0
PREVIOUS_PAGE, NEXT_PAGE = "page_back", "page_on"


def body_of(context: Context, content: Content) -> Body:
    match content:
        case ChooseBody():
            return Choose(context, content)
        case MessageBody():
            return Message(context, content)
        case KeypadBody():
            return Keypad(context, content)
        case FieldsBody():
            return Fields(context, content)
        case CaptureBody():
            return Capture(context, content)
        case GalleryBody():
            return Gallery(context, content)
        case TableBody():
            return Table(context, content)


def shape_of(view: View) -> object:
    """What a view must share with the one on show to be drawn by updating instead of building anew."""
    body: object = view.body
    match view.body:
        case CaptureBody(step=step, preview=preview, ink=ink, attempt=attempt, attempts_allowed=allowed):
            body = (step, preview, ink, attempt, allowed)
        case KeypadBody(prompt=prompt, masked=masked, rows=rows, message=message):
            body = (prompt, masked, rows, message)
        case MessageBody(pictogram=pictogram, lines=lines, busy=busy, share_done=share):
            body = (pictogram, lines, busy, share is None)
    faces = [(a.id, a.label, a.style, a.pictogram, a.enabled) for a in (*view.actions, *view.corner)]
    return view.screen, view.title, view.display, view.progress, view.office, type(view.body), body, faces


class Screen(Widget):
    """Draws one view; `update` takes the next one of the same shape."""

    def __init__(self, *, view: View, context: Context, page: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.view = view
        self.context = context
        self.theme = context.theme
        self.page = page
        self.pages = 1
        with self.canvas.before:
            Color(rgba=self.theme.palette[Role.PAGE].fill)
            Rectangle(pos=self.pos, size=self.size)
        self.body = body_of(context, view.body)
        self._build()

    def update(self, view: View) -> None:
        self.view = view
        if view.body is not self.body.content:
            self.body.update(view.body)

    def refresh(self) -> None:
        self.body.refresh()

    def targets(self) -> tuple[Target, ...]:
        """Everything that can be pressed, in reading order: body, the screen's buttons, corner."""
        return tuple(_targets(self))

    def retire(self) -> None:
        """From now on a touch that began here fires nothing."""
        for target in self.targets():
            target.enabled = False

    def turn(self, by: int) -> None:
        """Shows another page of the body."""
        page = max(0, min(self.pages - 1, self.page + by))
        if page != self.page:
            self.page = page
            self._build()

    def _build(self) -> None:
        self.retire()
        self.clear_widgets()
        margin, gap = self.theme.margin, self.theme.gap
        header = self._header(Box(margin, margin, self.width - 2 * margin, self.height - 2 * margin))
        corner = self.theme.px(CORNER_MM) + gap if self.view.corner else 0
        left = Box(margin, margin, self.width - 2 * margin - corner, header.y - margin - gap)
        below = self._below(left)
        footer = self._footer_height(below, paged=False)
        self._size_body(left, footer)
        self.pages = self.body.place(0)
        paged = self.pages > 1
        if paged:
            footer = self._footer_height(below, paged=True)
            self._size_body(left, footer)
            self.pages = self.body.place(0)
            self.page = min(self.page, self.pages - 1)
            self.body.place(self.page)
        self.add_widget(self.body)
        rows = self._rows(below, paged=paged) if self.view.actions else None
        self._footer(Box(below.x, below.y, below.width, footer), rows, paged=paged)
        self._corner(Box(left.right + gap, margin, corner - gap, self.height * 2 / 3 - margin))

    def _below(self, left: Box) -> Box:
        """Where the screen's buttons stand: the whole width, or that beside a keypad."""
        self.body.width = left.width
        if not isinstance(self.body, Keypad) or not self.body.pad_width:
            return left
        return Box(left.x, left.y, left.width - self.body.pad_width - self.theme.px(5), left.height)

    def _size_body(self, left: Box, footer: float) -> None:
        below = footer + self.theme.gap if footer else 0
        if isinstance(self.body, Keypad) and self.body.pad_width:
            self.body.reserved, below = below, 0
        self.body.pos = (left.x, left.y + below)
        self.body.size = (left.width, left.height - below)

    def _header(self, box: Box) -> Box:
        theme, ink = self.theme, self.theme.palette[Role.PAGE].ink
        top = box.top
        if self.view.progress or self.view.office:
            height = theme.px(7.5)
            top -= height
            self._strip(Box(box.x, top, box.width, height))
            top -= theme.px(1.5)
        title = self.context.words(self.view.title)
        font = theme.font(theme.title_mm)
        block = typesetter(bold=True).block(title, font, box.width)
        words = Words(
            theme=theme,
            text=title,
            bold=True,
            colour=ink,
            largest_mm=theme.title_mm,
            pos=(box.x, top - block.height),
            size=(box.width, block.height),
        )
        self.add_widget(words)
        return Box(box.x, top - block.height, box.width, box.top - top + block.height)

    def _strip(self, box: Box) -> None:
        theme, progress = self.theme, self.view.progress
        left = box.x
        if progress:
            dots = ProgressDots(theme=theme, current=progress.current, total=progress.total)
            dots.size = (box.width * 0.45, box.height)
            dots.pos = (box.x, box.y)
            self.add_widget(dots)
            left += dots.extent + theme.px(5)
            step = Text("progress.step", {"current": progress.current, "total": progress.total})
            words = self.context.words(step)
            width = self.context.block(words, theme.least_mm, box.width, bold=True).width + 2
            self._line(words, Box(left, box.y, width, box.height), "left")
            left += width + theme.px(5)
        if self.view.office:
            self._line(self.view.office, Box(left, box.y, box.right - left, box.height), "right")

    def _line(self, words: str, box: Box, halign: str) -> None:
        theme = self.theme
        line = Words(
            theme=theme, text=words, largest_mm=theme.least_mm, halign=halign, colour=theme.palette.muted
        )
        line.pos, line.size = (box.x, box.y), (box.width, box.height)
        self.add_widget(line)

    def _footer_height(self, left: Box, *, paged: bool) -> float:
        pager = self.theme.px(LEAST_HEIGHT_MM) if paged else 0
        return max(self._rows(left, paged=paged).height if self.view.actions else 0, pager)

    def _rows(self, left: Box, *, paged: bool) -> Rows:
        labels = [(self.context.words(action.label), bool(action.pictogram)) for action in self.view.actions]
        width = left.width - (self._pager_width() + self.theme.gap if paged else 0)
        return Arranger(labels, width, self.theme, typesetter(bold=True)).rows(
            left.height * self._footer_share()
        )

    def _footer_share(self) -> float:
        """How much of the height below the title the buttons may take: little where the body needs it."""
        body = self.view.body
        light = isinstance(body, ChooseBody | MessageBody) or (
            isinstance(body, FieldsBody) and len(body.fields) < 4
        )
        if light and len(self.view.actions) > 2:
            return 0.62
        return 0.3 if self.theme.text_step > 1 else 0.34

    def _footer(self, box: Box, rows: Rows | None, *, paged: bool) -> None:
        gap = self.theme.gap
        if paged:
            width = self._pager_width()
            self._pager(Box(box.x, box.y, width, self.theme.px(LEAST_HEIGHT_MM)))
            box = Box(box.x + width + gap, box.y, box.width - width - gap, box.height)
        if rows is None:
            return
        width = (box.width - gap * (rows.columns - 1)) / rows.columns
        for index, action in enumerate(self.view.actions):
            row, column = divmod(index, rows.columns)
            low = box.y + (rows.count - 1 - row) * (rows.row_height + gap)
            place = Box(box.x + column * (width + gap), low, width, rows.row_height)
            pictured = rows.pictogram is not Place.NOWHERE
            wide = rows.pictogram is not Place.ABOVE
            self._button(action, place, rows.capitals_mm, wide=wide, pictured=pictured)

    def _pager_width(self) -> float:
        theme = self.theme
        widest = self.context.words(
            Text("page.of", {"page": 88, "pages": 88} if self.pages > 9 else {"page": 8, "pages": 8})
        )
        label = self.context.block(widest, theme.body_mm, float("inf"), bold=True).width
        return 2 * theme.target + label + 2 * theme.px(1.5)

    def _pager(self, box: Box) -> None:
        side = self.theme.target
        words = self.context.words
        turns = ((PREVIOUS_PAGE, "back", -1, box.x), (NEXT_PAGE, "next", 1, box.right - side))
        for name, picture, by, left in turns:
            enabled = 0 <= self.page + by < self.pages
            spoken = (Text(f"action.{name}"),)
            face = Face(name, "", spoken, picture, Role.SECONDARY, self.theme.body_mm, enabled=enabled)
            button = TouchButton(face=face, theme=self.theme, on_fire=partial(self.turn, by))
            button.pos, button.size = (left, box.y), (side, box.height)
            self.add_widget(button)
        label = Words(
            theme=self.theme,
            text=words(Text("page.of", {"page": self.page + 1, "pages": self.pages})),
            bold=True,
            halign="center",
            colour=self.theme.palette[Role.PAGE].ink,
            largest_mm=self.theme.body_mm,
        )
        label.pos, label.size = (box.x + side, box.y), (box.width - 2 * side, box.height)
        self.add_widget(label)

    def _corner(self, box: Box) -> None:
        actions = self.view.corner
        if not actions:
            return
        gap = self.theme.gap
        height = min(self.theme.px(CORNER_HEIGHT_MM), (box.height - gap * (len(actions) - 1)) / len(actions))
        capitals = self._corner_capitals(actions, box.width, height)
        for index, action in enumerate(actions):
            low = box.y + (len(actions) - 1 - index) * (height + gap)
            self._button(action, Box(box.x, low, box.width, height), capitals, wide=False)

    def _corner_capitals(self, actions: Sequence[Action], width: float, height: float) -> float:
        """One letter size for the whole column: the largest at which every label stays on one line."""
        theme = self.theme
        pad = theme.px(1.5)
        across, along = width - 2 * pad - 1, (height - 2 * pad) * (1 - PICTURE_SHARE) - pad / 2
        labels = [self.context.words(action.label) for action in actions]
        capitals = min(theme.body_mm, 5.0)
        while capitals > theme.least_mm:
            blocks = [self.context.block(label, capitals, across, bold=True) for label in labels]
            if all(len(block.lines) == 1 and block.height <= along for block in blocks):
                break
            capitals = max(theme.least_mm, capitals * SHRINK)
        return capitals

    def _button(
        self, action: Action, box: Box, capitals_mm: float, *, wide: bool, pictured: bool = True
    ) -> None:
        face = Face(
            id=action.id,
            words=self.context.words(action.label),
            spoken=(action.label,),
            pictogram=action.pictogram if pictured else "",
            role=Role(action.style.value),
            largest_mm=capitals_mm,
            enabled=action.enabled,
            wide=wide,
        )
        button = TouchButton(face=face, theme=self.theme, on_fire=lambda: self._press(action.id))
        button.pos, button.size = (box.x, box.y), (box.width, box.height)
        self.add_widget(button)

    def _press(self, action_id: str) -> None:
        """The newest view's event for this button: it may have changed while the button stayed."""
        for action in (*self.view.actions, *self.view.corner):
            if action.id == action_id:
                if isinstance(self.body, Capture):
                    self.body.pressed(action_id)
                self.context.press(action)
                return


def _targets(widget: Widget) -> Iterator[Target]:
    for child in reversed(widget.children):
        if isinstance(child, Target):
            yield child
        else:
            yield from _targets(child)
