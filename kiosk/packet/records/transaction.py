"""One enrollment as an ANSI/NIST-ITL 1-2011 transaction, traditional encoding, everything inside.

    type 1    what the transaction is and which records follow
    type 2    biographic data, in the fields of the domain KTP-EL
    type 8    the signature as pen vectors, where there was a pen
    type 10   the face
    type 14   one for each finger: its image, or why there is none
    type 17   one for each iris

The field numbers of type 2 are ours: the standard leaves them to the domain, which field 1.013 names.
Qualities, devices and approvals are in the packet's manifest. The decoder takes what the encoder
writes and nothing else.
"""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from kiosk.packet.records.codestream import Codec, ImageSize, image_size
from kiosk.packet.records.itl import IMAGE_FIELD, TaggedRecord, read_tagged, rows_of, table, write_tagged
from kiosk.packet.records.reader import MalformedRecordError, Reader, RecordFault

_VERSION = "0500"  # ANSI/NIST-ITL 1-2011
_KIND = "ENROL"
_NO_TYPE_4 = "00.00"  # scanning resolutions of type-4 records, of which there are none
_DOMAIN = table([("KTP-EL", "1")])
_UTF_8 = table([("3", "UTF-8")])
_MOMENT = "%Y%m%d%H%M%SZ"
_IDC = 2
_EYES, _FINGERS = range(1, 3), range(1, 11)
_LIVE_PLAIN = "0"
_GREY_8_BIT = "8"
_PIXELS_PER_INCH, _NO_SCALE = "1", "0"
_SIGNATURE_HEAD = struct.Struct(">IBBBBHH")
_SUBJECT, _VECTORED, _AS_STATED = 0, 2, 1
_VECTOR = struct.Struct(">HHB")
TYPE_OF_INFORMATION, TYPE_OF_DESCRIPTORS = 1, 2
TYPE_OF_SIGNATURE, TYPE_OF_FACE, TYPE_OF_FINGER, TYPE_OF_IRIS = 8, 10, 14, 17


class NoImage(StrEnum):
    """Field 14.018: why a finger has no image."""

    AMPUTATED = "XX"
    UNABLE_TO_PRINT = "UP"


@dataclass(frozen=True, slots=True)
class Picture:
    """width x height pixels. codec: how `data` is compressed."""

    codec: Codec
    width: int
    height: int
    data: bytes


@dataclass(frozen=True, slots=True)
class FaceImage:
    taken: dt.date
    picture: Picture


@dataclass(frozen=True, slots=True)
class FingerImage:
    """position: 1 to 10 of table 8."""

    position: int
    taken: dt.date
    dpi: int
    picture: Picture


@dataclass(frozen=True, slots=True)
class MissingFinger:
    position: int
    stated: dt.date
    reason: NoImage


@dataclass(frozen=True, slots=True)
class IrisImage:
    """eye: 1 the subject's right, 2 left."""

    eye: int
    taken: dt.date
    picture: Picture


@dataclass(frozen=True, slots=True)
class PenVector:
    """x, y: thousandths of an inch from the bottom left. pressure: 0 lifted, 1 to 254 of the pad's range."""

    x: int
    y: int
    pressure: int


Record = FaceImage | FingerImage | MissingFinger | IrisImage


@dataclass(frozen=True, slots=True)
class Transaction:
    """number: 1.009. source: 1.008 and the source agency of each image. descriptors: type 2, from field 3 on.

    images: faces, fingers, irises in that order. signature: empty when there was no pen.
    """

    number: str
    made: dt.datetime
    destination: str
    source: str
    descriptors: Mapping[int, str] = field(default_factory=dict)
    signature: tuple[PenVector, ...] = ()
    images: tuple[Record, ...] = ()


_COMPRESSIONS = {
    TYPE_OF_FACE: {Codec.JPEG: "JPEGB"},
    TYPE_OF_FINGER: {Codec.WSQ: "WSQ20", Codec.PNG: "PNG"},
    TYPE_OF_IRIS: {Codec.JPEG2000: "JP2L", Codec.PNG: "PNG"},
}


def encode_transaction(transaction: Transaction) -> bytes:
    """Raises ValueError for a text that cannot stand in a field, or an image that cannot be in its record."""
    kinds = [TYPE_OF_DESCRIPTORS]
    kinds += [TYPE_OF_SIGNATURE] if transaction.signature else []
    kinds += [_kind_of(image) for image in transaction.images]
    if kinds != sorted(kinds):
        raise ValueError("the images are not in the order face, fingers, irises")
    records = [write_tagged(_information(transaction, kinds))]
    records.append(
        write_tagged(TaggedRecord(TYPE_OF_DESCRIPTORS, {_IDC: "00"} | dict(transaction.descriptors)))
    )
    if transaction.signature:
        records.append(_encode_signature(transaction.signature, idc=1))
    first = len(kinds) - len(transaction.images)
    for idc, image in enumerate(transaction.images, start=first):
        records.append(write_tagged(_tagged(image, f"{idc:02}", transaction.source)))
    return b"".join(records)


