"""ISO/IEC 19794-4:2011 finger and 19794-6:2011 iris image records, as far as a capture needs them.

Both begin with a 16-byte general header (identifier, version "020\\0", record length, representations,
certification flag, fingers or eyes) and, for each representation, a header of its own. All big-endian.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum
from typing import Final

from hw.api import FaultCode
from hw.sbi.failure import SbiFailure

_GENERAL: Final = struct.Struct(">4s4sIHBB")
_REPRESENTATION: Final = struct.Struct(">I9sBHHB")
"""Length, capture time, technology, vendor, type, number of quality blocks."""
_QUALITY_BLOCK: Final = struct.Struct(">BHH")
_CERTIFICATION_BLOCK_BYTES: Final = 3
_FINGER: Final = struct.Struct(">BBBHHHHBBBHHI")
"""19794-4: position, number, units, scan and image rates, depth, compression, impression, size, length."""
_IRIS: Final = struct.Struct(">HBBBBHHBHHHHHHHHHI")
"""19794-6: number, eye, type, format, properties, size, depth, range, roll (2), coordinates (6), length."""
_PIXELS_PER_INCH: Final = 1
_PIXELS_PER_CM: Final = 2
_CM_PER_INCH: Final = 2.54


class Coding(Enum):
    RAW = "raw"
    WSQ = "wsq"
    JPEG_2000 = "jpeg2000"
    PNG = "png"


_FINGER_CODINGS: Final = {0: Coding.RAW, 2: Coding.WSQ, 4: Coding.JPEG_2000, 5: Coding.JPEG_2000, 6: Coding.PNG}
_IRIS_CODINGS: Final = {0x02: Coding.RAW, 0x0A: Coding.JPEG_2000, 0x0E: Coding.PNG}


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """The one picture of a record. width, height: pixels; dpi: None for an eye; quality: 0..100 or None."""

    position: int
    width: int
    height: int
    dpi: int | None
    coding: Coding
    quality: int | None
    data: bytes


def parse_finger_record(record: bytes) -> ImageRecord:
    """A 19794-4:2011 record of one finger. SbiFailure BAD_RECORD names what is wrong."""
    return _parse(record, identifier=b"FIR\0", finger=True)


def parse_iris_record(record: bytes) -> ImageRecord:
    """A 19794-6:2011 record of one eye. SbiFailure BAD_RECORD names what is wrong."""
    return _parse(record, identifier=b"IIR\0", finger=False)


def _parse(record: bytes, *, identifier: bytes, finger: bool) -> ImageRecord:
    try:
        found, version, length, representations, certified, _ = _GENERAL.unpack_from(record)
        if found != identifier or version != b"020\0":
            raise _bad("the record has another format or version")
        if length != len(record):
            raise _bad(f"the record says {length} bytes and has {len(record)}")
        if representations != 1:
            raise _bad(f"one picture is expected, the record has {representations}")
        if finger:
            return _parse_finger(record, certified=bool(certified))
        return _parse_iris(record)
    except struct.error as error:
        raise _bad("the record ends inside a header") from error


def _parse_finger(record: bytes, *, certified: bool) -> ImageRecord:
    at, end, quality = _representation(record)
    if certified:
        at += 1 + record[at] * _CERTIFICATION_BLOCK_BYTES if at < len(record) else 1
    fields = _FINGER.unpack_from(record, at)
    position, _, units, _, _, rate_x, rate_y, depth, compression, _, width, height, length = fields
    if units not in (_PIXELS_PER_INCH, _PIXELS_PER_CM) or rate_x != rate_y or not rate_x:
        raise _bad("a picture without one spatial sampling rate")
    dpi = rate_x if units == _PIXELS_PER_INCH else round(rate_x * _CM_PER_INCH)
    coding = _coding(_FINGER_CODINGS, compression, depth)
    data = _image(record, at=at + _FINGER.size, length=length, end=end, exact=False)
    return ImageRecord(position, width, height, dpi, coding, quality, data)


def _parse_iris(record: bytes) -> ImageRecord:
    at, end, quality = _representation(record)
    fields = _IRIS.unpack_from(record, at)
    _, eye, _, image_format, _, width, height, depth = fields[:8]
    coding = _coding(_IRIS_CODINGS, image_format, depth)
    data = _image(record, at=at + _IRIS.size, length=fields[-1], end=end, exact=True)
    return ImageRecord(eye, width, height, None, coding, quality, data)


def _representation(record: bytes) -> tuple[int, int, int | None]:
    """Where the modality's own fields begin, where the representation ends, and its first quality score."""
    start = _GENERAL.size
    length, _, _, _, _, blocks = _REPRESENTATION.unpack_from(record, start)
    if start + length != len(record):
        raise _bad("the representation's length does not fill the record")
    at = start + _REPRESENTATION.size
    quality: int | None = None
    if blocks:
        score = int(_QUALITY_BLOCK.unpack_from(record, at)[0])
        quality = score if score <= 100 else None  # 255: no score could be computed
    return at + blocks * _QUALITY_BLOCK.size, len(record), quality


def _coding(table: dict[int, Coding], code: int, depth: int) -> Coding:
    coding = table.get(code)
    if coding is None or depth != 8:
        raise _bad(f"picture coding {code} at {depth} bits is not accepted")
    return coding


def _image(record: bytes, *, at: int, length: int, end: int, exact: bool) -> bytes:
    """Finger records may carry extended data behind the picture, iris records may not."""
    if not length or at + length > end or (exact and at + length != end):
        raise _bad("the picture's length does not fit the record")
    return record[at : at + length]


def _bad(detail: str) -> SbiFailure:
    return SbiFailure(FaultCode.BAD_RECORD, detail)
