"""What happened to each enrollment, in order, for good: state is replayed from here after a power cut.

Append-only: triggers refuse changes, and each event carries the SHA-256 of itself and of the one before
it in the same enrollment, so a damaged or edited event is found when it is read.

The board has no clock battery, so its wall time may step back. Within one enrollment time never does: an
event stamped earlier than the one before is kept with the earlier event's time, vouched for by nobody;
the monotonic reading beside it stays as it was.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from kiosk.enrollment.record import ClockTrust, Stamp
from kiosk.storage.database import Database, DatabaseDamagedError

_KIND = 0x4B544A31  # "KTJ1"
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
CREATE TRIGGER IF NOT EXISTS event_is_never_changed BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER IF NOT EXISTS event_is_never_deleted BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
"""
_FIRST = "0" * 64


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

    Raises JournalDamagedError when the file is no sound journal.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._database = Database(path, schema=_SCHEMA, kind=_KIND)
        except DatabaseDamagedError as error:
            raise JournalDamagedError(*error.args) from error
        (bounds,) = self._database.query(
            "SELECT count(*) AS held, coalesce(max(sequence), 0) AS last FROM event"
        )
        if bounds["held"] != bounds["last"]:
            self.close()
            raise JournalDamagedError(
                f"{path}: {bounds['last']} events were written, {bounds['held']} are left"
            )

    def append(self, enrollment_id: str, event: Mapping[str, Any], stamp: Stamp) -> int:
        """Adds one event and returns its sequence; on return it survives a power cut.

        Raises ValueError for a stamp without time zone or an event that is not JSON.
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
            fields = (enrollment_id, number, body, stamp.at.isoformat(), stamp.trust.value, stamp.monotonic_ns)
            digest = _digest(last["digest"] if last else _FIRST, *fields)
            row = connection.execute(
                "INSERT INTO event (enrollment, number, body, at, trust, monotonic_ns, digest)"
                " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING sequence",
                (*fields, digest),
            ).fetchone()
            return int(row["sequence"])

    def events(self, enrollment_id: str) -> tuple[JournalEvent, ...]:
        """The enrollment's events, oldest first; none for an unknown id. Raises JournalDamagedError."""
        rows = self._database.query("SELECT * FROM event WHERE enrollment = ? ORDER BY number", enrollment_id)
        events = []
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
                raise JournalDamagedError(
                    f"{self._database.path}: enrollment {enrollment_id}, event {number} is not what was written"
                )
            previous = row["digest"]
            events.append(_event(row))
        return tuple(events)

    def enrollments(self) -> tuple[str, ...]:
        """The ids of all enrollments, in the order they began."""
        rows = self._database.query("SELECT enrollment FROM event WHERE number = 1 ORDER BY sequence")
        return tuple(row["enrollment"] for row in rows)

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _event(row: sqlite3.Row) -> JournalEvent:
    stamp = Stamp(
        at=dt.datetime.fromisoformat(row["at"]),
        trust=ClockTrust(row["trust"]),
        monotonic_ns=row["monotonic_ns"],
    )
    return JournalEvent(
        sequence=row["sequence"],
        number=row["number"],
        event=json.loads(row["body"]),
        stamp=stamp,
        digest=row["digest"],
    )


def _not_before(stamp: Stamp, earliest: dt.datetime) -> Stamp:
    return stamp if stamp.at >= earliest else replace(stamp, at=earliest, trust=ClockTrust.UNTRUSTED)


def _digest(previous: str, *fields: object) -> str:
    return hashlib.sha256(_canonical([previous, *fields]).encode()).hexdigest()


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
