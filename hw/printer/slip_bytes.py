"""A slip as ESC/POS bytes. python-escpos knows the commands; its Dummy printer collects them."""

from __future__ import annotations

import struct
import textwrap
from dataclasses import dataclass

import numpy as np
import segno
from escpos.constants import QR_ECLEVEL_M
from escpos.printer import Dummy

from hw.api import Slip

QR_MODULE_DOTS = 6
"""Dots a module: 0.75 mm at 203 dpi, wide enough for a phone's camera and a hand scanner."""


@dataclass(frozen=True, slots=True)
class Paper:
    """columns: characters of font A across the roll, 48 or 42 on 80 mm and 32 on 58 mm paper.

    native_qr: False for printers without GS ( k, which get the code as a picture.
    """

    columns: int = 42
    native_qr: bool = True


def encode(slip: Slip, paper: Paper) -> bytes:
    """Heading in double size, lines wrapped at the roll's width, the QR code below, then a cut."""
    printer = Dummy()
    printer.hw("INIT")
    printer.set(align="center", bold=True, double_width=True, double_height=True)
    _text(printer, slip.heading, columns=paper.columns // 2)
    printer.set(align="left", bold=False, normal_textsize=True)
    for line in slip.lines:
        _text(printer, line, columns=paper.columns)
    if slip.qr:
        printer.set(align="center")
        if paper.native_qr:
            printer.qr(slip.qr, ec=QR_ECLEVEL_M, size=QR_MODULE_DOTS, native=True)
        else:
            printer._raw(_qr_picture(slip.qr))
        printer.ln()
        printer.set(align="left")
    printer.cut()
    return bytes(printer.output)


def _text(printer: Dummy, text: str, *, columns: int) -> None:
    for line in textwrap.wrap(text, columns) or [""]:
        printer.textln(line)


def _qr_picture(text: str) -> bytes:
    """The code as a raster image (GS v 0), with the quiet zone of 4 modules ISO/IEC 18004 asks for."""
    modules = np.array(list(segno.make_qr(text, error="m").matrix_iter(border=4)), dtype=np.uint8)
    dots = modules.repeat(QR_MODULE_DOTS, axis=0).repeat(QR_MODULE_DOTS, axis=1)
    rows = np.packbits(dots, axis=1)
    raster: bytes = rows.tobytes()
    return b"\x1dv0\x00" + struct.pack("<HH", rows.shape[1], rows.shape[0]) + raster
