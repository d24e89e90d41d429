"""The attract screen: a picture and a line. The languages are the screen's own buttons."""

from __future__ import annotations

from kiosk.app.views import ChooseBody
from kiosk.ui.screens.body import Body, Box, Context
from kiosk.ui.theme import Role
from kiosk.ui.typeset import pages
from kiosk.ui.widgets.drawing import Pictogram

_PICTURES = ("face", "signature", "hand", "eye")


class Choose(Body):
    def __init__(self, context: Context, content: ChooseBody) -> None:
        super().__init__(context)
        self.content = content

    def place(self, page: int) -> int:
        self.emptied()
        theme, box = self.context.theme, self.box
        texts = [self.context.words(line) for line in self.content.lines]
        blocks = [self.context.block(text, theme.body_mm, box.width) for text in texts]
        words = sum(block.height for block in blocks) + theme.gap * len(blocks)
        side = min(box.height - words - theme.gap, theme.px(34), (box.width - 3 * theme.gap) / 4)
        paged = pages([block.height for block in blocks], box.height, theme.gap)
        if side >= theme.px(12):
            self._pictures(box, side)
            paged = (tuple(range(len(texts))),) if texts else ()
            top = box.top - side - 2 * theme.gap
        else:
            top = box.top
        for index in paged[page] if paged else ():
            height = min(blocks[index].height, top - box.y)
            self.write(texts[index], Box(box.x, top - height, box.width, height), theme.body_mm, valign="top")
            top -= height + theme.gap
        return max(1, len(paged))

    def _pictures(self, box: Box, side: float) -> None:
        theme = self.context.theme
        for index, name in enumerate(_PICTURES):
            place = Box(box.x + index * (side + 2 * theme.gap), box.top - side, side, side)
            self.card(place)
            inner = place.inset(side * 0.14)
            self.add_widget(
                Pictogram(
                    name=name,
                    colour=theme.palette[Role.SECONDARY].ink,
                    pos=(inner.x, inner.y),
                    size=(inner.width, inner.height),
                )
            )
