"""What happened to each enrollment, in order, for good: state is replayed from here after a power cut.

Append-only: triggers refuse changes, and each event carries the SHA-256 of itself and of the one before
it in the same enrollment, so a damaged or edited event is found when it is read.

What the events say is personal. Each body is encrypted under a key of its enrollment (AES-256-GCM), which
lies beside them wrapped by the device's key; to forget an enrollment is to destroy that key. The digests
cover the ciphertext, so the chain can be checked by who may not read it, and after it was forgotten.

The board has no clock battery, so its wall time may step back. Within one enrollment time never does: an
event stamped earlier than the one before is kept with the earlier event's time, vouched for by nobody;
the monotonic reading beside it stays as it was.

A start replays what is open. An enrollment that only waits for its receipt is put to rest (`rest`), for months
if need be, and opens again with the next event; one that has ended is forgotten. Opening the journal
therefore costs the same after months; `check` reads all of it, in the background.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from kiosk.enrollment.record import ClockTrust, Stamp
from kiosk.storage.aead import KEY_BYTES, SealBrokenError, new_key, seal, unseal
from kiosk.storage.database import Database, DatabaseDamagedError, DatabaseUnavailableError

_KIND = 0x4B544A32  # "KTJ2"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS event (
    sequence INTEGER PRIMARY KEY,
    enrollment TEXT NOT NULL,
    number INTEGER NOT NULL,
    body TEXT NOT NULL,
    at TEXT NOT NULL,
    trust TEXT NOT NULL,
    monotonic_ns INTEGER NOT NULL,
    digest TEXT NOT NULL,
    UNIQUE (enrollment, number)
) STRICT;
CREATE TABLE IF NOT EXISTS secret (
    enrollment TEXT PRIMARY KEY,
    wrapped BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS first_event ON event (sequence) WHERE number = 1;
CREATE TABLE IF NOT EXISTS standing (
    enrollment TEXT PRIMARY KEY,
    begun INTEGER NOT NULL,
    at_rest INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS standing_by_rest ON standing (at_rest, begun);
CREATE TRIGGER IF NOT EXISTS event_is_never_changed BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER IF NOT EXISTS event_is_never_deleted BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
"""
_FIRST = "0" * 64
_COUNTED_AT_OPEN = 1000
"""Events, the newest. `check` counts all."""


class JournalDamagedError(DatabaseDamagedError):
    """An event is missing, unreadable or not what was written."""


@dataclass(frozen=True, slots=True)
class JournalEvent:
    """sequence: counts from 1 in the journal; number: from 1 in the enrollment. digest: lower-case hex."""

    sequence: int
    number: int
    event: Mapping[str, Any]
    stamp: Stamp
    digest: str


