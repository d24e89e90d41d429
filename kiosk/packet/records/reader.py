"""A cursor over one interchange record that knows where it stands when something is wrong."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RecordFault:
    """Why bytes are not the record they should be. offset: from the record's first byte."""

    offset: int
    reason: str

    def __str__(self) -> str:
        return f"byte {self.offset}: {self.reason}"


class MalformedRecordError(Exception):
    """Carries a `RecordFault` from the depth of a decoder to its edge; never leaves this package."""

    def __init__(self, fault: RecordFault) -> None:
        super().__init__(str(fault))
        self.fault = fault


class Reader:
    """Reads big-endian fields in order. Every failure is a `MalformedRecordError` at the field's offset."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.offset = 0

    def fail(self, reason: str, *, back: int = 0) -> MalformedRecordError:
        """The error to raise for the field that began `back` bytes before the cursor."""
        return MalformedRecordError(RecordFault(self.offset - back, reason))

    @property
    def remaining(self) -> int:
        return len(self._data) - self.offset

    def take(self, size: int, name: str) -> bytes:
        if self.remaining < size:
            raise self.fail(f"{name} needs {size} bytes, {self.remaining} are left")
        taken = self._data[self.offset : self.offset + size]
        self.offset += size
        return taken

    def uint(self, size: int, name: str) -> int:
        return int.from_bytes(self.take(size, name), "big")

    def sint(self, size: int, name: str) -> int:
        return int.from_bytes(self.take(size, name), "big", signed=True)

    def expect(self, allowed: bytes, name: str) -> None:
        found = self.take(len(allowed), name)
        if found != allowed:
            raise self.fail(f"{name} is {found!r}, must be {allowed!r}", back=len(allowed))

    def one_of(self, allowed: Collection[int], size: int, name: str) -> int:
        value = self.uint(size, name)
        if value not in allowed:
            choices = ", ".join(str(choice) for choice in allowed)
            raise self.fail(f"{name} is {value}, must be one of {choices}", back=size)
        return value

    def length_to_end(self, name: str, *, counted_from: int) -> None:
        """A four-byte length that must reach exactly the end of the data from `counted_from`."""
        value, allowed = self.uint(4, name), len(self._data) - counted_from
        if value != allowed:
            raise self.fail(f"{name} is {value}, must be {allowed}", back=4)

    def skip_past(self, mark: bytes, name: str) -> None:
        found = self._data.find(mark, self.offset)
        if found < 0:
            raise self.fail(f"{name} has no end")
        self.offset = found + len(mark)

    def until(self, marks: bytes, name: str) -> bytes:
        """What stands before the next byte that is one of `marks`, where the cursor then stands."""
        places = [place for mark in marks if (place := self._data.find(mark, self.offset)) >= 0]
        if not places:
            raise self.fail(f"{name} has no end")
        return self.take(min(places) - self.offset, name)

    def finish(self) -> None:
        if self.remaining:
            raise self.fail(f"{self.remaining} bytes follow the record's end")
