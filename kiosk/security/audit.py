"""The audit log: every action leaves a line, no line leaves a person.

One JSON object a line, in a file that is only ever added to. Each line carries its number and the SHA-256
of itself chained to the line before, so a changed, removed or reordered line is found by `verify`. Lines cut
off the end are found by comparing with a head (`AuditCheck.head`) kept elsewhere, such as in a packet.

What may be said is closed: an event of `AuditEvent`, with the details it lists. A resident appears as the
keyed hash of the NIK. Whatever else might name a person is struck out here, the one place all lines pass.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, BinaryIO

from kiosk.enrollment.record import Stamp
from kiosk.security.nik_hash import nik_hash

REDACTED = "[redacted]"
_FIRST = "0" * 64
_CODE = re.compile(r"[a-z0-9_][a-z0-9_.:/+-]{0,79}|[A-Z]+(_[A-Z]+)+|UNREGISTERED|PROCESSING")
"""Lower case, or a status of the centre: names on cards are in capitals, without underscore."""
_LIKE_A_NIK = re.compile(r"(?:[0-9][ .-]?){15,}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ID = re.compile(r"[A-Za-z0-9_-]{0,80}")
_NIK_WORD = re.compile(r"(?<![0-9A-Za-z])[0-9]{16}(?![0-9A-Za-z])")


class AuditEvent(Enum):
    """What can happen, and the details each may carry. A detail is a code, an id, a version or a number."""

    # the unit
    STARTED = ("started", "version")
    STOPPED = ("stopped", "reason")
    CLOCK_SET = ("clock_set", "trust")
    SELF_TEST = ("self_test", "device", "result")
    DEVICE_FAULT = ("device_fault", "device", "fault")
    DEVICE_RESTORED = ("device_restored", "device")
    LOG_REPAIRED = ("log_repaired", "bytes_removed")
    ROSTER_IMPORTED = ("roster_imported", "added", "changed", "problems", "file_sha256")
    SETTINGS_CHANGED = ("settings_changed", "key")
    STORE_DAMAGED = ("store_damaged", "part")
    BACKED_UP = ("backed_up", "backup_sha256")
    RESTORED = ("restored", "backup_sha256", "forced")
    KEYS_LOADED = ("keys_loaded", "certificate_sha256")
    # officers
    SIGNED_IN = ("signed_in", "role", "by")
    SIGN_IN_REFUSED = ("sign_in_refused", "problem")
    SIGNED_OUT = ("signed_out",)
    OFFICER_ADDED = ("officer_added", "officer", "role")
    OFFICER_REMOVED = ("officer_removed", "officer")
    # an enrollment
    SESSION_STARTED = ("session_started", "mode")
    NOTICE_GIVEN = ("notice_given", "version", "language")
    PERSON_LOOKED_UP = ("person_looked_up", "by", "found")
    PERSON_IDENTIFIED = ("person_identified", "by")
    BIODATA_CONFIRMED = ("biodata_confirmed",)
    BIODATA_DISPUTED = ("biodata_disputed", "field")
    CAPTURED = ("captured", "position", "score", "attempt", "forced")
    VERIFIED = ("verified", "position", "matched")
    FINGERS_SEARCHED = ("fingers_searched", "records", "hits")
    TEMPLATES_DAMAGED = ("templates_damaged",)
    EXCEPTION_REQUESTED = ("exception_requested", "position", "reason")
    EXCEPTION_APPROVED = ("exception_approved", "position", "reason")
    STEP_RETURNED = ("step_returned", "step")
    APPROVED = ("approved", "by")
    FINALISED = ("finalised", "override")
    PARKED = ("parked", "reason")
    RESUMED = ("resumed",)
    REFUSED = ("refused", "reason")
    ABORTED = ("aborted", "reason")
    IMAGES_DESTROYED = ("images_destroyed",)
    # the packet
    SEALED = ("sealed", "packet_sha256")
    SENT = ("sent", "packet_sha256", "attempts")
    SEND_FAILED = ("send_failed", "packet_sha256", "fault")
    RECEIPT_ACCEPTED = ("receipt_accepted", "packet_sha256", "receipt_sha256", "status")
    RECEIPT_REFUSED = ("receipt_refused", "packet_sha256", "problem")
    EXPORTED = ("exported", "packets", "medium")
    PACKET_DAMAGED = ("packet_damaged", "packet_sha256")
    PURGED = ("purged", "packet_sha256")

    def __init__(self, code: str, *details: str) -> None:
        self.code = code
        self.details = frozenset(details)


@dataclass(frozen=True, slots=True)
class AuditCheck:
    """lines: how many are sound from the start. head: the last sound line's hash. problem: what is wrong
    with the next line, empty when the whole log is sound."""

    lines: int
    head: str
    problem: str = ""

    @property
    def sound(self) -> bool:
        return not self.problem


class AuditLog:
    """The log at `path` (mode 0640), which several processes may write.

    nik_key: the office's 32-byte key for `nik_hash`; None for a writer that never deals with a resident.
    """

    def __init__(self, path: Path, *, nik_key: bytes | None) -> None:
        self._path = path
        self._nik_key = nik_key
        path.parent.mkdir(parents=True, exist_ok=True)

    def record(
        self,
        event: AuditEvent,
        stamp: Stamp,
        *,
        actor: str = "",
        enrollment_id: str = "",
        nik: str = "",
        details: Mapping[str, str | int | bool] | None = None,
    ) -> str:
        """Adds one line durably and returns its hash.

        actor: the officer's sign-in name, empty for the resident or the unit itself. Raises ValueError for a
        detail the event does not list.
        """
        details = details or {}
        if strange := set(details) - event.details:
            raise ValueError(f"{event.name} has no detail {', '.join(sorted(strange))}")
        said: dict[str, object] = {
            "at": stamp.at.isoformat(),
            "trust": stamp.trust.value,
            "monotonic_ns": stamp.monotonic_ns,
            "event": event.code,
            "actor": _redacted(actor),
            "enrollment": _redacted_id(enrollment_id),
            "nik_hash": self._hash_nik(nik),
            "details": {name: _redacted(value) for name, value in details.items()},
        }
        with self._locked() as stream:
            removed = _remove_torn_line(stream)
            if removed:
                repair = {**said, "event": AuditEvent.LOG_REPAIRED.code, "details": {"bytes_removed": removed}}
                _append(stream, repair | {"actor": "", "enrollment": "", "nik_hash": ""})
            return _append(stream, said)

    def _hash_nik(self, nik: str) -> str:
        if not nik:
            return ""
        if self._nik_key is None:
            raise ValueError("this writer has no key to hash a NIK with")
        return nik_hash(nik, key=self._nik_key)

    def verify(self) -> AuditCheck:
        """Reads the whole log and checks its chain."""
        head = _FIRST
        number = 0
        if not self._path.exists():
            return AuditCheck(lines=0, head=head)
        with self._path.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                problem = _problem(line, number, head)
                if problem:
                    return AuditCheck(lines=number - 1, head=head, problem=f"line {number} {problem}")
                head = _fields(line)["hash"]
        return AuditCheck(lines=number, head=head)

    @contextmanager
    def _locked(self) -> Iterator[BinaryIO]:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o640)
        with os.fdopen(descriptor, "r+b") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)  # released when the file is closed
            yield stream


def _redacted(value: str | int | bool) -> str | int | bool:
    """Codes and small numbers pass; free text, and digits that may be a NIK or KK, do not."""
    if isinstance(value, bool) or value == "":
        return value
    text = str(value)
    passes = _CODE.fullmatch(text) and (_SHA256.fullmatch(text) or not _LIKE_A_NIK.search(text))
    return value if passes else REDACTED


def _redacted_id(enrollment_id: str) -> str:
    passes = _ID.fullmatch(enrollment_id) and not _NIK_WORD.search(enrollment_id)
    return enrollment_id if passes else REDACTED


def _append(stream: BinaryIO, said: Mapping[str, object]) -> str:
    last = _last_line(stream)
    before: dict[str, Any] = _fields(last) if last else {"n": 0, "hash": _FIRST}
    fields: dict[str, Any] = {"n": before["n"] + 1, **said}
    fields["hash"] = _hash(before["hash"], fields)
    stream.seek(0, os.SEEK_END)
    stream.write(_canonical(fields) + b"\n")
    stream.flush()
    os.fsync(stream.fileno())
    return str(fields["hash"])


def _last_line(stream: BinaryIO) -> bytes:
    size = stream.seek(0, os.SEEK_END)
    tail = b""
    while size and b"\n" not in tail[:-1]:
        step = min(4096, size)
        size -= step
        stream.seek(size)
        tail = stream.read(step) + tail
    return tail[:-1].rpartition(b"\n")[2]


def _remove_torn_line(stream: BinaryIO) -> int:
    """A power cut in mid-write leaves an end without newline, which nobody was told is written."""
    size = stream.seek(0, os.SEEK_END)
    whole = size
    while whole:
        stream.seek(whole - 1)
        if stream.read(1) == b"\n":
            break
        whole -= 1
    if whole < size:
        stream.truncate(whole)
    return size - whole


def _problem(line: bytes, number: int, head: str) -> str:
    if not line.endswith(b"\n"):
        return "is cut off"
    try:
        fields = _fields(line)
    except ValueError:
        return "is not an audit line"
    if fields.get("n") != number:
        return f"has number {fields.get('n')}"
    claimed = fields.pop("hash", "")
    return "" if claimed == _hash(head, fields) else "is not what was written"


def _fields(line: bytes) -> dict[str, Any]:
    fields = json.loads(line)
    if not isinstance(fields, dict):
        raise ValueError("not an object")
    return fields


def _hash(previous: str, fields: Mapping[str, object]) -> str:
    return hashlib.sha256(previous.encode() + b"\n" + _canonical(fields)).hexdigest()


def _canonical(fields: Mapping[str, object]) -> bytes:
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
