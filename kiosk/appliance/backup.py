"""A verified backup of what the unit keeps, and its way back.

    backup.json   which unit, when, how far its journal had come, and every file by SHA-256
    backup.p7s    CMS by the device key over it; written last, so that a folder without it is no backup
    journal.sqlite sent.sqlite audit.jsonl blobs/ gallery/ outbox/

Nothing in it can be read without the unit's own keys, which are not in it: images and journal are encrypted
under its wrapping key, packets to the centre, the register holds keyed hashes. The roster is not in it: its
file is. What a resident had destroyed after the backup is still in there, wrapped: destroy old backups.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from kiosk.appliance.swap import STAGED, begin_swap, finish_swap, own_as
from kiosk.courier.ledger import name_of
from kiosk.courier.stick import StickFault, fault_of, sha256_of
from kiosk.enrollment.record import ClockTrust, Stamp
from kiosk.packet.cms import DeviceSigner, sign_detached, verify_cosigned, verify_detached
from kiosk.packet.faults import PacketFault
from kiosk.packet.manifest import document, read_document
from kiosk.security.audit import AuditEvent, AuditLog
from kiosk.security.keys import DeviceKeys
from kiosk.storage.atomic import write_atomic
from kiosk.storage.journal import Journal, JournalDamagedError, check_journal
from kiosk.storage.layout import DataFolder
from kiosk.storage.outbox import UNDELIVERED, Outbox, OutboxError
from kiosk.storage.sent import SentRegister

FORMAT = "ktp-el-backup/1"
_MANIFEST, _SIGNATURE = "backup.json", "backup.p7s"
_DATABASES = ("journal.sqlite", "sent.sqlite")
_FOLDERS = ("blobs", "gallery", "outbox")
_PARTS = (*_DATABASES, "audit.jsonl", *_FOLDERS)
_TRIES = 5
"""The journal grows by a step in seconds, and is copied with its images in less."""


class BackupFault(StrEnum):
    NOT_EMPTY = "not_empty"
    BUSY = "busy"
    """The journal grew each time while its images were copied."""
    NOT_A_BACKUP = "not_a_backup"
    TAMPERED = "tampered"
    FOREIGN = "foreign"
    OLDER = "older_than_present"
    RUNNING = "kiosk_is_running"


@dataclass(frozen=True, slots=True)
class Backup:
    """unit: the common name in its certificate. events, head: of the journal. files: SHA-256 by path."""

    unit: str
    at: dt.datetime
    trust: ClockTrust
    events: int
    head: str
    files: Mapping[str, str]
    format: str = FORMAT

    @property
    def sha256(self) -> str:
        return hashlib.sha256(document(self)).hexdigest()


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was changed. A backup that ended early has no signature and is none."""

    fault: BackupFault | StickFault
    detail: str = ""


def make_backup(data: Path, into: Path, *, keys: DeviceKeys, at: Stamp) -> Backup | Refused:
    """Copies while the kiosk works; what is copied is checked and read back.

    The outbox comes after the journal: a record that was sealed in between has its packet, and sealing
    it again finds that one.
    """
    folder = DataFolder(data)
    try:
        into.mkdir(parents=True, exist_ok=True)
        if any(into.iterdir()):
            return Refused(BackupFault.NOT_EMPTY, str(into))
        if not any(_with_images(folder, into) for _ in range(_TRIES)):
            return Refused(BackupFault.BUSY)
        check_journal(into / "journal.sqlite")
        for name in ("gallery", "outbox"):
            _copy_folder(data / name, into / name)
        if folder.sent.exists():
            _copy_database(folder.sent, into / "sent.sqlite")
        if folder.audit.exists():
            _copy_file(folder.audit, into / "audit.jsonl")
        events, head = _reached(into / "journal.sqlite")
        files = {path.relative_to(into).as_posix(): sha256_of(path) for path in _files(into)}
        backup = Backup(name_of(keys.chain[0]), at.at, at.trust, events, head, files)
        body = document(backup)
        write_atomic(into / _MANIFEST, body)
        write_atomic(into / _SIGNATURE, sign_detached(body, DeviceSigner(keys.key, keys.chain)))
    except JournalDamagedError as error:
        return Refused(BackupFault.TAMPERED, str(error))
    except OSError as error:
        return Refused(fault_of(error), str(error))
    AuditLog(folder.audit, nik_key=None).record(
        AuditEvent.BACKED_UP, at, details={"backup_sha256": backup.sha256}
    )
    return backup


