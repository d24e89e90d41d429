"""ISO/IEC 19794-4:2011 and 19794-6:2011 records of one picture, as a scanner writes them."""

from __future__ import annotations

import io
import struct
from datetime import UTC, datetime
from enum import Enum
from typing import Final

import cv2
import numpy as np
import wsq  # noqa: F401 - registers WSQ with Pillow
from numpy.typing import NDArray
from PIL import Image

_GENERAL_BYTES: Final = 16
_PPI: Final = 500
_PIXELS_PER_INCH: Final = 1
_OPTICAL_TIR: Final = 4  # 19794-4 table: monochromatic visible light, total internal reflection
_CMOS: Final = 1  # 19794-6: CMOS or CCD sensor
_LIVE_SCAN_PLAIN: Final = 0
_UNCROPPED: Final = 1
_MONO_JPEG_2000: Final = 0x0A
_UPRIGHT_LOSSLESS: Final = 0x01 | 0x01 << 2 | 0x01 << 6  # orientation base, base, lossless
_UNDEFINED: Final = 0xFFFF


class FingerCoding(Enum):
    """Values: 19794-4:2011 compression codes."""

    WSQ = 2
    JPEG_2000_LOSSLESS = 5


def finger_record(
    pixels: NDArray[np.uint8], *, position: int, score: int, coding: FingerCoding, coded: bytes | None = None
) -> bytes:
    """pixels: uint8 (height, width) at 500 ppi. coded: stands in for the coded picture."""
    if coded is None:
        coded = encode_wsq(pixels) if coding is FingerCoding.WSQ else encode_jpeg2000(pixels)
    height, width = pixels.shape
    own = struct.pack(
        ">BBBHHHHBBBHHI",
        position,
        1,
        _PIXELS_PER_INCH,
        _PPI,
        _PPI,
        _PPI,
        _PPI,
        8,
        coding.value,
        _LIVE_SCAN_PLAIN,
        width,
        height,
        len(coded),
    )
    return _record(b"FIR\0", _OPTICAL_TIR, score, own + coded)


def iris_record(pixels: NDArray[np.uint8], *, position: int, score: int, coded: bytes | None = None) -> bytes:
    """pixels: uint8 (height, width). position: 1 right, 2 left. coded: stands in for the coded picture."""
    if coded is None:
        coded = encode_jpeg2000(pixels)
    height, width = pixels.shape
    own = struct.pack(
        ">HBBBBHHBHHHHHHHHHI",
        1,
        position,
        _UNCROPPED,
        _MONO_JPEG_2000,
        _UPRIGHT_LOSSLESS,
        width,
        height,
        8,
        0,  # range unassigned
        _UNDEFINED,
        _UNDEFINED,
        *(0,) * 6,  # centre and diameter not computed
        len(coded),
    )
    return _record(b"IIR\0", _CMOS, score, own + coded)


def encode_jpeg2000(pixels: NDArray[np.uint8]) -> bytes:
    """Lossless: the rate is left at 1:1 and OpenCV's coder is the reversible 5/3 wavelet."""
    done, coded = cv2.imencode(".jp2", pixels, [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000])
    if not done:
        raise ValueError("the picture cannot be coded as JPEG 2000")
    return coded.tobytes()


def encode_wsq(pixels: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "WSQ")
    return buffer.getvalue()


def _record(identifier: bytes, technology: int, score: int, own: bytes) -> bytes:
    now = datetime.now(UTC)
    time = struct.pack(
        ">HBBBBBH", now.year, now.month, now.day, now.hour, now.minute, now.second, now.microsecond // 1000
    )
    quality = struct.pack(">BBHH", 1, score, 0, 0)  # one block, algorithm unregistered
    body = time + struct.pack(">BHH", technology, 0, 0) + quality + own
    length = 4 + len(body)
    general = identifier + b"020\0" + struct.pack(">IHBB", _GENERAL_BYTES + length, 1, 0, 1)
    return general + struct.pack(">I", length) + body