def decode_transaction(data: bytes) -> Transaction | RecordFault:
    try:
        return _decode(Reader(data), data)
    except MalformedRecordError as error:
        return error.fault


def _kind_of(image: Record) -> int:
    match image:
        case FaceImage():
            return TYPE_OF_FACE
        case FingerImage() | MissingFinger():
            return TYPE_OF_FINGER
        case IrisImage():
            return TYPE_OF_IRIS


def _information(transaction: Transaction, kinds: list[int]) -> TaggedRecord:
    made = transaction.made.astimezone(dt.UTC)
    contents = [("1", str(len(kinds)))] + [(str(kind), f"{idc:02}") for idc, kind in enumerate(kinds)]
    fields = {
        2: _VERSION,
        3: table(contents),
        4: _KIND,
        5: f"{made:%Y%m%d}",
        7: transaction.destination,
        8: transaction.source,
        9: transaction.number,
        11: _NO_TYPE_4,
        12: _NO_TYPE_4,
        13: _DOMAIN,
        14: made.strftime(_MOMENT),
    }
    if not all(text.isascii() for text in transaction.descriptors.values()):
        fields[15] = _UTF_8  # left out where it says nothing: NIST's own reader knows no character sets
    return TaggedRecord(TYPE_OF_INFORMATION, fields)


def _tagged(image: Record, idc: str, source: str) -> TaggedRecord:
    match image:
        case FaceImage(taken, picture):
            head = {2: idc, 3: "FACE", 4: source, 5: f"{taken:%Y%m%d}"}
            rest = {12: "YCC", 13: "0", 20: "F"}  # subject acquisition profile unknown, full frontal
            return TaggedRecord(
                TYPE_OF_FACE, head | _size(TYPE_OF_FACE, picture, _NO_SCALE, 1) | rest, picture.data
            )
        case FingerImage(position, taken, dpi, picture):
            head = {2: idc, 3: _LIVE_PLAIN, 4: source, 5: f"{taken:%Y%m%d}"}
            rest = {12: _GREY_8_BIT, 13: str(position)}
            return TaggedRecord(
                TYPE_OF_FINGER,
                head | _size(TYPE_OF_FINGER, picture, _PIXELS_PER_INCH, dpi) | rest,
                picture.data,
            )
        case MissingFinger(position, stated, reason):
            fields = {2: idc, 3: _LIVE_PLAIN, 4: source, 5: f"{stated:%Y%m%d}", 13: str(position)}
            return TaggedRecord(TYPE_OF_FINGER, fields | {18: table([(str(position), reason.value)])})
        case IrisImage(eye, taken, picture):
            head = {2: idc, 3: str(eye), 4: source, 5: f"{taken:%Y%m%d}"}
            rest = {12: _GREY_8_BIT, 13: "GRAY"}
            return TaggedRecord(
                TYPE_OF_IRIS, head | _size(TYPE_OF_IRIS, picture, _NO_SCALE, 1) | rest, picture.data
            )


def _size(kind: int, picture: Picture, unit: str, scale: int) -> dict[int, str]:
    """Fields 6 to 11, which types 10, 14 and 17 share; without a unit the scales are the pixel's aspect."""
    compression = _COMPRESSIONS[kind].get(picture.codec)
    if compression is None:
        raise ValueError(f"a type-{kind} record cannot hold {picture.codec}")
    width, height = str(picture.width), str(picture.height)
    return {6: width, 7: height, 8: unit, 9: str(scale), 10: str(scale), 11: compression}


def _encode_signature(vectors: tuple[PenVector, ...], *, idc: int) -> bytes:
    """Type 8: line lengths are zero for vectors."""
    try:
        path = b"".join(_VECTOR.pack(v.x, v.y, v.pressure) for v in vectors)
    except struct.error as error:
        raise ValueError(f"a pen vector does not fit its record: {error}") from error
    length = _SIGNATURE_HEAD.size + len(path)
    return _SIGNATURE_HEAD.pack(length, idc, _SUBJECT, _VECTORED, _AS_STATED, 0, 0) + path


# Reading