def check_backup(source: Path, *, keys: DeviceKeys) -> Backup | Refused:
    """Signed by this unit, every file there as it was, and no other."""
    try:
        body, signature = (source / _MANIFEST).read_bytes(), (source / _SIGNATURE).read_bytes()
    except OSError as error:
        return Refused(BackupFault.NOT_A_BACKUP, str(error))
    backup = read_document(Backup, body, where=_MANIFEST, format_name=FORMAT)
    if isinstance(backup, PacketFault):
        return Refused(BackupFault.TAMPERED, str(backup))
    refusal = _not_ours(backup, body, signature, keys)
    if refusal is not None:
        return refusal
    try:
        there = {path.relative_to(source).as_posix() for path in _files(source)} - {_MANIFEST, _SIGNATURE}
        wrong = there ^ set(backup.files)
        wrong |= {
            name
            for name, sha256 in backup.files.items()
            if name in there and sha256_of(source / name) != sha256
        }
    except OSError as error:
        return Refused(fault_of(error), str(error))
    return Refused(BackupFault.TAMPERED, ", ".join(sorted(wrong)[:5])) if wrong else backup


def _not_ours(backup: Backup, body: bytes, signature: bytes, keys: DeviceKeys) -> Refused | None:
    """The unit knows its own certificate whatever its clock said; one of before must hold at that time."""
    signers = verify_cosigned(body, signature, where=_SIGNATURE)
    if isinstance(signers, PacketFault):
        return Refused(BackupFault.TAMPERED, str(signers))
    if signers == keys.chain[:1]:
        return None
    signer = verify_detached(body, signature, anchors=keys.anchors.devices, at=backup.at, where=_SIGNATURE)
    if isinstance(signer, PacketFault):
        return Refused(BackupFault.FOREIGN, str(signer))
    own = name_of(keys.chain[0])
    return None if name_of(signer) == own == backup.unit else Refused(BackupFault.FOREIGN, f"of {backup.unit}")


def restore(source: Path, data: Path, *, keys: DeviceKeys, at: Stamp, force: bool = False) -> Backup | Refused:
    """Puts a backup in the place of what is there, which is moved to `replaced.N` beside it, not removed.

    Refuses a journal that is behind the present one, or has grown apart from it, unless forced. Packets and
    register entries that only the present has are kept in any case: they may be the only copies. An audit
    log that is there stays: it is never shortened.
    """
    backup = check_backup(source, keys=keys)
    if isinstance(backup, Refused):
        return backup
    folder = DataFolder(data)
    try:
        data.mkdir(parents=True, exist_ok=True)
        finish_restore(data)
        if folder.journal.exists():
            if _in_use(folder.journal):
                return Refused(BackupFault.RUNNING)
            if not force and (behind := _behind(backup, source, folder.journal)):
                return Refused(BackupFault.OLDER, behind)
        staged = data / STAGED
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir(mode=0o700)
        for name in backup.files:
            (staged / name).parent.mkdir(parents=True, exist_ok=True)
            _copy_file(source / name, staged / name)
            if sha256_of(staged / name) != backup.files[name]:
                return Refused(BackupFault.TAMPERED, name)
        if foreign := _unreadable(staged / "journal.sqlite", keys):
            shutil.rmtree(staged)
            return Refused(BackupFault.FOREIGN, foreign)
        begin_swap(data, [part for part in _PARTS if part != folder.audit.name or not folder.audit.exists()])
        finish_restore(data)
    except OSError as error:
        return Refused(fault_of(error), str(error))
    AuditLog(folder.audit, nik_key=None).record(
        AuditEvent.RESTORED, at, details={"backup_sha256": backup.sha256, "forced": force}
    )
    own_as(data, folder.audit)
    return backup


