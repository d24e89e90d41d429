"""Iris image records, ISO/IEC 19794-6:2011: one uncropped, losslessly compressed image of one eye.

General header (table 3, 16 bytes): "IIR", "020", record length, representations, certification
flag, eyes represented. Representation header (table 4): the shared head, number, eye label, image
type and format, properties, size, depth, range, roll, and the iris' centre and diameter.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from kiosk.packet.records.codestream import Codec, checked_image
from kiosk.packet.records.reader import MalformedRecordError, Reader, RecordFault
from kiosk.packet.records.representation import Head, decode_head, encode_head, sized

_UNCROPPED = 1
_UPRIGHT_LOSSLESS = 0x55  # base orientations, progressive scan, no earlier lossy compression
_UNDEFINED_GEOMETRY = bytes(2) + b"\xff" * 4 + bytes(12)  # range; roll and its uncertainty; centre, diameter
_EYES = (1, 2)


class ImageFormat(IntEnum):
    """Table 4, monochrome and lossless only."""

    JPEG2000 = 0x0A
    PNG = 0x0E


_CODECS = {ImageFormat.JPEG2000: Codec.JPEG2000, ImageFormat.PNG: Codec.PNG}


@dataclass(frozen=True, slots=True)
class IrisRecord:
    """eye: 1 the subject's right, 2 left. image: 8-bit grey, width x height pixels."""

    head: Head
    eye: int
    image_format: ImageFormat
    width: int
    height: int
    image: bytes


def encode_iris(record: IrisRecord) -> bytes:
    """Range, roll, centre and diameter are coded as undefined: the centre measures them again."""
    fields = struct.pack(
        ">HBBBBHHB18sI",
        1,
        record.eye,
        _UNCROPPED,
        record.image_format,
        _UPRIGHT_LOSSLESS,
        record.width,
        record.height,
        8,
        _UNDEFINED_GEOMETRY,
        len(record.image),
    )
    general = struct.pack(">HBB", 1, 0, 1)
    return sized(b"IIR\x00020\x00", encode_head(record.head) + fields + record.image, tail=general)


def decode_iris(data: bytes) -> IrisRecord | RecordFault:
    try:
        return _decode(Reader(data))
    except MalformedRecordError as error:
        return error.fault


def _decode(reader: Reader) -> IrisRecord:
    reader.expect(b"IIR\x00", "format identifier")
    reader.expect(b"020\x00", "version")
    reader.length_to_end("record length", counted_from=0)
    reader.expect(b"\x00\x01", "number of representations")
    reader.expect(b"\x00", "certification flag")
    reader.expect(b"\x01", "number of eyes")
    reader.length_to_end("representation length", counted_from=reader.offset)
    head = decode_head(reader)
    reader.expect(b"\x00\x01", "representation number")
    eye = reader.one_of(_EYES, 1, "eye label")
    reader.one_of((_UNCROPPED,), 1, "image type")
    image_format = ImageFormat(reader.one_of(tuple(ImageFormat), 1, "image format"))
    reader.one_of((_UPRIGHT_LOSSLESS,), 1, "image properties")
    width, height = reader.uint(2, "image width"), reader.uint(2, "image height")
    reader.one_of((8,), 1, "bit depth")
    reader.expect(_UNDEFINED_GEOMETRY, "range, roll, centre and diameter")
    image = checked_image(reader, _CODECS[image_format], width=width, height=height)
    return IrisRecord(head, eye, image_format, width, height, image)
