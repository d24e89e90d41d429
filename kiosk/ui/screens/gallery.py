"""What was captured: small pictures with captions and marks, the person's data beside them."""

from __future__ import annotations

from typing import NamedTuple

from kivy.graphics import Color, RoundedRectangle
from kivy.uix.widget import Widget

from kiosk.app.views import GalleryBody, Text, Thumbnail
from kiosk.enrollment.positions import Position
from kiosk.ui.screens.body import Body, Box, Context
from kiosk.ui.screens.fields import columns_of
from kiosk.ui.theme import Role
from kiosk.ui.widgets.drawing import Pictogram
from kiosk.ui.widgets.marks import look_of
from kiosk.ui.widgets.preview import Picture, picture_of

CELL_MM = (38.0, 40.0, 52.0, 64.0)
"""Width of one picture with its caption, at each text step."""


FACE_MM = (40.0, 40.0, 34.0, 30.0)
"""Width of the face beside the person's data."""


class _Cell(NamedTuple):
    caption: float
    lines: float
    button: float


class Gallery(Body):
    def __init__(self, context: Context, content: GalleryBody) -> None:
        super().__init__(context)
        self.content = content
        self._awaited: dict[str, list[Picture]] = {}

    def place(self, page: int) -> int:
        """First the note where letters are large, then the data beside the face, then all pictures."""
        self.emptied()
        self._awaited.clear()
        theme, note = self.context.theme, self.content.note
        apart = note is not None and theme.text_step > 1
        box = self.box
        if note is not None and not apart:
            box = self._with_note(box, note)
        if note is not None and apart and page == 0:
            self.card(box, Role.ADVICE)
            ink = theme.palette[Role.ADVICE].ink
            self.write(self.context.words(note), box.inset(theme.px(3)), theme.body_mm, colour=ink)
        before = int(apart)
        before += self._data(box, page - before)
        before += self._thumbnails(box, page - before)
        self.refresh()
        return max(1, before)

    def _data(self, box: Box, page: int) -> int:
        """Pages of the person's data; draws the one asked for, if it is one of them."""
        if not self.content.fields:
            return 0
        theme = self.context.theme
        face = next(
            (item for item in self.content.thumbnails if item.position is Position.FACE and item.image), None
        )
        beside = theme.px(FACE_MM[theme.text_step]) if face else 0
        card = Box(box.x, box.y, box.width - beside - (theme.gap if beside else 0), box.height)
        columns = columns_of(self, self.content.fields, card.inset(theme.px(3)))
        if 0 <= page < columns.page_count:
            self.card(card)
            columns.place(page)
            if face:
                place = Box(card.right + theme.gap, box.y, beside, box.height)
                self.card(place)
                self._picture(face, place.inset(theme.px(1.5)))
        return columns.page_count

    def refresh(self) -> None:
        """Pictures come from the blob store in their own time."""
        for sha256, pictures in list(self._awaited.items()):
            pixels = self.context.port.image(sha256)
            if pixels is not None:
                texture = picture_of(pixels)
                for picture in pictures:
                    picture.show(texture)
                del self._awaited[sha256]

    def _thumbnails(self, box: Box, page: int) -> int:
        theme, items = self.context.theme, self.content.thumbnails
        if not items:
            return 0
        columns = max(1, int((box.width + theme.gap) // (theme.px(CELL_MM[theme.text_step]) + theme.gap)))
        columns = min(columns, len(items))
        width = (box.width - theme.gap * (columns - 1)) / columns
        sizes = self._sizes(width)
        words = sizes.caption + sizes.lines + sizes.button
        least = words + theme.px(18)
        rows = max(1, int((box.height + theme.gap) // (least + theme.gap)))
        rows = min(rows, -(-len(items) // columns))
        height = (box.height - theme.gap * (rows - 1)) / rows
        per_page = rows * columns
        count = -(-len(items) // per_page)
        if not 0 <= page < count:
            return count
        start = page * per_page
        for offset, item in enumerate(items[start : start + per_page]):
            row, column = divmod(offset, columns)
            low = box.top - (row + 1) * height - row * theme.gap
            self._cell(item, Box(box.x + column * (width + theme.gap), low, width, height), sizes)
        return count

    def _sizes(self, width: float) -> _Cell:
        theme, context, items = self.context.theme, self.context, self.content.thumbnails
        inner = width - theme.px(3)
        caption = max(
            context.block(context.words(item.caption), theme.small_mm, inner).height for item in items
        )
        lines = max(
            sum(context.block(context.words(line), theme.least_mm, inner).height for line in item.lines)
            for item in items
        )
        button = theme.target + theme.px(1) if any(item.action for item in items) else 0.0
        return _Cell(caption + theme.px(1), lines, button)

    def _cell(self, item: Thumbnail, box: Box, sizes: _Cell) -> None:
        theme = self.context.theme
        self.card(box)
        inner = box.inset(theme.px(1.5))
        low = inner.y
        if item.action is not None:
            self.button(item.action, Box(inner.x, low, inner.width, theme.target), capitals_mm=theme.small_mm)
        low += sizes.button
        for line in reversed(item.lines):
            height = self.context.block(self.context.words(line), theme.least_mm, inner.width).height
            self.write(self.context.words(line), Box(inner.x, low, inner.width, height), theme.least_mm)
            low += height
        low = inner.y + sizes.button + sizes.lines
        self._caption(item, Box(inner.x, low, inner.width, sizes.caption))
        low += sizes.caption
        self._picture(item, Box(inner.x, low, inner.width, inner.top - low))

    def _caption(self, item: Thumbnail, box: Box) -> None:
        theme = self.context.theme
        ink = theme.palette[Role.CARD].ink
        self.write(self.context.words(item.caption), box, theme.small_mm, halign="center", colour=ink)

    def _picture(self, item: Thumbnail, box: Box) -> None:
        theme = self.context.theme
        look = look_of(item.mark, theme.palette)
        if item.image:
            picture = Picture(pos=(box.x, box.y), size=(box.width, box.height))
            self.add_widget(picture)
            self._awaited.setdefault(item.image, []).append(picture)
        elif item.lines == ():
            words = self.context.words(Text(f"mark.{item.mark.value}"))
            ink = theme.palette.muted
            self.write(words, box.inset(theme.px(1)), theme.least_mm, halign="center", colour=ink)
        if look.sign:
            self._badge(look.sign, look.edge, box)

    def _badge(self, sign: str, colour: tuple[float, float, float, float], box: Box) -> None:
        side = self.context.theme.px(7)
        place = Box(box.right - side, box.top - side, side, side)
        self.add_widget(_Badge(self, place, sign, colour))

    def _with_note(self, box: Box, note: Text) -> Box:
        theme = self.context.theme
        words = self.context.words(note)
        height = self.context.block(words, theme.small_mm, box.width).height
        self.write(words, Box(box.x, box.top - height, box.width, height), theme.small_mm, valign="top")
        return Box(box.x, box.y, box.width, box.height - height - theme.px(1.5))


class _Badge(Widget):
    """A sign on a ground of its own, over a picture's corner."""

    def __init__(self, body: Body, box: Box, sign: str, colour: tuple[float, float, float, float]) -> None:
        super().__init__()
        theme = body.context.theme
        with self.canvas.before:
            Color(rgba=theme.palette[Role.CARD].fill)
            RoundedRectangle(pos=(box.x, box.y), size=(box.width, box.height), radius=[box.width / 2])
        inner = box.inset(box.width * 0.18)
        self.add_widget(
            Pictogram(name=sign, colour=colour, pos=(inner.x, inner.y), size=(inner.width, inner.height))
        )
