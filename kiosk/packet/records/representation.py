"""The fields that finger, face and iris records share (ISO/IEC 19794-1:2011, clause 12).

One record carries one representation and no certification block: the packet keeps one part for
each position, so that a part can be replaced, excepted or compared on its own. Decoders take what the
encoders write and nothing else: a record that reads encodes to the same bytes again.
"""

from __future__ import annotations

import datetime as dt
import struct
from dataclasses import dataclass

from kiosk.packet.records.reader import Reader

_UNKNOWN_TIME = b"\xff" * 9
_UNSPECIFIED_DEVICE = bytes(5)  # technology, vendor, type: registered with IBIA; the manifest names the device
_NO_ALGORITHM = bytes(4)


@dataclass(frozen=True, slots=True)
class Head:
    """captured: UTC, None when no trusted time exists (all bits one in the record).

    quality: 0 to 100 of ISO/IEC 29794-1, None for no quality block. The measure's name and version
    stand in the manifest: vendor and algorithm codes are registered with IBIA, and 0 says "none".
    """

    captured: dt.datetime | None
    quality: int | None


def encode_head(head: Head) -> bytes:
    """Capture time (9 bytes), device technology, vendor and type (unspecified), quality blocks."""
    quality = b"\x00" if head.quality is None else bytes((1, head.quality)) + _NO_ALGORITHM
    return _encode_time(head.captured) + _UNSPECIFIED_DEVICE + quality


def decode_head(reader: Reader) -> Head:
    captured = _decode_time(reader)
    reader.expect(_UNSPECIFIED_DEVICE, "capture device")
    count = reader.one_of((0, 1), 1, "number of quality blocks")
    if not count:
        return Head(captured, None)
    quality = reader.one_of(range(101), 1, "quality score")
    reader.expect(_NO_ALGORITHM, "quality algorithm")
    return Head(captured, quality)


def sized(before: bytes, representation: bytes, *, tail: bytes) -> bytes:
    """A whole record: `before`, its length, `tail` of the general header, and one sized representation."""
    body = tail + struct.pack(">I", len(representation) + 4) + representation
    return before + struct.pack(">I", len(before) + 4 + len(body)) + body


def _encode_time(at: dt.datetime | None) -> bytes:
    if at is None:
        return _UNKNOWN_TIME
    utc = at.astimezone(dt.UTC)
    return struct.pack(
        ">HBBBBBH",
        utc.year,
        utc.month,
        utc.day,
        utc.hour,
        utc.minute,
        utc.second,
        utc.microsecond // 1000,
    )


def _decode_time(reader: Reader) -> dt.datetime | None:
    raw = reader.take(9, "capture time")
    if raw == _UNKNOWN_TIME:
        return None
    year, month, day, hour, minute, second, millisecond = struct.unpack(">HBBBBBH", raw)
    try:
        return dt.datetime(year, month, day, hour, minute, second, millisecond * 1000, dt.UTC)
    except ValueError as error:
        raise reader.fail(f"capture time is no calendar time ({error})", back=9) from None
