"""ISO/IEC 19794-6:2011 iris image record of one uncropped picture, JPEG 2000 without loss."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hw.api import Eye

_GENERAL: Final = struct.Struct(">4s4sIHBB")
_CAPTURED: Final = struct.Struct(">HBBBBBH")
_DEVICE: Final = struct.Struct(">BHHB")
_IMAGE: Final = struct.Struct(">HBBBBHHBHHHHHHHHHI")
_CMOS: Final = 0x01
_UNCROPPED: Final = 0x01
_MONO_JPEG_2000: Final = 0x0A
_UPRIGHT_LOSSLESS: Final = 0x01 | 0x01 << 2 | 0x01 << 6
"""Image properties: orientation base across and down, compressed without loss."""

_UNASSIGNED: Final = 0
_UNDEFINED_ANGLE: Final = 0xFFFF


def iris_record(pixels: NDArray[np.uint8], eye: Eye, *, taken: datetime) -> bytes:
    """pixels: uint8 (height, width). taken: aware. No quality block: the camera judges nothing."""
    done, coded = cv2.imencode(".jp2", pixels, [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000])
    if not done:
        raise ValueError("the picture cannot be coded as JPEG 2000")
    height, width = pixels.shape
    utc = taken.astimezone(UTC)
    moment = _CAPTURED.pack(
        utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second, utc.microsecond // 1000
    )
    image = _IMAGE.pack(
        1,
        eye,
        _UNCROPPED,
        _MONO_JPEG_2000,
        _UPRIGHT_LOSSLESS,
        width,
        height,
        8,
        _UNASSIGNED,
        *(_UNDEFINED_ANGLE, _UNDEFINED_ANGLE),
        *(0,) * 6,  # iris centre and diameters: not looked for
        len(coded),
    )
    body = moment + _DEVICE.pack(_CMOS, _UNASSIGNED, _UNASSIGNED, 0) + image + coded.tobytes()
    length = 4 + len(body)
    head = _GENERAL.pack(b"IIR\0", b"020\0", _GENERAL.size + length, 1, 0, 1)
    return head + struct.pack(">I", length) + body
