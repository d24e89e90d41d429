"""The database: a full disk or a wrong place is told from damage, and a failed change leaves nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.storage.database import Database, DatabaseUnavailableError

SCHEMA = "CREATE TABLE IF NOT EXISTS note (text TEXT UNIQUE) STRICT;"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(tmp_path / "notes.sqlite", schema=SCHEMA, kind=7)) as database:
        yield database


def notes(database: Database) -> list[str]:
    return [row["text"] for row in database.query("SELECT text FROM note ORDER BY rowid")]


def test_every_commit_is_durable_and_logged_ahead(database: Database):
    assert database.query("PRAGMA journal_mode")[0][0] == "wal"
    assert database.query("PRAGMA synchronous")[0][0] == 2  # FULL


def test_a_change_that_fails_half_way_leaves_nothing(database: Database):
    with pytest.raises(KeyError), database.transaction() as connection:
        connection.execute("INSERT INTO note VALUES ('one')")
        raise KeyError
    assert notes(database) == []


def test_a_refused_row_leaves_nothing_and_is_told_as_such(database: Database):
    with pytest.raises(sqlite3.IntegrityError), database.transaction() as connection:
        connection.execute("INSERT INTO note VALUES ('one')")
        connection.execute("INSERT INTO note VALUES ('one')")
    assert notes(database) == []


def test_a_full_disk_is_no_damage_and_what_was_kept_stays(database: Database):
    with database.transaction() as connection:
        connection.execute("INSERT INTO note VALUES ('kept')")
    pages = database.query("PRAGMA page_count")[0][0]
    database.query(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DatabaseUnavailableError, match="full"), database.transaction() as connection:
        for number in range(100):
            connection.execute("INSERT INTO note VALUES (?)", (f"{number}" * 1000,))
    assert notes(database) == ["kept"]
    database.query("PRAGMA max_page_count = 1000")
    with database.transaction() as connection:
        connection.execute("INSERT INTO note VALUES ('after')")
    assert notes(database) == ["kept", "after"]


def test_a_place_that_holds_no_file_is_no_damage(tmp_path: Path):
    (tmp_path / "notes.sqlite").mkdir()
    with pytest.raises(DatabaseUnavailableError, match=r"notes\.sqlite"):
        Database(tmp_path / "notes.sqlite", schema=SCHEMA, kind=7)
