"""Structure of the compressed images inside records, read without decoding a pixel.

A centre reads records that strangers may have made. Walking markers, lengths and check sums in
Python tells a whole image from a damaged one without giving the bytes to an image library.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import StrEnum

from kiosk.packet.records.reader import MalformedRecordError, Reader, RecordFault


class Codec(StrEnum):
    WSQ = "wsq"
    PNG = "png"
    JPEG = "jpeg"
    JPEG2000 = "jpeg2000"


@dataclass(frozen=True, slots=True)
class ImageSize:
    width: int
    height: int


def image_size(data: bytes, codec: Codec) -> ImageSize | RecordFault:
    """Walks the whole image structure. The fault's offset counts from the image's first byte."""
    reader = Reader(data)
    walk = {
        Codec.WSQ: _walk_wsq,
        Codec.PNG: _walk_png,
        Codec.JPEG: _walk_jpeg,
        Codec.JPEG2000: _walk_jpeg2000,
    }[codec]
    try:
        size = walk(reader)
        reader.finish()
    except MalformedRecordError as error:
        return error.fault
    return size


def checked_image(reader: Reader, codec: Codec, *, width: int, height: int) -> bytes:
    """The image data block that ends a record: a four-byte length, then an image of this size."""
    reader.length_to_end("image data length", counted_from=reader.offset + 4)
    start = reader.offset
    data = reader.take(reader.remaining, "image data")
    size = image_size(data, codec)
    if isinstance(size, RecordFault):
        raise MalformedRecordError(RecordFault(start + size.offset, f"{codec} image: {size.reason}"))
    if size != ImageSize(width, height):
        reason = f"{codec} image is {size.width}x{size.height}, the header says {width}x{height}"
        raise MalformedRecordError(RecordFault(start, reason))
    return data


def _walk_png(reader: Reader) -> ImageSize:
    """ISO/IEC 15948: signature, then chunks of length, type, data, CRC-32, from IHDR to IEND."""
    reader.expect(b"\x89PNG\r\n\x1a\n", "PNG signature")
    size: ImageSize | None = None
    while True:
        length = reader.uint(4, "chunk length")
        body = reader.take(length + 4, "chunk")
        crc = reader.uint(4, "chunk check sum")
        if crc != zlib.crc32(body):
            raise reader.fail("chunk check sum does not match", back=length + 12)
        kind = body[:4]
        if size is None:
            if kind != b"IHDR" or length != 13:
                raise reader.fail("first chunk is not IHDR", back=length + 12)
            size = ImageSize(*struct.unpack(">II", body[4:12]))
        if kind == b"IEND":
            return size


_WSQ_SOI, _WSQ_EOI, _WSQ_SOF, _WSQ_SOB = 0xFFA0, 0xFFA1, 0xFFA2, 0xFFA3
_WSQ_TABLES = (0xFFA4, 0xFFA5, 0xFFA6, 0xFFA7, 0xFFA8)


def _walk_wsq(reader: Reader) -> ImageSize:
    """FBI IAFIS-IC-0110: SOI, tables, SOF, entropy-coded blocks, EOI."""
    reader.one_of((_WSQ_SOI,), 2, "WSQ start of image")
    size: ImageSize | None = None
    while True:
        marker = reader.one_of((*_WSQ_TABLES, _WSQ_SOF, _WSQ_SOB, _WSQ_EOI), 2, "WSQ marker")
        if marker == _WSQ_EOI:
            if size is None:
                raise reader.fail("WSQ image ends before its frame header", back=2)
            return size
        segment = _segment(reader, "WSQ segment")
        if marker == _WSQ_SOF:
            size = _frame_size(reader, segment, before=2)
        if marker == _WSQ_SOB:
            _skip_entropy_coded(reader)


_JPEG_SOF = {0xFFC0, 0xFFC1, 0xFFC2}
_JPEG_SOI, _JPEG_EOI, _JPEG_SOS = 0xFFD8, 0xFFD9, 0xFFDA


def _walk_jpeg(reader: Reader) -> ImageSize:
    """ISO/IEC 10918-1 annex B: SOI, segments, SOF0..2, scans, EOI."""
    reader.one_of((_JPEG_SOI,), 2, "JPEG start of image")
    size: ImageSize | None = None
    while True:
        marker = reader.uint(2, "JPEG marker")
        if marker == _JPEG_EOI:
            if size is None:
                raise reader.fail("JPEG image ends before its frame header", back=2)
            return size
        if not 0xFFC0 <= marker <= 0xFFFE:
            raise reader.fail(f"{marker:#06x} is no JPEG marker", back=2)
        segment = _segment(reader, "JPEG segment")
        if marker in _JPEG_SOF:
            size = _frame_size(reader, segment, before=1)
        if marker == _JPEG_SOS:
            _skip_entropy_coded(reader, restarts=range(0xD0, 0xD8))


def _walk_jpeg2000(reader: Reader) -> ImageSize:
    """ISO/IEC 15444-1 annex I: the boxes of a JP2 file, whose ihdr holds the size; EOC ends the codestream."""
    reader.expect(b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JP2 signature box")
    size: ImageSize | None = None
    while reader.remaining:
        length, kind = reader.uint(4, "box length"), reader.take(4, "box type")
        body = reader.take(length - 8 if length >= 8 else reader.remaining, "box")
        if kind == b"jp2h":
            if body[4:8] != b"ihdr" or len(body) < 22:
                raise reader.fail("jp2h does not begin with ihdr", back=len(body))
            height, width = struct.unpack(">II", body[8:16])
            size = ImageSize(width, height)
        if kind == b"jp2c":
            if size is None:
                raise reader.fail("codestream comes before its header", back=len(body))
            if not (body.startswith(b"\xff\x4f\xff\x51") and body.endswith(b"\xff\xd9")):
                raise reader.fail("codestream does not run from SOC to EOC", back=len(body))
            return size
    raise reader.fail("no codestream box")


def _segment(reader: Reader, name: str) -> bytes:
    length = reader.uint(2, f"{name} length")
    if length < 2:
        raise reader.fail(f"{name} length is {length}, must be at least 2", back=2)
    return reader.take(length - 2, name)


def _frame_size(reader: Reader, segment: bytes, *, before: int) -> ImageSize:
    """Height and width stand `before` bytes into a JPEG or WSQ frame header."""
    if len(segment) < before + 4:
        raise reader.fail("frame header is too short", back=len(segment))
    height, width = struct.unpack_from(">HH", segment, before)
    return ImageSize(width, height)


def _skip_entropy_coded(reader: Reader, restarts: range = range(0)) -> None:
    """Stands before the next marker. In coded data 0xFF is followed by a stuffed zero or a restart."""
    while True:
        reader.skip_past(b"\xff", "coded data")
        following = reader.uint(1, "coded data")
        if following and following not in restarts:
            reader.offset -= 2
            return
