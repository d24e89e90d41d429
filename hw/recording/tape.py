"""The file of a recorded session: one line of JSON, then what passed over the wire, entry by entry.

The line: `{"format": "hw-recording", "version": 1, "url": .., "wire": .., "began": ..}`: the device's URL, what
kind of wire it has (`hw.recording.wires.Wire`), and the UTC time of nanosecond 0. Then entries, big-endian:

    u8   event       0 opened, 1 from the device, 2 to the device, 3 closed by the device
    u32  connection  counts openings of the wire, from 1
    u64  time        nanoseconds on the monotonic clock since the recording began
    u32  length      of the bytes that follow, up to 16 MiB

An entry that is cut off ends the recording: whoever recorded was killed. A recording holds whatever the device
saw, so it is readable by its owner only.
"""

from __future__ import annotations

import errno
import json
import os
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from hw.recording.wires import Wire

FORMAT: Final = "hw-recording"
VERSION: Final = 1
MAX_ENTRY_BYTES: Final = 16 * 1024 * 1024
_MAX_HEADER_BYTES: Final = 64 * 1024
_ENTRY: Final = struct.Struct(">BIQI")


class TapeError(ValueError):
    """This is no recording, or a damaged one."""


class Event(IntEnum):
    OPENED = 0
    FROM_DEVICE = 1
    TO_DEVICE = 2
    CLOSED_BY_DEVICE = 3


@dataclass(frozen=True, slots=True)
class Entry:
    event: Event
    connection: int
    t_ns: int
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Tape:
    url: str
    wire: Wire
    began: datetime
    entries: tuple[Entry, ...]


class TapeWriter:
    """Safe between threads. Each entry is written at once, so that a killed recorder loses at most its last."""

    def __init__(
        self, path: Path, *, url: str, wire: Wire, clock_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        """Raises OSError, also when the file is already there: no recording is written over another."""
        self._lock = threading.Lock()
        self._clock_ns = clock_ns
        self._began_ns = clock_ns()
        self.failure: OSError | None = None
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._file = open(descriptor, "wb", buffering=0)  # noqa: SIM115, PTH123 - closed by close()
        header = {
            "format": FORMAT,
            "version": VERSION,
            "url": url,
            "wire": wire.value,
            "began": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        self._file.write(json.dumps(header).encode() + b"\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def add(self, event: Event, *, connection: int, data: bytes = b"") -> None:
        """Raises OSError when the disk is full, then and ever after.

        `failure` keeps it: whoever adds may not be who minds.
        """
        with self._lock:
            if self.failure is None:
                head = _ENTRY.pack(event, connection, self._clock_ns() - self._began_ns, len(data))
                self.failure = self._write(head + data)
            if self.failure is not None:
                raise self.failure

    def close(self) -> None:
        self._file.close()

    def _write(self, data: bytes) -> OSError | None:
        try:
            whole = self._file.write(data) == len(data)
        except OSError as error:
            return error
        return None if whole else OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def read_tape(path: Path) -> Tape:
    """Raises TapeError and OSError."""
    with path.open("rb") as file:
        line = file.readline(_MAX_HEADER_BYTES)
        body = memoryview(file.read())
    url, wire, began = _header(line, path)
    entries, offset = [], 0
    while len(body) - offset >= _ENTRY.size:
        event, connection, t_ns, length = _ENTRY.unpack_from(body, offset)
        if length > MAX_ENTRY_BYTES or event > max(Event):
            raise TapeError(f"{path}: no entry at byte {len(line) + offset}")
        offset += _ENTRY.size
        if length > len(body) - offset:
            break
        entries.append(Entry(Event(event), connection, t_ns, bytes(body[offset : offset + length])))
        offset += length
    return Tape(url, wire, began, tuple(entries))


def _header(line: bytes, path: Path) -> tuple[str, Wire, datetime]:
    try:
        fields = json.loads(line)
        if (fields["format"], fields["version"]) != (FORMAT, VERSION):
            raise TapeError(f"{path}: format {fields['format']!r} version {fields['version']!r} is not known")
        return str(fields["url"]), Wire(fields["wire"]), datetime.fromisoformat(fields["began"])
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        if isinstance(error, TapeError):
            raise
        raise TapeError(f"{path} is no recording of a device") from error
