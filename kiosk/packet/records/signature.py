"""Signature records, ISO/IEC 19794-7:2007 full format: the pen's path as a time series.

Header: "SDI", " 10", the channels that are included, a description of each, one reserved byte. Body:
one byte that says whether extended data follow, the number of points (3 bytes), the points. Channels
here are X and Y (scaled to millimetres), T (scaled to seconds), F (pressure, pad units) and S (pen
tip down). X and Y are two's complement, as the scaling values' exponents are (annex B).
"""

from __future__ import annotations

import itertools
import math
import struct
from dataclasses import dataclass

from kiosk.packet.records.reader import MalformedRecordError, Reader, RecordFault

_INCLUDED = 0x8000 | 0x4000 | 0x0100 | 0x0040 | 0x0020  # X, Y, T, F, S
_SCALED, _PLAIN = 0x80, 0x00
_POINT = struct.Struct(">hhHHB")
_MAX_POINTS = 0xFFFFFF
TICKS_PER_SECOND = (1000, 100, 10)
"""Time resolutions, finest first: T is 16 bits wide, so a longer signature is coded more coarsely."""


@dataclass(frozen=True, slots=True)
class PathPoint:
    """x, y, pressure: pad units; x and y 0 to 32767, pressure 0 when lifted. ticks: since the first point."""

    x: int
    y: int
    ticks: int
    pressure: int


@dataclass(frozen=True, slots=True)
class SignatureRecord:
    units_per_mm: float
    ticks_per_second: int
    points: tuple[PathPoint, ...]


def encode_signature(record: SignatureRecord) -> bytes:
    """Raises ValueError for a value that its channel cannot hold, or more than 16,777,215 points."""
    if len(record.points) > _MAX_POINTS:
        raise ValueError(f"a signature holds at most {_MAX_POINTS} points, not {len(record.points)}")
    space = struct.pack(">BH", _SCALED, _scaling(record.units_per_mm))
    time = struct.pack(">BH", _SCALED, _scaling(record.ticks_per_second))
    channels = struct.pack(">H", _INCLUDED) + space + space + time + bytes((_PLAIN, _PLAIN))
    try:
        path = b"".join(_POINT.pack(p.x, p.y, p.ticks, p.pressure, p.pressure > 0) for p in record.points)
    except struct.error as error:
        raise ValueError(f"a pen report does not fit its channel: {error}") from error
    return b"SDI\x00 10\x00" + channels + b"\x00\x00" + len(record.points).to_bytes(3, "big") + path


def decode_signature(data: bytes) -> SignatureRecord | RecordFault:
    try:
        return _decode(Reader(data))
    except MalformedRecordError as error:
        return error.fault


def _decode(reader: Reader) -> SignatureRecord:
    reader.expect(b"SDI\x00", "format identifier")
    reader.expect(b" 10\x00", "version")
    reader.one_of((_INCLUDED,), 2, "included channels")
    x_scale, y_scale, t_scale = (_decode_scaling(reader, channel) for channel in "XYT")
    if x_scale != y_scale:
        raise reader.fail("X and Y are scaled differently", back=6)
    if t_scale not in TICKS_PER_SECOND:
        raise reader.fail(f"{t_scale} ticks a second, must be one of {TICKS_PER_SECOND}", back=2)
    for channel in "FS":
        reader.one_of((_PLAIN,), 1, f"description of channel {channel}")
    reader.expect(b"\x00", "reserved byte")
    reader.expect(b"\x00", "extended data flag")
    count = reader.uint(3, "number of points")
    if reader.remaining != count * _POINT.size:
        raise reader.fail(
            f"{count} points need {count * _POINT.size} bytes, {reader.remaining} are left", back=3
        )
    points = tuple(_decode_point(reader) for _ in range(count))
    _require_order(reader, points)
    return SignatureRecord(x_scale, int(t_scale), points)


def _decode_point(reader: Reader) -> PathPoint:
    x, y, ticks, pressure, tip = _POINT.unpack(reader.take(_POINT.size, "point"))
    if tip != (pressure > 0):
        raise reader.fail(f"pen tip switch is {tip} at pressure {pressure}", back=1)
    return PathPoint(x, y, ticks, pressure)


def _require_order(reader: Reader, points: tuple[PathPoint, ...]) -> None:
    for index, (before, after) in enumerate(itertools.pairwise(points), start=1):
        if after.ticks < before.ticks:
            raise reader.fail("time runs backwards", back=(len(points) - index) * _POINT.size)


def _scaling(value: float) -> int:
    """(1 + fraction / 2048) * 2**exponent: five bits of exponent (two's complement), 11 bits of fraction."""
    mantissa, exponent = math.frexp(value)
    fraction = round((mantissa * 2 - 1) * 2048)
    exponent += -1 + fraction // 2048
    if not -16 <= exponent <= 15:
        raise ValueError(f"scaling value {value} is out of range")
    return (exponent & 0x1F) << 11 | fraction % 2048


def _decode_scaling(reader: Reader, channel: str) -> float:
    reader.one_of((_SCALED,), 1, f"description of channel {channel}")
    raw = reader.uint(2, f"scaling of channel {channel}")
    exponent = (raw >> 11) - (32 if raw >> 15 else 0)
    return float((1 + (raw & 0x7FF) / 2048) * 2.0**exponent)
