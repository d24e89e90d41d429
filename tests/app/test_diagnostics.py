"""What the officer's screen says of unit and devices is what drivers and disk say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field

import pytest

from hw.api import Device, Eye, SelfTest, SelfTestCode
from hw.registry import open_device
from hw.sim.printer import SimulatedPrinter
from kiosk.app.diagnostics import Diagnostics, line_of
from kiosk.enrollment.standing import SelfTestLine
from kiosk.packet.contents import UnitInfo
from kiosk.security.audit import AuditLog
from kiosk.security.key_faults import KeyFault, KeyRefusal
from kiosk.storage.outbox import Outbox
from tests.app.held_card import HeldCard
from tests.enrollment.people import NOW


@dataclass
class Validity:
    """Keys that hold, or the refusal of those that do not."""

    refusal: KeyRefusal | None = None

    def out_of_time(self, _now: dt.datetime) -> KeyRefusal | None:
        return self.refusal


@dataclass
class Sealing:
    keys: Validity = field(default_factory=Validity)
    unit: UnitInfo = field(default_factory=lambda: UnitInfo("UNIT", "Contoh", "9.9"))


@dataclass
class Rooms:
    """The part of the services that the diagnostics look at."""

    data: object
    audit: AuditLog
    devices: tuple[Device, ...]
    outbox: Outbox
    sealer: Sealing = field(default_factory=Sealing)


@pytest.fixture
def rooms(tmp_path) -> Iterator[Rooms]:
    audit = AuditLog(tmp_path / "audit.jsonl", nik_key=None)
    with closing(Outbox(tmp_path / "outbox")) as outbox:
        yield Rooms(tmp_path, audit, (HeldCard(),), outbox)


def test_each_device_is_told_with_driver_identity_and_state(rooms):
    standing = Diagnostics(rooms).examine(NOW).standing
    (card,) = standing.devices
    assert card.ready
    assert (card.kind, card.make, card.serial, card.firmware) == ("card", "Contoh", "1", "1.0")
    assert card.driver.endswith("HeldCard")
    assert (standing.version, standing.clock, standing.unsent) == ("9.9", NOW, 0)
    assert standing.free_mb > 0


def test_what_waits_is_counted_and_its_oldest_tells_what_hinders(rooms):
    for number in range(3):
        outbox = rooms.outbox
        sha256 = outbox.put(b"%d" % number, enrollment_id=f"U-{number}", nik_hash="", sealed_at=NOW.at)
        outbox.record_attempt(sha256, at=NOW.at, fault=f"fault {number}")
    standing = Diagnostics(rooms).examine(NOW).standing
    assert standing.unsent == 3
    assert standing.last_fault == rooms.outbox.pending()[0].last_fault


def test_a_list_that_ended_is_told_as_what_keeps_records_unsealed(rooms):
    assert Diagnostics(rooms).examine(NOW).standing.keys_fault == ""
    rooms.sealer.keys.refusal = KeyRefusal(KeyFault.EXPIRED, "the list of recipients ended")
    assert "expired" in Diagnostics(rooms).examine(NOW).standing.keys_fault


def test_a_device_that_is_away_is_told_by_its_fault(rooms):
    rooms.devices = (open_device("escpos+tcp://127.0.0.1:9"),)
    (printer,) = Diagnostics(rooms).examine(NOW).standing.devices
    assert not printer.ready


def test_a_self_test_says_what_was_tried_and_leaves_a_line(rooms, tmp_path):
    rooms.devices[0].reader = False
    told = Diagnostics(rooms).test(rooms.devices[0].url, NOW)
    assert told.lines == (SelfTestLine("card_reader_answers", passed=False, detail="no reader"),)
    assert '"result":"failed"' in (tmp_path / "audit.jsonl").read_text().replace(" ", "")


def test_the_test_of_one_of_two_cameras_says_whose_it_is():
    test = SelfTest(SelfTestCode.PICTURES_ARRIVE, passed=True, eye=Eye.LEFT)
    assert line_of(test) == SelfTestLine("pictures_arrive", passed=True, eye="left")


def test_a_real_driver_tests_itself(rooms):
    simulated = SimulatedPrinter()
    simulated.start()
    try:
        rooms.devices = (open_device(simulated.url),)
        told = Diagnostics(rooms).test(simulated.url, NOW)
    finally:
        simulated.stop()
    assert told.lines
    assert all(line.passed for line in told.lines)