class Journal:
    """Opens or creates the journal at `path`; two processes may have it open.

    wrapping_key: 32 bytes, the device's; it is never written. Raises JournalDamagedError when the file is no
    sound journal.
    """

    def __init__(self, path: Path, *, wrapping_key: bytes) -> None:
        if len(wrapping_key) != KEY_BYTES:
            raise ValueError(f"a wrapping key has {KEY_BYTES} bytes, not {len(wrapping_key)}")
        self._wrapping_key = wrapping_key
        try:
            self._database = Database(path, schema=_SCHEMA, kind=_KIND)
        except DatabaseDamagedError as error:
            raise JournalDamagedError(*error.args) from error
        try:
            self._count_events(newest=_COUNTED_AT_OPEN)
            self._fill_standing()
        except BaseException:
            self.close()
            raise

    def append(self, enrollment_id: str, event: Mapping[str, Any], stamp: Stamp) -> int:
        """Adds one event and returns its sequence; on return it survives a power cut.

        Raises ValueError for a stamp without time zone, an event that is not JSON, or a forgotten enrollment.
        """
        if stamp.at.tzinfo is None:
            raise ValueError("a stamp needs a time zone")
        body = _canonical(dict(event))
        with self._database.transaction() as connection:
            last = connection.execute(
                "SELECT * FROM event WHERE enrollment = ? ORDER BY number DESC LIMIT 1", (enrollment_id,)
            ).fetchone()
            number = last["number"] + 1 if last else 1
            stamp = _not_before(stamp, dt.datetime.fromisoformat(last["at"])) if last else stamp
            sealed = seal(self._key(enrollment_id, connection), body.encode(), _place(enrollment_id, number))
            written = base64.b64encode(sealed).decode()
            fields = (
                enrollment_id,
                number,
                written,
                stamp.at.isoformat(),
                stamp.trust.value,
                stamp.monotonic_ns,
            )
            digest = _digest(last["digest"] if last else _FIRST, *fields)
            row = connection.execute(
                "INSERT INTO event (enrollment, number, body, at, trust, monotonic_ns, digest)"
                " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING sequence",
                (*fields, digest),
            ).fetchone()
            sequence = int(row["sequence"])
            connection.execute(
                "INSERT INTO standing VALUES (?, ?, 0) ON CONFLICT (enrollment) DO UPDATE SET at_rest = 0",
                (enrollment_id, sequence),
            )
            return sequence

    def events(self, enrollment_id: str) -> tuple[JournalEvent, ...]:
        """The enrollment's events, oldest first; none for an unknown or forgotten id.

        Raises JournalDamagedError.
        """
        key = self._kept_key(enrollment_id)
        rows = self._checked_rows(enrollment_id)
        if key is None:
            return ()
        return tuple(self._event(row, key) for row in rows)

    def check(self) -> None:
        """Reads everything, in seconds for each month of work. Raises JournalDamagedError."""
        self.check_file()
        for enrollment_id in self.begun():
            self.check_enrollment(enrollment_id)

    def check_file(self) -> None:
        """Looks through the pages, and for events and keys that are missing. Raises JournalDamagedError."""
        try:
            self._database.check()
        except DatabaseDamagedError as error:
            raise JournalDamagedError(*error.args) from error
        self._count_events()
        lost = self._database.query(
            "SELECT enrollment FROM event"
            " WHERE number = 1 AND enrollment NOT IN (SELECT enrollment FROM secret)"
            " UNION SELECT enrollment FROM secret"
            " WHERE wrapped != x'' AND enrollment NOT IN (SELECT enrollment FROM standing)"
        )
        if lost:
            told = f"enrollment {lost[0]['enrollment']} has lost its key or its place"
            raise JournalDamagedError(f"{self._database.path}: {told}")

    def check_enrollment(self, enrollment_id: str) -> None:
        """Recomputes every digest, also of one that is forgotten. Raises JournalDamagedError."""
        self._checked_rows(enrollment_id)

    def rest(self, enrollment_id: str) -> None:
        """Leaves the enrollment out of `enrollments` until something happens to it again."""
        with self._database.transaction() as connection:
            connection.execute("UPDATE standing SET at_rest = 1 WHERE enrollment = ?", (enrollment_id,))

    def forget(self, enrollment_id: str) -> None:
        """Destroys the enrollment's key: what its events said is gone for good, that they were written stays.

        Database pages and log are overwritten. Flash storage may keep old pages all the same, and the key
        in those is still wrapped.
        """
        with self._database.transaction() as connection:
            connection.execute("UPDATE secret SET wrapped = x'' WHERE enrollment = ?", (enrollment_id,))
            connection.execute("DELETE FROM standing WHERE enrollment = ?", (enrollment_id,))
        self._database.query("PRAGMA wal_checkpoint(TRUNCATE)")

    def begun(self) -> tuple[str, ...]:
        """The ids of all enrollments ever begun, in their order."""
        rows = self._database.query("SELECT enrollment FROM event WHERE number = 1 ORDER BY sequence")
        return tuple(row["enrollment"] for row in rows)

    def begun_last(self) -> str:
        """The id of the enrollment that began last, empty for none."""
        rows = self._database.query(
            "SELECT enrollment FROM event WHERE number = 1 ORDER BY sequence DESC LIMIT 1"
        )
        return rows[0]["enrollment"] if rows else ""

    def enrollments(self) -> tuple[str, ...]:
        """The ids of the open enrollments, neither forgotten nor at rest, in the order they began."""
        rows = self._database.query("SELECT enrollment FROM standing WHERE at_rest = 0 ORDER BY begun")
        return tuple(row["enrollment"] for row in rows)

    def resting(self, *, newest: int) -> tuple[str, ...]:
        """The ids of the `newest` enrollments at rest, in the order they began."""
        rows = self._database.query(
            "SELECT enrollment FROM standing WHERE at_rest = 1 ORDER BY begun DESC LIMIT ?", newest
        )
        return tuple(row["enrollment"] for row in reversed(rows))

    def at_rest(self, enrollment_id: str) -> bool:
        rows = self._database.query(
            "SELECT 1 FROM standing WHERE enrollment = ? AND at_rest = 1", enrollment_id
        )
        return bool(rows)

    def written_last(self) -> str:
        """The id of the enrollment of the newest event, empty for none."""
        rows = self._database.query("SELECT enrollment FROM event ORDER BY sequence DESC LIMIT 1")
        return rows[0]["enrollment"] if rows else ""

    def _count_events(self, *, newest: int | None = None) -> None:
        """Sequences have no gaps: a removed event is missed. One that is added meanwhile is not."""
        last = int(self._database.query("SELECT coalesce(max(sequence), 0) AS last FROM event")[0]["last"])
        before = max(0, last - newest) if newest is not None else 0
        (row,) = self._database.query(
            "SELECT count(*) AS held FROM event WHERE sequence > ? AND sequence <= ?", before, last
        )
        if row["held"] != last - before:
            held = before + row["held"]
            raise JournalDamagedError(f"{self._database.path}: {last} events were written, {held} are left")

    def _fill_standing(self) -> None:
        """Once, for a journal from before there was this table: whatever is not forgotten is open."""
        if self._database.query("PRAGMA user_version")[0][0]:
            return
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO standing SELECT event.enrollment, event.sequence, 0"
                " FROM event JOIN secret USING (enrollment) WHERE number = 1 AND wrapped != x''"
            )
            connection.execute("PRAGMA user_version = 1")

    def _checked_rows(self, enrollment_id: str) -> list[sqlite3.Row]:
        rows = self._database.query("SELECT * FROM event WHERE enrollment = ? ORDER BY number", enrollment_id)
        previous = _FIRST
        for number, row in enumerate(rows, start=1):
            fields = (
                row["enrollment"],
                row["number"],
                row["body"],
                row["at"],
                row["trust"],
                row["monotonic_ns"],
            )
            if row["number"] != number or row["digest"] != _digest(previous, *fields):
                raise self._not_as_written(enrollment_id, number)
            previous = row["digest"]
        return rows

    def _event(self, row: sqlite3.Row, key: bytes) -> JournalEvent:
        try:
            sealed = base64.b64decode(row["body"], validate=True)
            body = unseal(key, sealed, _place(row["enrollment"], row["number"]))
        except (SealBrokenError, binascii.Error):
            raise self._not_as_written(row["enrollment"], row["number"]) from None
        return JournalEvent(
            sequence=row["sequence"],
            number=row["number"],
            event=json.loads(body),
            stamp=Stamp(
                at=dt.datetime.fromisoformat(row["at"]),
                trust=ClockTrust(row["trust"]),
                monotonic_ns=row["monotonic_ns"],
            ),
            digest=row["digest"],
        )

    def _key(self, enrollment_id: str, connection: sqlite3.Connection) -> bytes:
        """The enrollment's key, made with its first event."""
        key = self._kept_key(enrollment_id)
        if key is not None:
            return key
        if self._database.query("SELECT 1 FROM secret WHERE enrollment = ?", enrollment_id):
            raise ValueError(f"enrollment {enrollment_id} is forgotten")
        key = new_key()
        wrapped = seal(self._wrapping_key, key, _key_place(enrollment_id))
        connection.execute("INSERT INTO secret (enrollment, wrapped) VALUES (?, ?)", (enrollment_id, wrapped))
        return key

    def _kept_key(self, enrollment_id: str) -> bytes | None:
        """None before the first event and after it was forgotten."""
        rows = self._database.query("SELECT wrapped FROM secret WHERE enrollment = ?", enrollment_id)
        if not rows:
            if self._database.query("SELECT 1 FROM event WHERE enrollment = ? LIMIT 1", enrollment_id):
                raise JournalDamagedError(f"{self._database.path}: enrollment {enrollment_id} has lost its key")
            return None
        if not rows[0]["wrapped"]:
            return None
        try:
            return unseal(self._wrapping_key, rows[0]["wrapped"], _key_place(enrollment_id))
        except SealBrokenError:
            problem = f"the key of enrollment {enrollment_id} is damaged or another device's"
            raise JournalDamagedError(f"{self._database.path}: {problem}") from None

    def _not_as_written(self, enrollment_id: str, number: int) -> JournalDamagedError:
        return JournalDamagedError(
            f"{self._database.path}: enrollment {enrollment_id}, event {number} is not what was written"
        )

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _place(enrollment_id: str, number: int) -> bytes:
    return f"event {number} of {enrollment_id}".encode()


