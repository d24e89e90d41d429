"""Face image records, ISO/IEC 19794-5:2011: one frontal colour portrait as JPEG.

General header (table 2, 17 bytes): "FAC", "030", record length, representations, certification
flag, temporal semantics. Representation header: the shared head, facial information (17 bytes), no
landmarks, image information (11 bytes); then a length and the image.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from kiosk.packet.records.codestream import Codec, checked_image
from kiosk.packet.records.reader import MalformedRecordError, Reader, RecordFault
from kiosk.packet.records.representation import Head, decode_head, encode_head, sized

_BASIC_IMAGE = 0
_JPEG = 0
_RGB_24_BIT = 1
_SEXES = (0, 1, 2)


@dataclass(frozen=True, slots=True)
class FaceRecord:
    """sex: 0 unspecified, 1 male, 2 female (table 6). image: JPEG, width x height pixels."""

    head: Head
    sex: int
    width: int
    height: int
    image: bytes


def encode_face(record: FaceRecord) -> bytes:
    """Eye and hair colour, height, features, expression and pose are coded as unspecified."""
    facial = struct.pack(">HB14x", 0, record.sex)
    image = struct.pack(
        ">BBHHBHBBI",
        _BASIC_IMAGE,
        _JPEG,
        record.width,
        record.height,
        0,
        0,
        0,
        _RGB_24_BIT,
        len(record.image),
    )
    general = struct.pack(">HBH", 1, 0, 0)
    return sized(b"FAC\x00030\x00", encode_head(record.head) + facial + image + record.image, tail=general)


def decode_face(data: bytes) -> FaceRecord | RecordFault:
    try:
        return _decode(Reader(data))
    except MalformedRecordError as error:
        return error.fault


def _decode(reader: Reader) -> FaceRecord:
    reader.expect(b"FAC\x00", "format identifier")
    reader.expect(b"030\x00", "version")
    reader.length_to_end("record length", counted_from=0)
    reader.expect(b"\x00\x01", "number of representations")
    reader.expect(b"\x00", "certification flag")
    reader.expect(b"\x00\x00", "temporal semantics")
    reader.length_to_end("representation length", counted_from=reader.offset)
    head = decode_head(reader)
    reader.expect(b"\x00\x00", "number of landmarks")
    sex = reader.one_of(_SEXES, 1, "gender")
    reader.expect(bytes(14), "facial information")
    reader.one_of((_BASIC_IMAGE,), 1, "face image type")
    reader.one_of((_JPEG,), 1, "image data type")
    width, height = reader.uint(2, "image width"), reader.uint(2, "image height")
    reader.expect(bytes(4), "sampling rate level, post-acquisition processing, cross reference")
    reader.one_of((_RGB_24_BIT,), 1, "colour space")
    image = checked_image(reader, Codec.JPEG, width=width, height=height)
    return FaceRecord(head, sex, width, height, image)
