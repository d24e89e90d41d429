"""The traditional encoding of ANSI/NIST-ITL 1-2011 (annex B): records of tagged fields, between separators.

    14.001:9718<GS>14.002:03<GS> ... <GS>14.999:image<FS>

LEN, the first field, counts the whole record, itself and the closing FS included. A subfield ends with
RS, an item within it with US. Type 8 is older: a four-byte length, then binary fields.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kiosk.packet.records.reader import MalformedRecordError, Reader, RecordFault

FS, GS, RS, US = "\x1c", "\x1d", "\x1e", "\x1f"
IMAGE_FIELD = 999
LENGTH = 1
_MARKS = (GS + FS).encode()
_TAG = re.compile(rb"([1-9]\d?)\.(\d{3}):")
_CONTROL = re.compile(r"[\x00-\x1d\x7f]")


@dataclass(frozen=True, slots=True)
class TaggedRecord:
    """fields: text by field number, ascending, without LEN; image: field 999, None for a record without.

    places: for a record that was read, the byte at which each field, or with LEN the record, begins.
    """

    kind: int
    fields: Mapping[int, str] = field(default_factory=dict)
    image: bytes | None = None
    places: Mapping[int, int] = field(default_factory=dict, compare=False)

    def text(self, number: int) -> str:
        """Raises MalformedRecordError when the field is missing."""
        if number not in self.fields:
            raise self.fail(LENGTH, f"field {self.kind}.{number:03} is missing")
        return self.fields[number]

    def whole(self, number: int) -> int:
        text = self.text(number)
        if not (text.isascii() and text.isdigit() and len(text) <= 5):
            raise self.fail(number, f"field {self.kind}.{number:03} is {text!r}, must be a whole number")
        return int(text)

    def date(self, number: int) -> dt.date:
        text = self.text(number)
        try:
            return dt.datetime.strptime(text, "%Y%m%d").replace(tzinfo=dt.UTC).date()
        except ValueError:
            problem = f"field {self.kind}.{number:03} is {text!r}, must be a day"
            raise self.fail(number, problem) from None

    def fail(self, number: int, reason: str) -> MalformedRecordError:
        """The error to raise for this field."""
        return MalformedRecordError(RecordFault(self.places.get(number, self.places[LENGTH]), reason))


def table(rows: Iterable[Iterable[str]]) -> str:
    """Subfields of information items as one field's text."""
    return RS.join(US.join(row) for row in rows)


def rows_of(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(row.split(US)) for row in text.split(RS))


def write_tagged(record: TaggedRecord) -> bytes:
    """Raises ValueError for a text that holds a control character other than RS and US, or is empty."""
    for number, text in record.fields.items():
        if not text or _CONTROL.search(text):
            raise ValueError(f"field {record.kind}.{number:03} cannot hold {text!r}")
    fields = [f"{record.kind}.{number:03}:{text}".encode() for number, text in record.fields.items()]
    if record.image is not None:
        fields.append(f"{record.kind}.{IMAGE_FIELD}:".encode() + record.image)
    rest = b"".join(GS.encode() + each for each in fields) + FS.encode()
    head = f"{record.kind}.{LENGTH:03}:".encode()
    length = len(head) + len(rest)
    while length != len(head) + len(str(length)) + len(rest):  # LEN counts its own digits
        length = len(head) + len(str(length)) + len(rest)
    return head + str(length).encode() + rest


def read_tagged(reader: Reader, kind: int) -> TaggedRecord:
    """The record of this type at the cursor. Raises MalformedRecordError."""
    start = reader.offset
    reader.expect(f"{kind}.{LENGTH:03}:".encode(), "field tag")
    digits = reader.until(_MARKS, "record length")
    if not re.fullmatch(rb"[1-9]\d{0,8}", digits):
        raise reader.fail(f"record length is {digits!r}, must be a number", back=len(digits))
    end = start + int(digits)
    if end > reader.offset + reader.remaining:
        raise reader.fail(f"the record would end at byte {end}, past the data", back=len(digits))
    fields: dict[int, str] = {}
    places = {LENGTH: start}
    while reader.offset < end - 1:
        reader.expect(GS.encode(), "field separator")
        place = reader.offset
        number = _number(reader, kind, after=max(fields, default=LENGTH))
        places[number] = place
        if number == IMAGE_FIELD:
            image = reader.take(end - 1 - reader.offset, "image")
            reader.expect(FS.encode(), "record separator")
            return TaggedRecord(kind, fields, image, places)
        fields[number] = _text(reader)
    reader.expect(FS.encode(), "record separator")
    return TaggedRecord(kind, fields, None, places)


def _number(reader: Reader, kind: int, *, after: int) -> int:
    tag = reader.take(len(f"{kind}.000:"), "field tag")
    match = _TAG.fullmatch(tag)
    if match is None or int(match[1]) != kind:
        raise reader.fail(f"field tag is {tag!r}, must be one of a type-{kind} record", back=len(tag))
    number = int(match[2])
    if number <= after:
        raise reader.fail(f"field {kind}.{number:03} follows {kind}.{after:03}", back=len(tag))
    return number


def _text(reader: Reader) -> str:
    raw = reader.until(_MARKS, "field")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise reader.fail("field is not UTF-8", back=len(raw) - error.start) from None
    if not text or _CONTROL.search(text):
        raise reader.fail(f"field is {text!r}, must be text", back=len(raw))
    return text
