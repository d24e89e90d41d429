"""From coded pictures to pixels: sizes are read and bounded before anything is decoded."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hw.api import FaultCode
from hw.sbi.failure import SbiFailure
from hw.sbi.records import Coding, ImageRecord

MAX_SIDE: Final = 4096
"""Pixels. A ten-print platen at 500 ppi is 1600 x 1500, an iris camera's field about 1280 x 960."""
_SIZ: Final = b"\xff\x4f\xff\x51"  # ISO/IEC 15444-1, A.4.1 and A.5.1: start of codestream, then SIZ
_WSQ_CHILD: Final = str(Path(__file__).with_name("wsq_child.py"))
_WSQ_SIZE: Final = struct.Struct(">II")
_WSQ_TIMEOUT_S: Final = 5.0
"""A hundred times what a finger takes."""


def decode_record(image: ImageRecord) -> NDArray[np.uint8]:
    """Read-only uint8 (height, width). SbiFailure BAD_RECORD when the picture is not what the record says."""
    size = (image.width, image.height)
    if not all(0 < side <= MAX_SIDE for side in size):
        raise _bad(f"a picture of {image.width} x {image.height} pixels is not accepted")
    if image.coding is Coding.RAW:
        pixels = _raw(image)
    elif image.coding is Coding.WSQ:
        pixels = _decode_wsq(image.data, size)
    else:
        coded = _jpeg2000_size(image.data) if image.coding is Coding.JPEG_2000 else _png_size(image.data)
        if coded != size:
            raise _bad("the picture's size is not the record's")
        pixels = _decode_cv2(image.data)
    if pixels.shape != (image.height, image.width) or pixels.dtype != np.uint8:
        raise _bad("the picture is not the grey picture the record says")
    pixels.setflags(write=False)
    return pixels


def decode_preview(jpeg: bytes) -> NDArray[np.uint8]:
    """Read-only uint8 (height, width), grey. SbiFailure BAD_ANSWER when it is no JPEG of sensible size."""
    width, height = _jpeg_size(jpeg)
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise SbiFailure(FaultCode.BAD_ANSWER, f"a preview of {width} x {height} pixels is not accepted")
    pixels = _cv2_or_none(jpeg, cv2.IMREAD_GRAYSCALE)
    if pixels is None:
        raise SbiFailure(FaultCode.BAD_ANSWER, "a preview picture that cannot be decoded")
    pixels.setflags(write=False)
    return pixels


def _raw(image: ImageRecord) -> NDArray[np.uint8]:
    if len(image.data) != image.width * image.height:
        raise _bad("the raw picture has another size than the record says")
    return np.frombuffer(image.data, np.uint8).reshape(image.height, image.width)


def _decode_wsq(data: bytes, size: tuple[int, int]) -> NDArray[np.uint8]:
    """In a child process: see `wsq_child`. About 60 ms a picture."""
    try:
        child = subprocess.run(
            [sys.executable, "-I", _WSQ_CHILD],
            input=data,
            capture_output=True,
            timeout=_WSQ_TIMEOUT_S,
            check=True,
        )
    except subprocess.SubprocessError as error:
        raise _bad("the WSQ picture cannot be decoded") from error
    width, height = size
    head, pixels = child.stdout[: _WSQ_SIZE.size], child.stdout[_WSQ_SIZE.size :]
    if head != _WSQ_SIZE.pack(width, height) or len(pixels) != width * height:
        raise _bad("the picture's size is not the record's")
    return np.frombuffer(pixels, np.uint8).reshape(height, width)


def _decode_cv2(data: bytes) -> NDArray[np.uint8]:
    pixels = _cv2_or_none(data, cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise _bad("the picture cannot be decoded")
    return pixels


def _cv2_or_none(data: bytes, flags: int) -> NDArray[np.uint8] | None:
    try:
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:
        return None
    return None if decoded is None or decoded.dtype != np.uint8 else decoded.astype(np.uint8, copy=False)


def _jpeg2000_size(data: bytes) -> tuple[int, int]:
    """ISO/IEC 15444-1, A.5.1: the SIZ marker's reference grid less its offset."""
    at = data.find(_SIZ)
    try:
        x_end, y_end, x_start, y_start = struct.unpack_from(">IIII", data, at + len(_SIZ) + 4)
    except struct.error:
        at = -1
    if at < 0:
        raise _bad("not a JPEG 2000 picture")
    return x_end - x_start, y_end - y_start


def _png_size(data: bytes) -> tuple[int, int]:
    if not data.startswith(b"\x89PNG\r\n\x1a\n") or len(data) < 24:
        raise _bad("not a PNG picture")
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """ITU-T T.81, B.2.2: the frame header's size, found by walking the marker segments."""
    at = 2
    try:
        while data[:2] == b"\xff\xd8":
            marker, length = struct.unpack_from(">HH", data, at)
            if marker >> 8 != 0xFF:
                break
            if 0xFFC0 <= marker <= 0xFFCF and marker not in (0xFFC4, 0xFFC8, 0xFFCC):
                height, width = struct.unpack_from(">HH", data, at + 5)
                return width, height
            at += 2 + length
    except struct.error:
        pass
    raise SbiFailure(FaultCode.BAD_ANSWER, "a preview picture that is no JPEG")


def _bad(detail: str) -> SbiFailure:
    return SbiFailure(FaultCode.BAD_RECORD, detail)
