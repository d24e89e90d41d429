"""A slip as ESC/POS bytes.

Source: Epson ESC/POS Command Reference. The dozen commands a slip needs are the same in python-escpos,
which the tests compare with; at run time it would leave a temporary folder behind at every start
and configure everybody's logging.
"""

from __future__ import annotations

import struct
import textwrap
from dataclasses import dataclass

import numpy as np
import segno

from hw.api import Slip

QR_MODULE_DOTS = 6
"""Dots a module: 0.75 mm at 203 dpi, wide enough for a phone's camera and a hand scanner."""

INITIALISE = b"\x1b@"
CODE_PAGE_437 = b"\x1bt\x00"
LEFT, CENTER = b"\x1ba\x00", b"\x1ba\x01"
DOUBLE_SIZE, NORMAL_SIZE = b"\x1b!\x30", b"\x1b!\x00"
BOLD, NOT_BOLD = b"\x1bE\x01", b"\x1bE\x00"
FEED_AND_CUT = b"\x1bd\x06\x1dV\x00"
"""Six lines bring the last one past the knife."""

_TYPOGRAPHY = str.maketrans({"–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "…": "...", "·": "."})


@dataclass(frozen=True, slots=True)
class Paper:
    """columns: characters of font A across the roll, 48 or 42 on 80 mm and 32 on 58 mm paper.

    native_qr: False for printers without GS ( k, which get the code as a picture.
    """

    columns: int = 42
    native_qr: bool = True


def encode(slip: Slip, paper: Paper) -> bytes:
    """Heading in double size, lines wrapped at the roll's width, the QR code below, then a cut."""
    parts = [INITIALISE, CODE_PAGE_437, CENTER, DOUBLE_SIZE, BOLD]
    parts += _text(slip.heading, columns=paper.columns // 2)
    parts += [LEFT, NORMAL_SIZE, NOT_BOLD]
    for line in slip.lines:
        parts += _text(line, columns=paper.columns)
    if slip.qr:
        parts += [CENTER, qr_command(slip.qr) if paper.native_qr else _qr_picture(slip.qr), b"\n", LEFT]
    return b"".join([*parts, FEED_AND_CUT])


def qr_command(text: str) -> bytes:
    """GS ( k: model 2, module size, error correction M, the payload, print."""
    return b"".join(
        b"\x1d(k" + struct.pack("<H", len(body) + 1) + b"1" + body
        for body in (b"A2\x00", b"C" + bytes([QR_MODULE_DOTS]), b"E1", b"P0" + text.encode(), b"Q0")
    )


def _text(text: str, *, columns: int) -> list[bytes]:
    """Letters the code page lacks become question marks."""
    lines = textwrap.wrap(text.translate(_TYPOGRAPHY), columns) or [""]
    return [line.encode("cp437", "replace") + b"\n" for line in lines]


def _qr_picture(text: str) -> bytes:
    """The code as a raster image (GS v 0), with the quiet zone of 4 modules ISO/IEC 18004 asks for."""
    modules = np.array(list(segno.make_qr(text, error="m").matrix_iter(border=4)), dtype=np.uint8)
    dots = modules.repeat(QR_MODULE_DOTS, axis=0).repeat(QR_MODULE_DOTS, axis=1)
    rows = np.packbits(dots, axis=1)
    raster: bytes = rows.tobytes()
    return b"\x1dv0\x00" + struct.pack("<HH", rows.shape[1], rows.shape[0]) + raster
