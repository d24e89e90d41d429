"""One packet of many is damaged: the officer is told, and everything else goes on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.app.diagnostics import Diagnostics
from kiosk.app.scrub import DAMAGED
from kiosk.compose import Unit, assemble
from kiosk.config import Config, load
from kiosk.enrollment import facts as f
from kiosk.enrollment.fact_versions import fact_to_line
from kiosk.security.keys import WRAPPING_KEY as WRAPPING_KEY_FILE
from kiosk.security.keys import provision_development
from kiosk.storage.journal import Journal
from kiosk.storage.layout import DataFolder
from kiosk.storage.outbox import Outbox, PacketState
from tests.enrollment.people import NOW
from tests.storage.months import WRAPPING_KEY, enrollment_id, fill

PATIENCE_S = 60.0


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A unit with three sealed records."""
    provision_development(tmp_path / "keys")
    (tmp_path / "keys" / WRAPPING_KEY_FILE).write_bytes(WRAPPING_KEY)
    fill(tmp_path / "data", 3)
    folders = replace(load(), data=tmp_path / "data", keys=tmp_path / "keys")
    return replace(folders, devices={}, speech="silent", unit_id="UNIT")


@pytest.fixture
def start(config: Config) -> Iterator[Callable[[], Unit]]:
    started: list[Unit] = []

    def begin() -> Unit:
        started.append(assemble(config))
        return started[-1]

    yield begin
    for unit in started:
        unit.stop()


def until(unit: Unit, true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end
        unit.controller.tick()
        time.sleep(0.01)


def hashes(config: Config) -> list[str]:
    outbox = Outbox(DataFolder(config.data).outbox)
    found = [entry.sha256 for entry in outbox.entries()]
    outbox.close()
    return found


@pytest.mark.parametrize("lost", ["ktp", "json"])
def test_a_lost_packet_is_marked_in_the_queue(config: Config, start: Callable[[], Unit], lost: str):
    (DataFolder(config.data).outbox / f"{hashes(config)[1]}.{lost}").unlink()
    unit = start()
    until(unit, lambda: len(unit.controller.kiosk.deliveries) == 3)
    faults = {one.enrollment_id: one.fault for one in unit.controller.kiosk.deliveries}
    assert faults == {enrollment_id(1): "", enrollment_id(2): DAMAGED, enrollment_id(3): ""}


def test_the_units_standing_names_a_state_that_cannot_be_read(config: Config, start: Callable[[], Unit]):
    oldest = hashes(config)[0]
    (DataFolder(config.data).outbox / f"{oldest}.json").write_text("rotten")
    unit = start()
    standing = Diagnostics(unit.controller.services).examine(NOW).standing
    assert oldest in standing.last_fault
    assert standing.unsent == 3


def test_a_state_that_cannot_be_read_is_marked_in_the_queue(config: Config, start: Callable[[], Unit]):
    rotten = hashes(config)[1]
    (DataFolder(config.data).outbox / f"{rotten}.json").write_text("rotten")
    unit = start()
    until(unit, lambda: len(unit.controller.kiosk.deliveries) == 3)
    faults = {one.enrollment_id: one.fault for one in unit.controller.kiosk.deliveries}
    assert faults == {enrollment_id(1): "", enrollment_id(2): DAMAGED, enrollment_id(3): ""}


@pytest.mark.parametrize("grace_s", [0.0, 3600.0])
def test_without_its_receipt_a_packet_is_not_purged_and_the_unit_starts(config: Config, grace_s: float):
    config = replace(config, policy=replace(config.policy, keep_received_s=grace_s))
    folder, first = DataFolder(config.data), hashes(config)[0]
    outbox = Outbox(folder.outbox)
    outbox.attach_receipt(first, b"as the centre signs it")
    outbox.close()
    with Journal(folder.journal, wrapping_key=WRAPPING_KEY) as journal:
        fact = f.ReceiptAccepted("cd" * 32, "RECEIVED_AT_CENTRAL")
        journal.append(enrollment_id(1), fact_to_line(fact), NOW)
    (folder.outbox / f"{first}.receipt").unlink()
    unit = assemble(config)
    until(unit, lambda: "packet_damaged" in audited(folder))
    until(unit, lambda: not unit.controller.busy)
    assert (folder.outbox / f"{first}.ktp").exists()
    assert unit.controller.services.outbox.entry(first).state is PacketState.RECEIVED
    assert unit.controller.kiosk.holds(enrollment_id(1))
    unit.stop()


def audited(folder: DataFolder) -> list[str]:
    return [json.loads(line)["event"] for line in folder.audit.read_text().splitlines()]
