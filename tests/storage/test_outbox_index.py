"""Who asks for what waits reads nothing of what was delivered long ago."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.storage.outbox import Outbox, PacketState
from tests.enrollment.people import NOW
from tests.storage.months import enrollment_id, put_packet


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three packets that wait, among the states of five that were delivered and cannot be read any more."""
    outbox = Outbox(tmp_path)
    for number in range(1, 9):
        sha256 = put_packet(outbox, number)
        if number not in (2, 5, 8):
            outbox.attach_receipt(sha256, b"receipt")
            outbox.purge(sha256)
            (tmp_path / f"{sha256}.json").write_text("unreadable")
    outbox.close()
    return tmp_path


@pytest.fixture
def outbox(folder: Path) -> Iterator[Outbox]:
    with closing(Outbox(folder)) as outbox:
        yield outbox


def test_a_start_and_its_lists_open_only_what_waits(outbox: Outbox):
    waiting = [entry.enrollment_id for entry in outbox.pending()]
    assert waiting == [enrollment_id(n) for n in (2, 5, 8)]
    assert [entry.enrollment_id for entry in outbox.pending(limit=2)] == waiting[:2]
    assert outbox.count(PacketState.PURGED) == 5
    assert outbox.of_enrollment(enrollment_id(5)) is not None
    assert outbox.of_enrollment(enrollment_id(99)) is None
    outbox.sweep()
    assert len(outbox.look().damaged) == 5


def test_without_an_index_an_unreadable_state_stops_no_start_and_is_named(tmp_path: Path):
    outbox = Outbox(tmp_path)
    rotten, sound = put_packet(outbox, 1), put_packet(outbox, 2)
    outbox.close()
    (tmp_path / f"{rotten}.json").write_text("rotten")
    for path in tmp_path.glob(".index.sqlite*"):
        path.unlink()
    again = Outbox(tmp_path)
    assert again.entry(sound).enrollment_id == enrollment_id(2)
    assert again.last_enrollment() == enrollment_id(2)
    found = again.look(PacketState.SEALED)
    assert [entry.sha256 for entry in found.entries] == [sound]
    assert [one.sha256 for one in found.damaged] == [rotten]
    again.close()


def test_what_was_answered_is_found_by_its_enrollment(outbox: Outbox):
    second = outbox.pending()[1]
    outbox.attach_receipt(second.sha256, b"rejected", accepted=False)
    assert outbox.answered() == (second.enrollment_id,)


def test_a_state_written_just_before_the_power_went_is_found_and_put_right(folder: Path, outbox: Outbox):
    entry = outbox.pending()[0]
    path = folder / f"{entry.sha256}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"state": "sent", "sent_at": NOW.at.isoformat()}))
    assert len(outbox.pending()) == 2
    assert [found.sha256 for found in outbox.entries(PacketState.SENT)] == [entry.sha256]


def test_an_announced_packet_that_was_never_written_is_none(folder: Path, outbox: Outbox):
    entry = outbox.pending()[0]
    for suffix in ("ktp", "json"):
        (folder / f"{entry.sha256}.{suffix}").unlink()
    with closing(Outbox(folder)) as again:
        assert len(again.pending()) == 2
        assert again.of_enrollment(entry.enrollment_id) is None
    assert put_packet(outbox, 2) == entry.sha256
    assert len(outbox.pending()) == 3


def test_a_folder_without_index_gets_one(folder: Path):
    for path in folder.iterdir():
        if path.read_bytes() == b"unreadable" or path.name.startswith(".index"):
            path.unlink()
    with closing(Outbox(folder)) as outbox:
        assert [entry.enrollment_id for entry in outbox.pending()] == [enrollment_id(n) for n in (2, 5, 8)]


def test_the_other_process_may_write_the_index_too(folder: Path):
    assert (folder / ".index.sqlite").stat().st_mode & 0o777 == 0o660


def test_lists_are_read_by_index_and_never_by_looking_at_all(folder: Path):
    connection = sqlite3.connect(folder / ".index.sqlite")
    for sql in (
        "SELECT sha256, enrollment FROM packet WHERE state = 'sealed' ORDER BY sealed_at, sha256 LIMIT 5",
        "SELECT count(*) FROM packet WHERE state = 'sealed'",
        "SELECT sha256 FROM packet WHERE enrollment = 'UNIT-000001'",
        "SELECT sha256 FROM packet WHERE state != 'purged' ORDER BY looked_at, sha256 LIMIT 1",
    ):
        plan = " ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}"))
        assert "INDEX" in plan, sql
        assert "TEMP B-TREE" not in plan, sql
    connection.close()


def test_a_sweep_finds_what_the_index_has_lost(folder: Path, outbox: Outbox):
    connection = sqlite3.connect(folder / ".index.sqlite")
    connection.execute("DELETE FROM packet WHERE state = 'sealed'")
    connection.commit()
    connection.close()
    assert outbox.pending() == ()
    outbox.sweep()
    assert [entry.enrollment_id for entry in outbox.pending()] == [enrollment_id(n) for n in (2, 5, 8)]
