"""The enrollment's ANSI/NIST-ITL transaction, made of the images the packet's other records hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import TypeVar

from kiosk.enrollment.person import Person, Sex
from kiosk.enrollment.positions import FINGERS, IRISES, Position
from kiosk.enrollment.record import BiometricException, ExceptionReason
from kiosk.packet.contents import PacketContents
from kiosk.packet.records.codestream import Codec
from kiosk.packet.records.face import decode_face
from kiosk.packet.records.finger import Compression, decode_finger
from kiosk.packet.records.iris import ImageFormat, decode_iris
from kiosk.packet.records.reader import RecordFault
from kiosk.packet.records.signature import SignatureRecord, decode_signature
from kiosk.packet.records.transaction import (
    FaceImage,
    FingerImage,
    IrisImage,
    MissingFinger,
    NoImage,
    PenVector,
    Picture,
    Record,
    Transaction,
)

T = TypeVar("T")
DESTINATION = "DUKCAPIL"
_FINGER_CODECS = {Compression.WSQ: Codec.WSQ, Compression.PNG: Codec.PNG}
_IRIS_CODECS = {ImageFormat.JPEG2000: Codec.JPEG2000, ImageFormat.PNG: Codec.PNG}
_SEXES = {Sex.MALE: "M", Sex.FEMALE: "F"}
_MIL_PER_MM = 1 / 0.0254
_FIRMEST = 254


def make_transaction(contents: PacketContents, records: Mapping[str, bytes]) -> Transaction:
    """records: the interchange record of each captured position, by its name.

    Raises ValueError for a record that does not read, an enrollment without a person, or a text that
    cannot stand in a field.
    """
    person = contents.enrollment.person
    if person is None:
        raise ValueError("the enrollment has no person")
    signature = records.get(Position.SIGNATURE)
    return Transaction(
        number=contents.enrollment.id,
        made=contents.sealed_at.at.replace(microsecond=0),
        destination=DESTINATION,
        source=contents.unit.office_code,
        descriptors=descriptors(person),
        signature=() if signature is None else _vectors(_read(decode_signature(signature))),
        images=tuple(_images(contents, records)),
    )


def descriptors(person: Person) -> dict[int, str]:
    """Type-2 fields of the domain KTP-EL, version 1; codes are SIAK's numbers; empty ones are left out."""
    fields = {
        3: person.nik,
        4: person.kk,
        5: person.name,
        6: person.birth_place,
        7: f"{person.birth_date:%Y%m%d}",
        8: _SEXES[person.sex],
        9: str(int(person.religion)),
        10: str(int(person.marital_status)),
        11: person.occupation,
        12: str(int(person.citizenship)),
        13: str(int(person.blood_type)),
        14: person.address,
        15: person.rt,
        16: person.rw,
        17: person.region_code,
    }
    return {number: text for number, text in fields.items() if text}


def _images(contents: PacketContents, records: Mapping[str, bytes]) -> Iterator[Record]:
    if Position.FACE in records:
        face = _read(decode_face(records[Position.FACE]))
        yield FaceImage(
            _day(contents, face.head.captured), Picture(Codec.JPEG, face.width, face.height, face.image)
        )
    for position in FINGERS:
        exception = contents.enrollment.exception(position)
        if position in records:
            finger = _read(decode_finger(records[position]))
            picture = Picture(_FINGER_CODECS[finger.compression], finger.width, finger.height, finger.image)
            yield FingerImage(finger.position, _day(contents, finger.head.captured), finger.dpi, picture)
        elif exception is not None:
            yield MissingFinger(position.iso_code, _day(contents, None), _why(exception))
    for position in IRISES:
        if position in records:
            iris = _read(decode_iris(records[position]))
            picture = Picture(_IRIS_CODECS[iris.image_format], iris.width, iris.height, iris.image)
            yield IrisImage(iris.eye, _day(contents, iris.head.captured), picture)


def _why(exception: BiometricException) -> NoImage:
    return NoImage.AMPUTATED if exception.reason is ExceptionReason.AMPUTATED else NoImage.UNABLE_TO_PRINT


def _day(contents: PacketContents, captured: dt.datetime | None) -> dt.date:
    """The UTC day of the capture, of the enrollment's begin where the record does not say."""
    return (captured or contents.enrollment.started.at.astimezone(dt.UTC)).date()


def _vectors(record: SignatureRecord) -> tuple[PenVector, ...]:
    """The pad's path with its origin moved from the top left to the bottom left."""
    scale = _MIL_PER_MM / record.units_per_mm
    bottom = max((point.y for point in record.points), default=0)
    firmest = max((point.pressure for point in record.points), default=0)
    return tuple(
        PenVector(
            round(point.x * scale),
            round((bottom - point.y) * scale),
            1 + (_FIRMEST - 1) * point.pressure // firmest if point.pressure else 0,
        )
        for point in record.points
    )


def _read(record: T | RecordFault) -> T:
    if isinstance(record, RecordFault):
        raise ValueError(str(record))
    return record
