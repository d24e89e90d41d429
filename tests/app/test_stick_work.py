"""The officer's stick: packets go out, answers and residents come in, and whatever is wrong is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kiosk.app.stick_work import LEDGER, NOTHING_THERE, ROSTER, StickWork
from kiosk.courier import export
from kiosk.courier.office_stick import folder_as_stick
from kiosk.courier.stick import StickFault
from kiosk.enrollment.stick_events import StickOutcome, StickProgressed, StickTask
from kiosk.packet.cms import verify_detached
from kiosk.packet.receipts import CentralStatus, Receipt, sign_receipt
from kiosk.security.audit import AuditLog
from kiosk.security.keys import DeviceKeys, load_device_keys, provision_development
from kiosk.storage.outbox import Outbox, PacketState
from kiosk.storage.roster import Roster
from kiosk.storage.roster_csv import write_roster
from kiosk.storage.roster_demo import demo_roster
from tests.enrollment.people import NOW
from tests.packet.made_packets import read_keys
from tests.storage.months import put_packet


@dataclass
class Sealing:
    keys: DeviceKeys


@dataclass
class Rooms:
    """The part of the services that the stick's work uses."""

    outbox: Outbox
    roster: Roster
    audit: AuditLog
    sealer: Sealing
    open_stick: Callable[[], AbstractContextManager[Path]]
    root: Path
    told: list[StickProgressed] = field(default_factory=list)

    @property
    def stick(self) -> Path:
        return self.root / "stick"

    def does(self, task: StickTask) -> StickOutcome:
        return StickWork(self).do(task, officer="1001", now=NOW, tell=self.told.append).outcome

    def audited(self) -> list[dict]:
        return [json.loads(line) for line in (self.root / "audit.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def keys_folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    provision_development(folder, unit_id="KIOSK-1")
    return folder


@pytest.fixture
def rooms(tmp_path, keys_folder):
    (tmp_path / "stick").mkdir()
    made = Rooms(
        Outbox(tmp_path / "outbox"),
        Roster(tmp_path / "roster.db"),
        AuditLog(tmp_path / "audit.jsonl", nik_key=None),
        Sealing(load_device_keys(keys_folder, verify=verify_detached)),
        folder_as_stick(tmp_path / "stick"),
        tmp_path,
    )
    for number in range(3):
        put_packet(made.outbox, number)
    yield made
    made.outbox.close()
    made.roster.close()


def test_packets_go_out_with_a_ledger_and_stay_on_the_unit(rooms):
    assert rooms.does(StickTask.HAND_OUT) == StickOutcome(StickTask.HAND_OUT, done=3)
    assert rooms.told == [StickProgressed(number, 3) for number in (1, 2, 3)]
    assert len(list((rooms.stick / "packets").glob("*.ktp"))) == 3
    assert len((rooms.stick / export.LEDGER).read_text().splitlines()) == 1
    assert rooms.outbox.count(PacketState.SEALED) == 3
    (line,) = rooms.audited()
    assert (line["event"], line["actor"], line["details"]["packets"]) == ("exported", "1001", 3)


def test_a_second_time_nothing_is_left_to_copy(rooms):
    rooms.does(StickTask.HAND_OUT)
    assert rooms.does(StickTask.HAND_OUT) == StickOutcome(StickTask.HAND_OUT)
    assert len(rooms.audited()) == 1


def test_without_a_stick_it_is_asked_for(rooms):
    rooms.stick.rmdir()
    for task in StickTask:
        assert rooms.does(task) == StickOutcome(task, fault="missing")


def test_a_stick_that_is_pulled_keeps_what_it_has_and_nothing_is_lost(rooms, monkeypatch):
    put = export.put

    def pulled_at_the_second(path: Path, data: bytes) -> StickFault | None:
        copied = len(list((rooms.stick / "packets").glob("*.ktp")))
        return StickFault.REMOVED if copied == 1 and path.suffix == ".ktp" else put(path, data)

    monkeypatch.setattr(export, "put", pulled_at_the_second)
    assert rooms.does(StickTask.HAND_OUT) == StickOutcome(StickTask.HAND_OUT, 1, fault="removed")
    monkeypatch.undo()
    assert rooms.does(StickTask.HAND_OUT) == StickOutcome(StickTask.HAND_OUT, 2)


def test_a_forged_ledger_gets_no_further_line(rooms):
    (rooms.stick / export.LEDGER).write_text("{}\tAAAA\n")
    outcome = rooms.does(StickTask.HAND_OUT)
    assert (outcome.done, outcome.fault) == (0, LEDGER)
    assert outcome.detail


def test_receipts_come_back_and_a_forged_one_is_refused(rooms, keys_folder):
    rooms.does(StickTask.HAND_OUT)
    made = read_keys(keys_folder)
    first, second, _ = sorted(entry.sha256 for entry in rooms.outbox.entries())
    for sha256, signer in ((first, made.receiver), (second, made.device)):
        receipt = Receipt(sha256, "", CentralStatus.RECEIVED_AT_CENTRAL, NOW.at, "PUSAT")
        (rooms.stick / "packets" / f"{sha256}.receipt").write_bytes(sign_receipt(receipt, signer=signer))
    outcome = rooms.does(StickTask.RECEIPTS)
    assert (outcome.done, outcome.refused, outcome.fault) == (1, 1, "")
    assert outcome.detail
    assert rooms.outbox.entry(first).state is PacketState.RECEIVED
    assert rooms.outbox.entry(second).state is PacketState.SEALED


def test_an_empty_stick_has_no_receipts_and_no_roster(rooms):
    for task in (StickTask.RECEIPTS, StickTask.ROSTER):
        assert rooms.does(task).fault == NOTHING_THERE


def test_the_roster_is_taken_over_and_logged(rooms):
    (rooms.stick / ROSTER).write_bytes(write_roster(demo_roster(5, 1)))
    assert rooms.does(StickTask.ROSTER) == StickOutcome(StickTask.ROSTER, 5)
    (line,) = rooms.audited()
    assert (line["event"], line["actor"], line["details"]["added"]) == ("roster_imported", "1001", 5)


def test_a_roster_with_a_wrong_row_changes_nothing_and_names_it(rooms):
    written = write_roster(demo_roster(5, 1)).decode().splitlines()
    written[3] = "x" + written[3]
    (rooms.stick / ROSTER).write_text("\n".join(written) + "\n")
    outcome = rooms.does(StickTask.ROSTER)
    assert (outcome.done, outcome.refused) == (0, 1)
    assert f"{ROSTER}:4" in outcome.detail
