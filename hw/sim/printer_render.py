"""A printed slip as a picture, dot for dot on an 80 mm roll at 203 dpi."""

from __future__ import annotations

import io

import numpy as np
import segno
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from hw.sim.printer_paper import Element, Feed, Picture, PrintedSlip, QrCode, TextLine

WIDTH_DOTS = 576
CHARACTER_WIDTH, CHARACTER_HEIGHT = 12, 24
"""Font A."""
LINE_PITCH = 30
"""Default line spacing, 1/6 inch."""
MARGIN = 24

Dots = NDArray[np.bool_]


def render_png(slip: PrintedSlip) -> bytes:
    strips = [_strip(element) for element in slip.elements]
    blank = np.zeros((MARGIN, WIDTH_DOTS), dtype=np.bool_)
    paper = np.vstack([blank, *strips, blank])
    picture = Image.fromarray(np.where(np.pad(paper, ((0, 0), (MARGIN, MARGIN))), 0, 255).astype(np.uint8))
    out = io.BytesIO()
    picture.save(out, format="PNG")
    return out.getvalue()


def _strip(element: Element) -> Dots:
    match element:
        case Feed(lines=lines):
            return np.zeros((lines * LINE_PITCH, WIDTH_DOTS), dtype=np.bool_)
        case TextLine():
            return _aligned(_text(element), element.style.align)
        case QrCode():
            return _aligned(_qr(element), element.style.align)
        case Picture():
            return _aligned(element.dots, element.style.align)


def _aligned(dots: Dots, align: str) -> Dots:
    """What does not fit on the roll is lost at its right edge, as on a printer."""
    dots = dots[:, :WIDTH_DOTS]
    free = WIDTH_DOTS - dots.shape[1]
    left = {"left": 0, "center": free // 2, "right": free}[align]
    return np.pad(dots, ((0, 0), (left, free - left)))


def _text(line: TextLine) -> Dots:
    """Every character centred in its cell: the roll's grid is what counts, not the typeface."""
    cells = Image.new("1", (max(1, len(line.text)) * CHARACTER_WIDTH, LINE_PITCH), 0)
    draw = ImageDraw.Draw(cells)
    font = ImageFont.load_default(size=19)
    for index, character in enumerate(line.text):
        centre = index * CHARACTER_WIDTH + CHARACTER_WIDTH // 2
        draw.text((centre, CHARACTER_HEIGHT), character, fill=1, font=font, anchor="ms")
        if line.style.bold:
            draw.text((centre + 1, CHARACTER_HEIGHT), character, fill=1, font=font, anchor="ms")
    dots = np.asarray(cells, dtype=np.bool_)
    return dots.repeat(line.style.height, axis=0).repeat(line.style.width, axis=1)


def _qr(code: QrCode) -> Dots:
    symbol = segno.make_qr(code.text, error=code.level)
    modules = np.array(list(symbol.matrix_iter(border=4)), dtype=np.bool_)
    return modules.repeat(code.module_dots, axis=0).repeat(code.module_dots, axis=1)
