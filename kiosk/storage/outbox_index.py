"""Which packets are in which state, so that nobody reads the states of months to find those of today.

Derived: each packet's state file says what is true, and who finds a row behind its file brings it up to date.
A row is there before its state file, so none is ever missing; after a change it may be a step behind when
the power went in between, and states that anything is waited for in are read at every pass.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from kiosk.storage.database import Database

_KIND = 0x4B544F31  # "KTO1"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS packet (
    sha256 TEXT PRIMARY KEY,
    enrollment TEXT NOT NULL,
    sealed_at TEXT NOT NULL,
    state TEXT NOT NULL,
    looked_at INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS packet_by_state ON packet (state, sealed_at, sha256);
CREATE INDEX IF NOT EXISTS packet_by_enrollment ON packet (enrollment);
CREATE INDEX IF NOT EXISTS packet_by_look ON packet (looked_at, sha256) WHERE state != 'purged';
"""


class OutboxIndex:
    """The index at `path`; both processes have it open. is_new: it has never been filled.

    sealed_at: sortable text, in UTC. Raises DatabaseDamagedError, DatabaseUnavailableError.
    """

    def __init__(self, path: Path) -> None:
        # SQLite gives its log files the mode of the file: the group's other process writes them too.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o660))
        if path.stat().st_uid == os.geteuid():
            path.chmod(0o660)
        self._database = Database(path, schema=_SCHEMA, kind=_KIND)

    @property
    def is_new(self) -> bool:
        return int(self._database.query("PRAGMA user_version")[0][0]) == 0

    def filled(self) -> None:
        self._database.query("PRAGMA user_version = 1")

    def note(self, sha256: str, *, enrollment_id: str, sealed_at: str, state: str) -> None:
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO packet (sha256, enrollment, sealed_at, state) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (sha256) DO UPDATE SET state = excluded.state",
                (sha256, enrollment_id, sealed_at, state),
            )

    def drop(self, sha256: str) -> None:
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM packet WHERE sha256 = ?", (sha256,))

    def in_states(self, states: Iterable[str], *, limit: int) -> list[tuple[str, str]]:
        """Hash and enrollment of the oldest `limit`, -1 for all."""
        found: list[sqlite3.Row] = []
        for state in states:  # each by its index, already in order
            found += self._database.query(
                "SELECT sha256, enrollment, sealed_at FROM packet WHERE state = ?"
                " ORDER BY sealed_at, sha256 LIMIT ?",
                state,
                limit,
            )
        found.sort(key=lambda row: (row["sealed_at"], row["sha256"]))
        return [(row["sha256"], row["enrollment"]) for row in (found[:limit] if limit >= 0 else found)]

    def count(self, states: Iterable[str]) -> int:
        rows = (
            self._database.query("SELECT count(*) AS n FROM packet WHERE state = ?", state)[0]
            for state in states
        )
        return sum(int(row["n"]) for row in rows)

    def of_enrollment(self, enrollment_id: str) -> list[str]:
        rows = self._database.query("SELECT sha256 FROM packet WHERE enrollment = ?", enrollment_id)
        return [row["sha256"] for row in rows]

    def states(self) -> dict[str, str]:
        """The state of every packet that is or was here."""
        return {row["sha256"]: row["state"] for row in self._database.query("SELECT sha256, state FROM packet")}

    def last_enrollment(self) -> str:
        """The highest enrollment, empty for none."""
        return str(self._database.query("SELECT coalesce(max(enrollment), '') AS last FROM packet")[0]["last"])

    def state_of(self, sha256: str) -> str | None:
        rows = self._database.query("SELECT state FROM packet WHERE sha256 = ?", sha256)
        return str(rows[0]["state"]) if rows else None

    def looked_at_least(self) -> str | None:
        """The packet that is here and was looked at longest ago; None when none is here."""
        rows = self._database.query(
            "SELECT sha256 FROM packet WHERE state != 'purged' ORDER BY looked_at, sha256 LIMIT 1"
        )
        return str(rows[0]["sha256"]) if rows else None

    def looked(self, sha256: str) -> None:
        """Puts the packet behind all others. A count, no time: the clock may be wrong."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE packet SET looked_at ="
                " (SELECT coalesce(max(looked_at), 0) + 1 FROM packet WHERE state != 'purged')"
                " WHERE sha256 = ?",
                (sha256,),
            )

    def close(self) -> None:
        self._database.close()
