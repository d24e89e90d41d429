"""A pictogram and a few sentences, with movement or a bar while something is under way."""

from __future__ import annotations

from kivy.graphics import Color, Rectangle

from kiosk.app.views import MessageBody
from kiosk.ui.screens.body import Body, Box, Context
from kiosk.ui.theme import Role
from kiosk.ui.typeset import pages
from kiosk.ui.widgets.bars import Bar, Busy
from kiosk.ui.widgets.drawing import Pictogram
from kiosk.ui.widgets.preview import blit, upright_texture


class Message(Body):
    def __init__(self, context: Context, content: MessageBody) -> None:
        super().__init__(context)
        self.content = content
        self._busy: Busy | None = None
        self._bar: Bar | None = None

    def place(self, page: int) -> int:
        self.emptied()
        theme = self.context.theme
        box = self._with_movement(self._with_picture(self.box))
        texts = [self.context.words(line) for line in self.content.lines]
        blocks = [self.context.block(text, theme.body_mm, box.width) for text in texts]
        space = theme.px(theme.body_mm * 0.9)
        paged = pages([block.height for block in blocks], box.height, space)
        shown = paged[page] if paged else ()
        tall = sum(blocks[i].height for i in shown) + space * max(0, len(shown) - 1)
        top = box.top - max(0.0, (box.height - tall) / 2 if len(paged) == 1 else 0.0)
        for index in shown:
            height = min(blocks[index].height, box.height)
            self.write(texts[index], Box(box.x, top - height, box.width, height), theme.body_mm, valign="top")
            top -= height + space
        return max(1, len(paged))

    def update(self, content: MessageBody) -> None:
        self.content = content
        if self._bar is not None:
            self._bar.share = content.share_done or 0.0

    def refresh(self) -> None:
        if self._busy is not None:
            self._busy.advance()

    def _with_picture(self, box: Box) -> Box:
        theme = self.context.theme
        if self.content.picture:
            return self._with_image(box)
        side = min(box.height, theme.px((44, 40, 30, 24)[theme.text_step]), box.width * 0.28)
        if not self.content.pictogram:
            return box
        place = Box(box.x, box.y + (box.height - side) / 2, side, side)
        self.card(place)
        inner = place.inset(side * 0.15)
        self.add_widget(
            Pictogram(
                name=self.content.pictogram,
                colour=theme.palette[Role.SECONDARY].ink,
                pos=(inner.x, inner.y),
                size=(inner.width, inner.height),
            )
        )
        left = place.right + theme.px(6)
        return Box(left, box.y, box.right - left, box.height)

    def _with_image(self, box: Box) -> Box:
        theme = self.context.theme
        side = min(box.height, box.width * 0.5)
        place = Box(box.x, box.y + (box.height - side) / 2, side, side)
        pixels = self.context.port.image(self.content.picture)
        if pixels is not None:
            texture = upright_texture(pixels.shape[1], pixels.shape[0], "rgb")
            texture.mag_filter = "nearest"  # the modules of a code keep their edges
            blit(texture, pixels, "rgb")
            with self.canvas:
                Color(1, 1, 1, 1)
                Rectangle(texture=texture, pos=(place.x, place.y), size=(side, side))
        left = place.right + theme.px(6)
        return Box(left, box.y, box.right - left, box.height)

    def _with_movement(self, box: Box) -> Box:
        theme = self.context.theme
        height = theme.px(7)
        if not self.content.busy and self.content.share_done is None:
            return box
        place = Box(box.x, box.y, box.width, height)
        if self.content.share_done is not None:
            self._bar = Bar(theme=theme, pos=(place.x, place.y), size=(place.width, place.height))
            self._bar.share = self.content.share_done
            self.add_widget(self._bar)
        else:
            self._busy = Busy(theme=theme, pos=(place.x, place.y), size=(theme.px(45), place.height))
            self.add_widget(self._busy)
        return Box(box.x, place.top + theme.gap, box.width, box.height - height - theme.gap)
