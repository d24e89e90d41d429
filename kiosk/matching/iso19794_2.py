"""Finger minutiae records, off-card format: ISO/IEC 19794-2:2011 (written and read) and :2005 (read)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from kiosk.enrollment.minutiae import Minutia, MinutiaType, Template
from kiosk.enrollment.positions import Modality, Position, position_of

MAGIC = b"FMR\0"
_2005 = b" 20\0"
_2011 = b"030\0"

PIXELS_PER_CM = 197
"""500 ppi."""

UNKNOWN_DATE = b"\xff" * 9
_VALLEY_BIFURCATION = 0
"""Clause 8.4.13: a ridge ending is placed where the valley forks."""

_GENERAL_2005 = struct.Struct(">4s4sI H HHHH BB")
_VIEW_2005 = struct.Struct(">BBBB")
_GENERAL_2011 = struct.Struct(">4s4sI HB")
_CAPTURE_2011 = struct.Struct(">I9sBHH B")
_QUALITY_2011 = struct.Struct(">BHH")
_VIEW_2011 = struct.Struct(">BBHHB HHBB")


class RecordError(ValueError):
    """These bytes are no finger minutiae record this module can read."""


@dataclass(frozen=True, slots=True)
class FingerRecord:
    """One finger of a record. position, quality (0 to 100): None when the record does not say."""

    template: Template
    position: Position | None = None
    quality: int | None = None


def encode(*fingers: FingerRecord) -> bytes:
    """A 2011 record. Raises ValueError beyond 255 minutiae or 14-bit coordinates."""
    body = b"".join(_encoded(finger) for finger in fingers)
    return _GENERAL_2011.pack(MAGIC, _2011, _GENERAL_2011.size + len(body), len(fingers), 0) + body


def _encoded(finger: FingerRecord) -> bytes:
    template = finger.template
    if len(template.minutiae) > 255:
        raise ValueError(f"a record holds at most 255 minutiae, not {len(template.minutiae)}")
    if not (0 < template.width < 1 << 14 and 0 < template.height < 1 << 14):
        raise ValueError(f"image size {template.width}x{template.height} does not fit a record")
    quality = b"" if finger.quality is None else _QUALITY_2011.pack(finger.quality, 0, 0)
    code = finger.position.iso_code if finger.position else 0
    body = _VIEW_2011.pack(
        code,
        0,
        PIXELS_PER_CM,
        PIXELS_PER_CM,
        0,
        template.width,
        template.height,
        6 << 4 | _VALLEY_BIFURCATION,
        len(template.minutiae),
    )
    body += b"".join(_pack(minutia) for minutia in template.minutiae) + b"\0\0"
    length = _CAPTURE_2011.size + len(quality) + len(body)
    return _CAPTURE_2011.pack(length, UNKNOWN_DATE, 0, 0, 0, 1 if quality else 0) + quality + body


def decode(record: bytes) -> tuple[FingerRecord, ...]:
    """All fingers of a 2005 or 2011 record, minutiae scaled to 500 ppi. Raises RecordError."""
    try:
        if record[:4] != MAGIC:
            raise RecordError("not a finger minutiae record")
        if record[4:8] == _2011:
            return _decode_2011(record)
        if record[4:8] == _2005:
            return _decode_2005(record)
    except struct.error as error:
        raise RecordError("the record ends early") from error
    raise RecordError(f"unknown edition {record[4:8]!r}")


def _decode_2011(record: bytes) -> tuple[FingerRecord, ...]:
    _, _, total, count, certified = _GENERAL_2011.unpack_from(record)
    if total != len(record):
        raise RecordError(f"the record says {total} bytes and has {len(record)}")
    at = _GENERAL_2011.size
    fingers = []
    for _ in range(count):
        length, *_, qualities = _CAPTURE_2011.unpack_from(record, at)
        view = at + _CAPTURE_2011.size
        quality = _QUALITY_2011.unpack_from(record, view)[0] if qualities else None
        view += qualities * _QUALITY_2011.size
        if certified:
            view += 1 + 3 * record[view] if view < len(record) else 1
        code, _, across, down, _, width, height, field, minutiae = _VIEW_2011.unpack_from(record, view)
        size = field >> 4
        if size not in (5, 6):
            raise RecordError(f"minutiae of {size} bytes")
        template = _template(
            record, view + _VIEW_2011.size, minutiae, size, frame=(width, height), pitch=(across, down)
        )
        fingers.append(FingerRecord(template, _position(code), quality if quality in range(101) else None))
        at += length
    return tuple(fingers)


def _decode_2005(record: bytes) -> tuple[FingerRecord, ...]:
    _, _, total, _, width, height, across, down, count, _ = _GENERAL_2005.unpack_from(record)
    if total != len(record):
        raise RecordError(f"the record says {total} bytes and has {len(record)}")
    at = _GENERAL_2005.size
    fingers = []
    for _ in range(count):
        code, _, quality, minutiae = _VIEW_2005.unpack_from(record, at)
        at += _VIEW_2005.size
        template = _template(record, at, minutiae, 6, frame=(width, height), pitch=(across, down))
        at += 6 * minutiae
        at += 2 + struct.unpack_from(">H", record, at)[0]
        fingers.append(FingerRecord(template, _position(code), quality if quality in range(101) else None))
    return tuple(fingers)


def _template(
    record: bytes, at: int, count: int, size: int, *, frame: tuple[int, int], pitch: tuple[int, int]
) -> Template:
    if 0 in pitch:
        raise RecordError("the record states no resolution")
    scale_x, scale_y = PIXELS_PER_CM / pitch[0], PIXELS_PER_CM / pitch[1]
    minutiae = []
    for place in range(at, at + count * size, size):
        kind_x, y, angle = struct.unpack_from(">HHB", record, place)
        quality = struct.unpack_from(">B", record, place + 5)[0] if size == 6 else 0
        kind = MinutiaType(kind_x >> 14) if kind_x >> 14 < 3 else MinutiaType.OTHER
        x, y = round((kind_x & 0x3FFF) * scale_x), round((y & 0x3FFF) * scale_y)
        minutiae.append(Minutia(x, y, angle, kind, quality if quality <= 100 else 0))
    strongest_first = sorted(minutiae, key=lambda minutia: -minutia.quality)
    return Template(tuple(strongest_first), round(frame[0] * scale_x), round(frame[1] * scale_y))


def _pack(minutia: Minutia) -> bytes:
    if not (0 <= minutia.x < 1 << 14 and 0 <= minutia.y < 1 << 14):
        raise ValueError(f"minutia at ({minutia.x}, {minutia.y}) does not fit a record")
    return struct.pack(
        ">HHBB", minutia.type << 14 | minutia.x, minutia.y, minutia.angle & 255, minutia.quality or 254
    )


def _position(code: int) -> Position | None:
    return position_of(Modality.FINGERPRINT, code) if 1 <= code <= 10 else None