def _decode(reader: Reader, data: bytes) -> Transaction:
    information = read_tagged(reader, TYPE_OF_INFORMATION)
    kinds = _announced(information)
    descriptors = read_tagged(reader, TYPE_OF_DESCRIPTORS)
    signature = _decode_signature(reader) if TYPE_OF_SIGNATURE in kinds else ()
    images = tuple(_image(read_tagged(reader, kind)) for kind in kinds if kind in _COMPRESSIONS)
    reader.finish()
    transaction = Transaction(
        number=information.text(9),
        made=_moment(information),
        destination=information.text(7),
        source=information.text(8),
        descriptors={number: text for number, text in descriptors.fields.items() if number != _IDC},
        signature=signature,
        images=images,
    )
    _expect_canonical(transaction, data)
    return transaction


def _announced(information: TaggedRecord) -> list[int]:
    """The types that field 1.003 announces, in their order."""
    rows = rows_of(information.text(3))
    known = {str(kind): kind for kind in (TYPE_OF_DESCRIPTORS, TYPE_OF_SIGNATURE, *_COMPRESSIONS)}
    kinds = [known.get(row[0], 0) for row in rows[1:]]
    in_order = kinds == sorted(kinds) and kinds.count(TYPE_OF_SIGNATURE) <= 1
    if not in_order or kinds.count(TYPE_OF_DESCRIPTORS) != 1 or 0 in kinds:
        raise information.fail(3, f"contents {rows} are not those of an enrollment")
    return kinds


def _moment(information: TaggedRecord) -> dt.datetime:
    text = information.text(14)
    try:
        return dt.datetime.strptime(text, _MOMENT).replace(tzinfo=dt.UTC)
    except ValueError:
        raise information.fail(14, f"field 1.014 is {text!r}, must be a moment in UTC") from None


def _image(record: TaggedRecord) -> Record:
    if record.kind == TYPE_OF_FACE:
        return FaceImage(record.date(5), _picture(record))
    if record.kind == TYPE_OF_IRIS:
        return IrisImage(_one_of(record, 3, _EYES), record.date(5), _picture(record))
    position = _one_of(record, 13, _FINGERS)
    if record.image is not None:
        return FingerImage(position, record.date(5), record.whole(9), _picture(record))
    code = rows_of(record.text(18))[0][-1]
    if code not in tuple(NoImage):
        raise record.fail(18, f"field 14.018 is {code!r}, must be one of {', '.join(NoImage)}")
    return MissingFinger(position, record.date(5), NoImage(code))


def _one_of(record: TaggedRecord, number: int, allowed: range) -> int:
    value = record.whole(number)
    if value not in allowed:
        reason = f"field {record.kind}.{number:03} is {value}, must be {allowed[0]} to {allowed[-1]}"
        raise record.fail(number, reason)
    return value


def _picture(record: TaggedRecord) -> Picture:
    names = {name: codec for codec, name in _COMPRESSIONS[record.kind].items()}
    name, image = record.text(11), record.image
    if name not in names or image is None:
        raise record.fail(11, f"compression is {name!r}, must be one of {', '.join(names)}, with an image")
    codec, stated = names[name], ImageSize(record.whole(6), record.whole(7))
    start = record.places[IMAGE_FIELD] + len(f"{record.kind}.{IMAGE_FIELD}:")
    size = image_size(image, codec)
    if isinstance(size, RecordFault):
        raise MalformedRecordError(RecordFault(start + size.offset, f"{codec} image: {size.reason}"))
    if size != stated:
        reason = f"{codec} image is {size.width}x{size.height}, its fields say {stated.width}x{stated.height}"
        raise MalformedRecordError(RecordFault(start, reason))
    return Picture(codec, size.width, size.height, image)


def _decode_signature(reader: Reader) -> tuple[PenVector, ...]:
    length = reader.uint(4, "signature record length")
    size = length - _SIGNATURE_HEAD.size
    if size <= 0 or size % _VECTOR.size:
        raise reader.fail(f"signature record length {length} holds no whole vectors", back=4)
    reader.take(_SIGNATURE_HEAD.size - 4, "signature record header")
    return tuple(PenVector(*values) for values in _VECTOR.iter_unpack(reader.take(size, "pen vectors")))


def _expect_canonical(transaction: Transaction, data: bytes) -> None:
    """Fixed values, numbering and order: what was read, written again, gives the same bytes."""
    try:
        allowed = encode_transaction(transaction)
    except ValueError as error:
        raise MalformedRecordError(RecordFault(0, str(error))) from None
    if allowed != data:
        pairs = enumerate(zip(allowed, data, strict=False))
        offset = next((at for at, (ours, theirs) in pairs if ours != theirs), min(len(allowed), len(data)))
        found, expected = data[offset : offset + 8], allowed[offset : offset + 8]
        raise MalformedRecordError(RecordFault(offset, f"{found!r} stands where {expected!r} must"))
