"""A backup is whole, this unit's and not behind, or it is refused; what comes back goes on where it stood."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.__main__ import main
from kiosk.appliance.backup import (
    Backup,
    BackupFault,
    Refused,
    check_backup,
    finish_restore,
    make_backup,
    restore,
)
from kiosk.compose import assemble, load_keys
from kiosk.config import Config, load
from kiosk.courier.stick import StickFault
from kiosk.enrollment import facts as f
from kiosk.enrollment.fact_versions import fact_to_line
from kiosk.enrollment.record import Language, Stage
from kiosk.security.audit import AuditLog
from kiosk.security.keys import DeviceKeys, provision_development
from kiosk.storage.blobs import BlobStore
from kiosk.storage.journal import Journal
from kiosk.storage.layout import DataFolder
from kiosk.storage.outbox import Outbox, PacketState
from kiosk.storage.sent import SentRegister
from tests.app.finalised_story import ENROLLMENT_ID, story
from tests.enrollment.people import NOW
from tests.packet.made_packets import NIK, made_contents, stamp
from tests.storage.months import put_packet

WHOLE_S = 60.0


class Unit:
    def __init__(self, root: Path) -> None:
        self.config: Config = replace(
            load(), data=root / "data", keys=root / "keys", devices={}, speech="silent", unit_id="UNIT"
        )
        provision_development(self.config.keys)
        self.keys: DeviceKeys = load_keys(self.config)
        self.folder = DataFolder(self.config.data)
        self.backup = root / "backup"

    def journal(self) -> Journal:
        return Journal(self.folder.journal, wrapping_key=self.keys.wrapping_key)

    def begin(self, enrollment_id: str) -> None:
        with self.journal() as journal:
            journal.append(
                enrollment_id, fact_to_line(f.Started(enrollment_id, Language.JAVANESE, NOW, ())), NOW
            )

    def make(self) -> Backup | Refused:
        return make_backup(self.config.data, self.backup, keys=self.keys, at=NOW_TODAY)

    def check(self) -> Backup | Refused:
        return check_backup(self.backup, keys=self.keys)

    def restore(self, *, force: bool = False) -> Backup | Refused:
        return restore(self.backup, self.config.data, keys=self.keys, at=NOW_TODAY, force=force)

    def begun(self) -> tuple[str, ...]:
        with self.journal() as journal:
            return journal.begun()

    def waiting(self) -> set[str]:
        with closing(Outbox(self.folder.outbox)) as outbox:
            return {entry.sha256 for entry in outbox.pending()}


NOW_TODAY = replace(stamp(0), at=dt.datetime.now(dt.UTC))


@pytest.fixture
def unit(tmp_path: Path) -> Unit:
    """A unit with an open enrollment and its image, a packet that waits, a register and an audit log."""
    unit = Unit(tmp_path)
    unit.begin("UNIT-000001")
    BlobStore(unit.folder.blobs, unit.keys.wrapping_key).put("UNIT-000001", b"image")
    outbox = Outbox(unit.folder.outbox)
    sha256 = put_packet(outbox, 7)
    outbox.close()
    register = SentRegister(unit.folder.sent, hash_nik=str)
    register.add(NIK, packet_sha256=sha256, sealed_at=NOW.at)
    register.close()
    return unit


def fault(done: Backup | Refused) -> object:
    assert isinstance(done, Refused), done
    return done.fault


def test_a_backup_is_whole_and_holds_nothing_readable(unit: Unit):
    made = unit.make()
    assert isinstance(made, Backup)
    assert unit.check() == made
    assert (made.events, made.unit) == (1, "PENGEMBANGAN device")
    kinds = {Path(name).suffix for name in made.files}
    assert kinds == {".sqlite", ".blob", ".key", ".ktp", ".json"}
    stored = b"".join(path.read_bytes() for path in unit.backup.rglob("*") if path.is_file())
    for secret in (b"image", b'"Started"', unit.keys.wrapping_key):
        assert secret not in stored


def test_a_new_folder_goes_on_with_the_open_enrollment(tmp_path: Path, unit: Unit):
    contents = made_contents()
    blobs = BlobStore(unit.folder.blobs, unit.keys.wrapping_key)
    for data in contents.blobs.values():
        blobs.put(ENROLLMENT_ID, data)
    unit.folder.journal.unlink()
    with unit.journal() as journal:
        for number, fact in enumerate(story(contents.enrollment)):
            journal.append(ENROLLMENT_ID, fact_to_line(fact), stamp(number - 9))
    assert isinstance(unit.make(), Backup)
    config = replace(unit.config, data=tmp_path / "new")
    assert isinstance(restore(unit.backup, config.data, keys=unit.keys, at=NOW_TODAY), Backup)
    running = assemble(config)
    try:
        assert running.controller.kiosk.holds(ENROLLMENT_ID)
        until_s = time.monotonic() + WHOLE_S
        while running.controller.kiosk.enrollment(ENROLLMENT_ID).stage is not Stage.SEALED:
            running.controller.tick()
            time.sleep(0.01)
            assert time.monotonic() < until_s
        enrollment = running.controller.kiosk.enrollment(ENROLLMENT_ID)
        assert running.controller.services.outbox.read(enrollment.packet_sha256)
        assert running.controller.services.outbox.count(PacketState.SEALED) == 2
    finally:
        running.stop()
    assert '"event":"restored"' in (config.data / "audit.jsonl").read_text()


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-9] ^= 1
    path.write_bytes(data)


TAMPERING: dict[str, Callable[[Path], object]] = {
    "journal": lambda folder: flip(folder / "journal.sqlite"),
    "register": lambda folder: flip(folder / "sent.sqlite"),
    "image": lambda folder: flip(next(folder.glob("blobs/*/*.blob"))),
    "packet": lambda folder: flip(next(folder.glob("outbox/*.ktp"))),
    "manifest": lambda folder: flip(folder / "backup.json"),
    "signature": lambda folder: flip(folder / "backup.p7s"),
    "a file removed": lambda folder: next(folder.glob("outbox/*.ktp")).unlink(),
    "a file added": lambda folder: (folder / "outbox" / "more.ktp").write_bytes(b"x"),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_a_tampered_backup_is_refused_and_changes_nothing(unit: Unit, what: str):
    unit.make()
    unit.begin("UNIT-000002")
    TAMPERING[what](unit.backup)
    assert fault(unit.check()) is BackupFault.TAMPERED
    assert fault(unit.restore(force=True)) is BackupFault.TAMPERED
    assert unit.begun() == ("UNIT-000001", "UNIT-000002")


def test_a_backup_that_ended_early_is_none(unit: Unit):
    unit.make()
    (unit.backup / "backup.p7s").unlink()
    assert fault(unit.restore()) is BackupFault.NOT_A_BACKUP


def test_another_units_backup_is_refused(unit: Unit, tmp_path: Path):
    unit.make()
    other = Unit(tmp_path / "other")
    other.backup = unit.backup
    assert fault(other.restore()) is BackupFault.FOREIGN  # its authority is unknown here
    certified_alike = replace(other.keys, anchors=unit.keys.anchors)
    done = restore(unit.backup, other.config.data, keys=certified_alike, at=NOW_TODAY)
    assert fault(done) is BackupFault.FOREIGN  # the wrapping key is another
    assert not other.folder.journal.exists()


def test_an_older_backup_is_refused_unless_forced_and_nothing_is_lost(unit: Unit):
    unit.make()
    unit.begin("UNIT-000002")
    outbox = Outbox(unit.folder.outbox)
    rotten, newer = put_packet(outbox, 8), put_packet(outbox, 9)
    outbox.close()
    (unit.folder.outbox / f"{rotten}.ktp").write_bytes(b"rotten")
    register = SentRegister(unit.folder.sent, hash_nik=str)
    register.add("later", packet_sha256=newer, sealed_at=NOW.at)
    register.close()
    assert fault(unit.restore()) is BackupFault.OLDER
    assert isinstance(unit.restore(force=True), Backup)
    assert unit.begun() == ("UNIT-000001",)
    assert newer in unit.waiting()
    with closing(SentRegister(unit.folder.sent, hash_nik=str)) as register:
        assert register.knows("later")
    assert (unit.config.data / "replaced.1" / "journal.sqlite").exists()
    assert (unit.config.data / "replaced.1" / "outbox" / f"{rotten}.ktp").exists()
    assert AuditLog(unit.folder.audit, nik_key=None).verify().sound


class PowerCut(BaseException):
    pass


@pytest.mark.parametrize("moves", range(8))
def test_a_power_cut_between_parts_is_finished_at_the_next_start(
    unit: Unit, moves: int, monkeypatch: pytest.MonkeyPatch
):
    unit.make()
    outbox = Outbox(unit.folder.outbox)
    newer = put_packet(outbox, 9)
    outbox.close()
    renamed, renames = Path.rename, 0

    def until_the_cut(path: Path, target: Path) -> Path:
        nonlocal renames
        if renames == moves:
            raise PowerCut
        renames += 1
        return renamed(path, target)

    with monkeypatch.context() as cut:
        cut.setattr(Path, "rename", until_the_cut)
        with pytest.raises(PowerCut):
            unit.restore()
    finish_restore(unit.config.data)
    finish_restore(unit.config.data)
    assert unit.begun() == ("UNIT-000001",)
    blobs = BlobStore(unit.folder.blobs, unit.keys.wrapping_key)
    assert blobs.get("UNIT-000001", hashlib.sha256(b"image").hexdigest()) == b"image"
    assert newer in unit.waiting()
    assert not list(unit.config.data.glob(".restoring*"))


def test_images_destroyed_after_a_restore_lose_their_key_in_what_it_replaced(unit: Unit):
    unit.make()
    assert isinstance(unit.restore(), Backup)
    kept = unit.config.data / "replaced.1/blobs/UNIT-000001/session.key"
    assert kept.exists()
    BlobStore(unit.folder.blobs, unit.keys.wrapping_key).destroy("UNIT-000001")
    assert not kept.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_root_restores_belongs_to_the_kiosk(unit: Unit):
    unit.make()
    os.chown(unit.config.data, 12345, 12345)
    assert isinstance(unit.restore(), Backup)
    for path in (unit.folder.journal, unit.folder.audit, *unit.folder.blobs.rglob("*")):
        assert path.stat().st_uid == 12345


def test_a_backup_that_grew_apart_is_refused(unit: Unit):
    unit.make()
    unit.folder.journal.unlink()
    unit.begin("UNIT-000009")
    assert fault(unit.restore()) is BackupFault.OLDER


def test_the_same_state_may_be_restored_again(unit: Unit):
    unit.make()
    assert isinstance(unit.restore(), Backup)
    assert isinstance(unit.restore(), Backup)
    assert unit.begun() == ("UNIT-000001",)


def test_a_wrong_clock_does_not_spoil_a_backup(unit: Unit):
    made = make_backup(unit.config.data, unit.backup, keys=unit.keys, at=stamp(-10_000_000))
    assert unit.check() == made
    assert isinstance(unit.restore(), Backup)


def test_no_restore_under_a_running_kiosk(unit: Unit):
    unit.make()
    with unit.journal():
        assert fault(unit.restore()) is BackupFault.RUNNING


def test_a_folder_with_something_in_it_is_left_alone(unit: Unit):
    unit.backup.mkdir()
    (unit.backup / "LIBURAN.JPG").write_bytes(b"holiday")
    assert fault(unit.make()) is BackupFault.NOT_EMPTY


def test_a_full_disk_is_told_and_leaves_no_backup(unit: Unit, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "full")

    monkeypatch.setattr("kiosk.appliance.backup.write_atomic", full)
    assert fault(unit.make()) is StickFault.FULL
    assert fault(unit.check()) is BackupFault.NOT_A_BACKUP


def test_a_journal_that_grows_meanwhile_is_copied_again(unit: Unit, monkeypatch: pytest.MonkeyPatch):
    from kiosk.appliance import backup as room  # noqa: PLC0415

    copied, grown = room._copy_database, 0

    def growing(path: Path, to: Path) -> None:
        nonlocal grown
        copied(path, to)
        if to.name == "journal.sqlite" and grown < 2:
            grown += 1
            unit.begin(f"UNIT-00001{grown}")

    monkeypatch.setattr(room, "_copy_database", growing)
    made = unit.make()
    assert isinstance(made, Backup)
    assert made.events == 3


def test_the_command_makes_checks_and_restores(unit: Unit, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    config = tmp_path / "kiosk.toml"
    config.write_text(f'[paths]\ndata = "{unit.config.data}"\nkeys = "{unit.config.keys}"\n')
    for words in (["backup"], ["backup", "check"], ["backup", "restore"]):
        assert main([*words, str(unit.backup), "--config", str(config), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["done"]
    assert main(["backup", str(unit.backup), "--config", str(config), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["fault"] == "not_empty"
    assert main(["backup", "mend", str(unit.backup), "--config", str(config)]) == 2
