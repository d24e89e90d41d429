"""Whose records this unit has sealed: a second record of one resident damages the first at the centre."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from kiosk.storage.database import Database

_KIND = 0x4B545331  # "KTS1"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS sent (
    nik_hash TEXT NOT NULL,
    packet_sha256 TEXT NOT NULL,
    sealed_at TEXT NOT NULL,
    letter TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (nik_hash, packet_sha256)
) STRICT;
"""


class SentRegister:
    """Keeps hashes, never a NIK. hash_nik: the office's keyed hash. Raises DatabaseDamagedError."""

    def __init__(self, path: Path, *, hash_nik: Callable[[str], str]) -> None:
        self._database = Database(path, schema=_SCHEMA, kind=_KIND)
        self._hash_nik = hash_nik

    def add(self, nik: str, *, packet_sha256: str, sealed_at: dt.datetime) -> None:
        """Adding a packet again changes nothing."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO sent (nik_hash, packet_sha256, sealed_at) VALUES (?, ?, ?)",
                (self._hash_nik(nik), packet_sha256, sealed_at.isoformat()),
            )

    def knows(self, nik: str) -> bool:
        """Whether a record of this NIK was sealed here and not deleted at the centre since."""
        found = self._database.query(
            "SELECT 1 FROM sent WHERE nik_hash = ? AND letter = '' LIMIT 1", self._hash_nik(nik)
        )
        return bool(found)

    def lift(self, nik: str, *, letter: str) -> None:
        """The centre deleted the earlier records; letter: the number of its deletion letter, not empty."""
        if not letter.strip():
            raise ValueError("a deletion needs the number of its letter")
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE sent SET letter = ? WHERE nik_hash = ? AND letter = ''", (letter, self._hash_nik(nik))
            )

    def letter(self, nik: str) -> str:
        """The number of the letter that the newest deletion went by, empty without any."""
        found = self._database.query(
            "SELECT letter FROM sent WHERE nik_hash = ? AND letter != '' ORDER BY rowid DESC LIMIT 1",
            self._hash_nik(nik),
        )
        return found[0]["letter"] if found else ""

    def merge(self, path: Path) -> None:
        """Adds what another register of the same office has. Raises DatabaseDamagedError for another file."""
        with closing(Database(path, schema=_SCHEMA, kind=_KIND)) as other:
            rows = other.query("SELECT nik_hash, packet_sha256, sealed_at, letter FROM sent")
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO sent VALUES (?, ?, ?, ?)", [tuple(row) for row in rows]
            )

    def close(self) -> None:
        self._database.close()