def _with_images(folder: DataFolder, into: Path) -> bool:
    """Journal and images of one moment; False when the journal went on meanwhile."""
    shutil.rmtree(into / "blobs", ignore_errors=True)
    before = _reached(folder.journal)
    _copy_database(folder.journal, into / "journal.sqlite")
    _copy_folder(folder.blobs, into / "blobs")
    return _reached(folder.journal) == before == _reached(into / "journal.sqlite")


def _copy_database(path: Path, to: Path) -> None:
    """As of one commit, by SQLite itself, beside whoever writes. One file, without a log."""
    to.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")


def _copy_folder(folder: Path, to: Path) -> None:
    """Without hidden files: locks, half-written ones and an index that is made anew.

    A file that goes meanwhile was destroyed or purged, after what ended its need was written down.
    """
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.is_file() and not path.name.startswith("."):
            target = to / path.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                _copy_file(path, target)


def _copy_file(path: Path, to: Path) -> None:
    kept = path.stat()
    write_atomic(to, path.read_bytes(), mode=kept.st_mode & 0o777)
    if os.geteuid() == 0:
        with suppress(PermissionError):  # a stick without owners
            os.chown(to, kept.st_uid, kept.st_gid)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _reached(journal: Path) -> tuple[int, str]:
    """The journal's last sequence and that event's digest."""
    with closing(sqlite3.connect(journal)) as connection:
        row = connection.execute("SELECT sequence, digest FROM event ORDER BY sequence DESC LIMIT 1").fetchone()
    return (int(row[0]), str(row[1])) if row else (0, "")


def _behind(backup: Backup, source: Path, present: Path) -> str:
    """Why the backup may not take the place of the present journal; empty when it has all of it."""
    events, head = _reached(present)
    if events > backup.events:
        return f"the unit has {events} events, the backup {backup.events}"
    with closing(sqlite3.connect(f"file:{source / 'journal.sqlite'}?immutable=1", uri=True)) as connection:
        row = connection.execute("SELECT digest FROM event WHERE sequence = ?", (events,)).fetchone()
    return "" if events == 0 or (row and row[0] == head) else f"event {events} is not the same in both"


def _in_use(journal: Path) -> bool:
    """Only who has it alone can end the write-ahead log."""
    with closing(sqlite3.connect(journal, timeout=0)) as connection:
        try:
            mode = connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
        except sqlite3.OperationalError:
            return True
    return str(mode) != "delete"


def _unreadable(journal: Path, keys: DeviceKeys) -> str:
    """Why this unit's keys do not read the journal; empty when they do."""
    try:
        with Journal(journal, wrapping_key=keys.wrapping_key) as opened:
            for enrollment_id in (*opened.enrollments(), *opened.resting(newest=1)):
                opened.events(enrollment_id)
    except JournalDamagedError as error:
        return str(error)
    return ""


def finish_restore(data: Path) -> None:
    """What a power cut left half put in place, before anybody opens it."""
    finish_swap(data, lambda replaced: _keep_what_only_the_present_has(DataFolder(replaced), DataFolder(data)))


def _keep_what_only_the_present_has(present: DataFolder, restored: DataFolder) -> None:
    if present.outbox.is_dir():
        with closing(Outbox(present.outbox)) as before, closing(Outbox(restored.outbox)) as after:
            for entry in before.entries(*UNDELIVERED):
                try:
                    data = before.read(entry.sha256)
                except OutboxError:
                    continue  # it stays where it is, for whoever mends it
                after.put(
                    data,
                    enrollment_id=entry.enrollment_id,
                    nik_hash=entry.nik_hash,
                    sealed_at=entry.sealed_at,
                )
    if present.sent.exists():
        with closing(SentRegister(restored.sent, hash_nik=str)) as register:
            register.merge(present.sent)
