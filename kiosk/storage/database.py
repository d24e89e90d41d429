"""SQLite as the unit needs it: durable at each commit, shared between processes, damage named."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

_BUSY_TIMEOUT_S = 10.0
"""Another process holds the write lock for one commit, a few ms on an SD card; more means it hangs."""
_LOOKED_THROUGH_AT_OPEN_BYTES = 4_000_000
"""A tenth of a second on an SD card. Months of journal are hundreds of megabytes: `check` reads those."""


class DatabaseDamagedError(Exception):
    """The file is not a sound database of this kind. It is left as it is; the backup has the data."""


class DatabaseUnavailableError(OSError):
    """The file cannot be used now: no room or right to write, a failing disk, a lock that is not given up."""


class Database:
    """One SQLite file: WAL, synchronous FULL, so that a commit survives the power cut that follows it.

    schema: idempotent DDL. kind: the application id, which tells one of our files from another's.
    Safe between processes and threads; one transaction at a time. Damage is looked for in a small file when it
    is opened, in a large one by `check`. Everything here raises
    DatabaseDamagedError and DatabaseUnavailableError.
    """

    def __init__(self, path: Path, *, schema: str, kind: int) -> None:
        self.path = path
        self._lock = RLock()
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._faults_named():
            self._connection = sqlite3.connect(
                path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
        self._connection.row_factory = sqlite3.Row
        try:
            with self._faults_named():
                self._prepare(schema, kind)
        except BaseException:
            self.close()
            raise

    def _prepare(self, schema: str, kind: int) -> None:
        run = self._connection.execute
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        run("PRAGMA foreign_keys = ON")
        run("PRAGMA trusted_schema = OFF")
        run("PRAGMA secure_delete = ON")  # a removed row is overwritten: rows are personal data
        with self.transaction():
            found_kind = run("PRAGMA application_id").fetchone()[0]
            is_new = run("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
            if not is_new and found_kind != kind:
                raise DatabaseDamagedError(f"{self.path} is another kind of file")
            for statement in _statements(schema):
                run(statement)
            run(f"PRAGMA application_id = {kind}")
        if self.path.stat().st_size <= _LOOKED_THROUGH_AT_OPEN_BYTES:
            self._look_through(self._connection)

    def check(self) -> None:
        """Looks through the whole file, beside the work that goes on. Raises DatabaseDamagedError."""
        with self._faults_named():
            reader = sqlite3.connect(self.path, timeout=_BUSY_TIMEOUT_S)
            try:
                self._look_through(reader)
            finally:
                reader.close()

    def _look_through(self, connection: sqlite3.Connection) -> None:
        problem = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if problem != "ok":
            raise DatabaseDamagedError(f"{self.path}: {problem}")

    def query(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """All rows of one SELECT."""
        with self._lock, self._faults_named():
            return self._connection.execute(sql, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Takes the write lock at once, commits durably at the end, undoes everything on an exception."""
        with self._lock, self._faults_named():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # SQLite has undone it already when the disk is full
                    self._connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _faults_named(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            raise  # a refused row, or a bug
        except sqlite3.OperationalError as error:
            raise DatabaseUnavailableError(f"{self.path}: {error}") from error
        except sqlite3.DatabaseError as error:
            raise DatabaseDamagedError(f"{self.path}: {error}") from error


def _statements(script: str) -> Iterator[str]:
    """The statements of a script, one by one: `executescript` would commit the open transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