def _key_place(enrollment_id: str) -> bytes:
    return f"journal key of {enrollment_id}".encode()


def _not_before(stamp: Stamp, earliest: dt.datetime) -> Stamp:
    return stamp if stamp.at >= earliest else replace(stamp, at=earliest, trust=ClockTrust.UNTRUSTED)


def _digest(previous: str, *fields: object) -> str:
    return hashlib.sha256(_canonical([previous, *fields]).encode()).hexdigest()


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def check_journal(path: Path) -> None:
    """Whether the journal at `path` is whole, without the key that reads it. Raises JournalDamagedError."""
    with Journal(path, wrapping_key=bytes(KEY_BYTES)) as journal:
        journal.check()


def open_enrollments(path: Path) -> tuple[str, ...]:
    """As `Journal.enrollments`, for who may only read the file. Raises DatabaseUnavailableError.

    Read-only, SQLite wants the log files of whoever writes; without a log the file is whole as it is.
    """
    log = path.with_name(f"{path.name}-wal")
    how = "mode=ro" if log.exists() else "mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True)) as connection:
            rows = connection.execute("SELECT enrollment FROM standing WHERE at_rest = 0 ORDER BY begun")
            return tuple(row[0] for row in rows)
    except sqlite3.Error as error:
        raise DatabaseUnavailableError(f"{path}: {error}") from error
