"""Just enough strict DER (ITU-T X.690) to put a CMS signature together and to take one apart."""

from __future__ import annotations

from dataclasses import dataclass

INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 0x02, 0x03, 0x04, 0x05, 0x06
SEQUENCE, SET = 0x30, 0x31
CONTEXT_0 = 0xA0


class DerError(ValueError):
    """The bytes are not the DER expected at this place."""


@dataclass(frozen=True, slots=True)
class Element:
    """raw: the whole encoding; value: its contents."""

    tag: int
    raw: bytes
    value: bytes


class DerReader:
    """The elements of one constructed value, in order."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._offset = 0

    @property
    def more(self) -> bool:
        return self._offset < len(self._data)

    @property
    def next_tag(self) -> int | None:
        return self._data[self._offset] if self.more else None

    def read(self, tag: int) -> Element:
        """The next element, which must have this tag. Raises DerError."""
        start = self._offset
        if self.next_tag != tag:
            raise DerError(f"tag {tag:#04x} expected at byte {start}")
        header, length = self._length(start + 1)
        end = header + length
        if end > len(self._data):
            raise DerError(f"element at byte {start} is longer than its container")
        self._offset = end
        return Element(tag, self._data[start:end], self._data[header:end])

    def finish(self) -> None:
        if self.more:
            raise DerError(f"nothing more is expected at byte {self._offset}")

    def _length(self, offset: int) -> tuple[int, int]:
        """Where the value begins and how long it is; only the shortest form is DER."""
        octets = self._data[offset : offset + 1]
        if octets and octets[0] < 0x80:
            return offset + 1, octets[0]
        count = octets[0] & 0x7F if octets else 0
        size = self._data[offset + 1 : offset + 1 + count]
        length = int.from_bytes(size, "big")
        if not 1 <= count <= 4 or len(size) < count or size[0] == 0 or length < 0x80:
            raise DerError(f"length at byte {offset} is not in its shortest form")
        return offset + 1 + count, length


def encode(tag: int, *parts: bytes) -> bytes:
    """One element that holds the parts one after the other."""
    value = b"".join(parts)
    if len(value) < 0x80:
        return bytes((tag, len(value))) + value
    length = len(value).to_bytes((len(value).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + value


def only(data: bytes, tag: int) -> Element:
    """The single element that `data` holds."""
    reader = DerReader(data)
    element = reader.read(tag)
    reader.finish()
    return element
