"""Bits that rot in what is kept are found while it is kept, and told: in the audit log and in the queue."""

from __future__ import annotations

import json
import sqlite3
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.app.clock import Clock
from kiosk.app.scrub import DAMAGED, ROUND_S, Scrub
from kiosk.enrollment.events import Event, Recalled
from kiosk.security.audit import AuditLog
from kiosk.storage.journal import Journal
from kiosk.storage.layout import DataFolder
from kiosk.storage.outbox import Outbox
from tests.storage.months import WRAPPING_KEY, enrollment_id, fill

PACKETS = 5
PATIENCE_S = 60.0


class Unit:
    def __init__(self, data: Path) -> None:
        folder = DataFolder(data)
        self.folder = folder
        self.outbox = Outbox(folder.outbox)
        self.journal = Journal(folder.journal, wrapping_key=WRAPPING_KEY)
        self.events: deque[Event] = deque()
        audit = AuditLog(folder.audit, nik_key=None)
        self.scrub = Scrub(self.outbox, self.journal, audit, Clock(), self.events.append, pause_s=0.001)

    def until(self, true: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE_S
        while not true():
            assert time.monotonic() < end
            time.sleep(0.01)

    def audited(self) -> list[str]:
        lines = self.folder.audit.read_text().splitlines() if self.folder.audit.exists() else []
        return [json.loads(line)["event"] for line in lines]


@pytest.fixture
def unit(tmp_path: Path):
    fill(tmp_path, PACKETS)
    unit = Unit(tmp_path)
    yield unit
    unit.journal.close()
    unit.outbox.close()


def test_every_packet_has_its_turn(unit: Unit):
    looked_at = []
    for _ in range(PACKETS):
        looked_at.append(unit.outbox.looked_at_least())
        unit.scrub.look_at_a_packet()
    assert sorted(looked_at) == sorted(entry.sha256 for entry in unit.outbox.entries())
    assert unit.outbox.looked_at_least() == looked_at[0]
    assert unit.audited() == []


def test_a_rotten_packet_is_audited_marked_and_shown(unit: Unit):
    entry = unit.outbox.pending()[2]
    path = unit.folder.outbox / f"{entry.sha256}.ktp"
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    for _ in range(PACKETS):
        unit.scrub.look_at_a_packet()
    assert unit.audited() == ["packet_damaged"]
    assert unit.outbox.entry(entry.sha256).last_fault == DAMAGED
    (event,) = unit.events
    assert isinstance(event, Recalled)
    assert event.enrollment.id == entry.enrollment_id


def test_a_purged_packet_is_not_missed(unit: Unit):
    entry = unit.outbox.pending()[0]
    unit.outbox.attach_receipt(entry.sha256, b"receipt")
    unit.outbox.purge(entry.sha256)
    for _ in range(2 * PACKETS):
        assert unit.outbox.looked_at_least() != entry.sha256
        unit.scrub.look_at_a_packet()
    assert unit.audited() == []


def test_an_edited_event_is_audited(unit: Unit):
    for _ in range(PACKETS + 1):
        unit.scrub.look_at_an_enrollment()
    connection = sqlite3.connect(unit.folder.journal)
    connection.execute("DROP TRIGGER event_is_never_changed")
    connection.execute("UPDATE event SET at = at || 'x' WHERE enrollment = ?", (enrollment_id(3),))
    connection.commit()
    connection.close()
    unit.scrub.start()
    unit.until(lambda: unit.audited() == ["store_damaged"])
    unit.scrub.stop()


def test_a_state_that_cannot_be_read_is_audited_and_the_reading_goes_on(unit: Unit):
    entry = unit.outbox.pending()[0]
    (unit.folder.outbox / f"{entry.sha256}.json").write_text("rotten")
    (unit.folder.outbox / f"{entry.sha256}.ktp").unlink()
    unit.scrub.start()
    unit.until(lambda: {"store_damaged", "packet_damaged"} <= set(unit.audited()))
    unit.scrub.stop()


def test_a_rotten_state_beside_a_sound_packet_is_audited(unit: Unit):
    entry = unit.outbox.pending()[0]
    (unit.folder.outbox / f"{entry.sha256}.json").write_text("rotten")
    for _ in range(PACKETS):
        unit.scrub.look_at_a_packet()
    assert unit.audited() == ["packet_damaged"]


def test_the_thread_sweeps_and_ends(unit: Unit):
    temporary = unit.folder.outbox / ".half.ktp.tmp"
    temporary.write_bytes(b"half")
    unit.scrub.start()
    unit.until(lambda: not temporary.exists())
    unit.scrub.stop()


def test_what_is_little_is_read_once_a_day(unit: Unit, monkeypatch: pytest.MonkeyPatch):
    reads: list[str] = []
    read = unit.outbox.read
    monkeypatch.setattr(unit.outbox, "read", lambda sha256: reads.append(sha256) or read(sha256))
    now_s = 0.0
    monkeypatch.setattr("kiosk.app.scrub.time.monotonic", lambda: now_s)
    turns = unit.scrub._turns()
    for _ in range(20 * PACKETS):
        next(turns)()
    assert len(reads) == PACKETS
    now_s = ROUND_S
    for _ in range(2 * PACKETS + 2):
        next(turns)()
    assert len(reads) == 2 * PACKETS
