"""Finger minutiae records, ISO/IEC 19794-2:2005: one finger's template, six bytes a minutia.

The edition of 2005 because it is the one that the matchers in the field read, NIST's and SourceAFIS among
them. Header (24 bytes): "FMR", " 20", record length, capture equipment, image size, resolution, views,
one reserved byte. View: position, view number and impression, quality, count; the minutiae; no
extended data.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from kiosk.enrollment.minutiae import Minutia, MinutiaType, Template
from kiosk.packet.records.reader import MalformedRecordError, Reader, RecordFault

_HEADER = struct.Struct(">4s4sIHHHHHBB")
_VIEW = struct.Struct(">BBBB")
_MINUTIA = struct.Struct(">HHBB")
_NO_EXTENDED_DATA = b"\x00\x00"
_UNSPECIFIED_EQUIPMENT = 0
_PIXELS_PER_CM = 197  # 500 ppi
_FIRST_VIEW_LIVE_PLAIN = 0
_MOST, _WIDEST = 255, (1 << 14) - 1
_FINGERS, _QUALITIES, _ANGLES = range(1, 11), range(101), range(256)


@dataclass(frozen=True, slots=True)
class TemplateRecord:
    """position: 1 to 10, table 2. quality: of the finger, 0 to 100. template: of an image at 500 ppi."""

    position: int
    quality: int
    template: Template


def encode_template(record: TemplateRecord) -> bytes:
    """Raises ValueError beyond 255 minutiae, 14-bit coordinates or a quality of 100."""
    template = record.template
    count, width, height = len(template.minutiae), template.width, template.height
    if count > _MOST:
        raise ValueError(f"a record holds at most {_MOST} minutiae, not {count}")
    if not (0 < width <= _WIDEST and 0 < height <= _WIDEST):
        raise ValueError(f"an image of {width}x{height} does not fit a record")
    if record.position not in _FINGERS or record.quality not in _QUALITIES:
        raise ValueError(f"finger {record.position} of quality {record.quality} does not fit a record")
    view = _VIEW.pack(record.position, _FIRST_VIEW_LIVE_PLAIN, record.quality, count)
    body = view + b"".join(_packed(minutia) for minutia in template.minutiae) + _NO_EXTENDED_DATA
    length = _HEADER.size + len(body)
    resolution = (_PIXELS_PER_CM, _PIXELS_PER_CM)
    header = (b"FMR\x00", b" 20\x00", length, _UNSPECIFIED_EQUIPMENT, width, height, *resolution, 1, 0)
    return _HEADER.pack(*header) + body


def _packed(minutia: Minutia) -> bytes:
    x, y = minutia.x, minutia.y
    within = 0 <= x <= _WIDEST and 0 <= y <= _WIDEST
    if not within or minutia.quality not in _QUALITIES or minutia.angle not in _ANGLES:
        raise ValueError(f"{minutia} does not fit a record")
    return _MINUTIA.pack(minutia.type << 14 | x, y, minutia.angle, minutia.quality)


def decode_template(data: bytes) -> TemplateRecord | RecordFault:
    try:
        return _decode(Reader(data))
    except MalformedRecordError as error:
        return error.fault


def _decode(reader: Reader) -> TemplateRecord:
    reader.expect(b"FMR\x00", "format identifier")
    reader.expect(b" 20\x00", "version")
    reader.length_to_end("record length", counted_from=0)
    reader.one_of((_UNSPECIFIED_EQUIPMENT,), 2, "capture equipment")
    width, height = _side(reader, "image width"), _side(reader, "image height")
    for axis in ("horizontal", "vertical"):
        reader.one_of((_PIXELS_PER_CM,), 2, f"{axis} resolution")
    reader.expect(b"\x01", "number of views")
    reader.expect(b"\x00", "reserved byte")
    position = reader.one_of(_FINGERS, 1, "finger position")
    reader.one_of((_FIRST_VIEW_LIVE_PLAIN,), 1, "view number and impression type")
    quality = reader.one_of(_QUALITIES, 1, "finger quality")
    count = reader.uint(1, "number of minutiae")
    minutiae = tuple(_minutia(reader, width, height) for _ in range(count))
    reader.expect(_NO_EXTENDED_DATA, "extended data length")
    reader.finish()
    return TemplateRecord(position, quality, Template(minutiae, width, height))


def _side(reader: Reader, name: str) -> int:
    value = reader.uint(2, name)
    if not 0 < value <= _WIDEST:
        raise reader.fail(f"{name} is {value}, must be 1 to {_WIDEST}", back=2)
    return value


def _minutia(reader: Reader, width: int, height: int) -> Minutia:
    kind_x, y, angle, quality = _MINUTIA.unpack(reader.take(_MINUTIA.size, "minutia"))
    kind, x = kind_x >> 14, kind_x & _WIDEST
    if kind not in tuple(MinutiaType):
        raise reader.fail(f"minutia type is {kind}, must be one of 0, 1, 2", back=_MINUTIA.size)
    if x >= width or y >= height:
        place = f"minutia at ({x}, {y}) lies outside the image of {width}x{height}"
        raise reader.fail(place, back=_MINUTIA.size)
    if quality not in _QUALITIES:
        raise reader.fail(f"minutia quality is {quality}, must be 0 to 100", back=1)
    return Minutia(x, y, angle, MinutiaType(kind), quality)
