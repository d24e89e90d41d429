"""Finger image records, ISO/IEC 19794-4:2011: one live plain impression of one finger or one slap.

General header (table 2, 16 bytes): "FIR", "020", record length, representations, certification
flag, finger positions. Representation header (table 4): the shared head, position, number, scale
units, sampling rates, bit depth, compression, impression, line lengths; then the image.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from kiosk.packet.records.codestream import Codec, checked_image
from kiosk.packet.records.reader import MalformedRecordError, Reader, RecordFault
from kiosk.packet.records.representation import Head, decode_head, encode_head, sized

_PIXELS_PER_INCH = 1
_LIVE_PLAIN = 0
SLAPS = (13, 14, 15)
"""Right four fingers, left four fingers, both thumbs (table 6)."""

_POSITIONS = (*range(1, 11), *SLAPS)


class Compression(IntEnum):
    """Table 9."""

    WSQ = 2
    PNG = 6


_CODECS = {Compression.WSQ: Codec.WSQ, Compression.PNG: Codec.PNG}


@dataclass(frozen=True, slots=True)
class FingerRecord:
    """position: 1 to 10 or one of `SLAPS`, table 6. image: 8-bit grey, of this size, as `compression` says."""

    head: Head
    position: int
    dpi: int
    compression: Compression
    width: int
    height: int
    image: bytes


def encode_finger(record: FingerRecord) -> bytes:
    fields = struct.pack(
        ">BBBHHHHBBBHHI",
        record.position,
        0,
        _PIXELS_PER_INCH,
        record.dpi,
        record.dpi,
        record.dpi,
        record.dpi,
        8,
        record.compression,
        _LIVE_PLAIN,
        record.width,
        record.height,
        len(record.image),
    )
    general = struct.pack(">HBB", 1, 0, 1)
    return sized(b"FIR\x00020\x00", encode_head(record.head) + fields + record.image, tail=general)


def decode_finger(data: bytes) -> FingerRecord | RecordFault:
    try:
        return _decode(Reader(data))
    except MalformedRecordError as error:
        return error.fault


def _decode(reader: Reader) -> FingerRecord:
    reader.expect(b"FIR\x00", "format identifier")
    reader.expect(b"020\x00", "version")
    reader.length_to_end("record length", counted_from=0)
    reader.expect(b"\x00\x01", "number of representations")
    reader.expect(b"\x00", "certification flag")
    reader.expect(b"\x01", "number of positions")
    reader.length_to_end("representation length", counted_from=reader.offset)
    head = decode_head(reader)
    position = reader.one_of(_POSITIONS, 1, "finger position")
    reader.expect(b"\x00", "representation number")
    reader.one_of((_PIXELS_PER_INCH,), 1, "scale units")
    rates = {reader.uint(2, "sampling rate") for _ in range(4)}
    if len(rates) != 1:
        raise reader.fail("sampling rates of device and image differ", back=8)
    reader.one_of((8,), 1, "bit depth")
    compression = Compression(reader.one_of(tuple(Compression), 1, "compression"))
    reader.one_of((_LIVE_PLAIN,), 1, "impression type")
    width, height = reader.uint(2, "line length"), reader.uint(2, "number of lines")
    image = checked_image(reader, _CODECS[compression], width=width, height=height)
    return FingerRecord(head, position, rates.pop(), compression, width, height, image)
