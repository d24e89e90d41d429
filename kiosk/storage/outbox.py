"""The seam between the two processes: kiosk-ui puts sealed packets here, kiosk-uplink sends them.

One folder on one disk. For each packet:

    <sha256>.ktp      the sealed packet, named by the SHA-256 of its bytes, never changed
    <sha256>.json     its state, replaced as a whole at each change
    <sha256>.receipt  what the receiver answered, once there is an answer
    <sha256>.progress how many bytes the store has, while the packet is sent in parts

Changes are made under one lock file, so either process may make them. A packet counts from the moment
its `.ktp` file has its name: the state is written first, so a power cut in between leaves a state
without packet, which `sweep` removes, and never a packet without state. `.index.sqlite` tells which states
to read (`outbox_index`): what waits is found without reading what was delivered months ago.

    sealed -> sending -> sent -> processing -> received -> purged
                 any of them -> rejected -> received
"""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from kiosk.enrollment.codec import from_json, to_json
from kiosk.storage.atomic import remove, write_atomic
from kiosk.storage.outbox_index import OutboxIndex


class PacketState(StrEnum):
    SEALED = "sealed"
    SENDING = "sending"
    SENT = "sent"
    PROCESSING = "processing"
    RECEIVED = "received"
    REJECTED = "rejected"
    PURGED = "purged"


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """One packet's state. Times carry their zone; sealed_at orders the queue.

    nik_hash: the keyed hash, for the once-per-life check. last_fault: why the last attempt failed,
    empty when it did not. receipt_sha256: of the stored receipt, empty without one. handed_over_at: when a
    courier last took a copy, and who.
    """

    sha256: str
    enrollment_id: str
    nik_hash: str
    size_bytes: int
    sealed_at: dt.datetime
    state: PacketState = PacketState.SEALED
    attempts: int = 0
    last_attempt_at: dt.datetime | None = None
    last_fault: str = ""
    sent_at: dt.datetime | None = None
    receipt_sha256: str = ""
    handed_over_at: dt.datetime | None = None
    handed_over_to: str = ""


@dataclass(frozen=True, slots=True)
class DamagedEntry:
    """A packet whose state cannot be read. fault: why, with its SHA-256."""

    sha256: str
    fault: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What a look found: the packets, oldest first, and those whose state cannot be read."""

    entries: tuple[OutboxEntry, ...]
    damaged: tuple[DamagedEntry, ...]


class OutboxError(Exception):
    """An operation the outbox refuses, or a folder it cannot trust."""


class UnknownPacketError(OutboxError):
    """No packet of this hash is or was here."""


class PacketDamagedError(OutboxError):
    """The stored bytes no longer have the hash they are named by, or the state file is unreadable."""


class WrongStateError(OutboxError):
    """The packet's state does not allow this step."""


class PurgeRefusedError(OutboxError):
    """There is no accepting receipt: the packet is the only copy and stays."""


TO_SEND = (PacketState.SEALED, PacketState.SENDING)
_WITH_CENTRE = (PacketState.SENT, PacketState.PROCESSING)
_OPEN = (*TO_SEND, *_WITH_CENTRE)
_ANSWERED = {True: PacketState.RECEIVED, False: PacketState.REJECTED, None: PacketState.PROCESSING}
_WITH_ANSWER = (PacketState.RECEIVED, PacketState.REJECTED)
UNDELIVERED = (*_OPEN, PacketState.REJECTED)
"""Whoever has a packet in one of these has the only copy that counts."""
_SHA256_HEX = re.compile(r"[0-9a-f]{64}")


class Outbox:
    """`folder` must be on a local disk and is created when missing. Safe between processes and threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._lock_path = folder / ".lock"
        self._index = OutboxIndex(folder / ".index.sqlite")
        if self._index.is_new:
            self._fill_index()

    def put(self, data: bytes, *, enrollment_id: str, nik_hash: str, sealed_at: dt.datetime) -> str:
        """Stores a sealed packet durably and returns its SHA-256 (hex). Putting it again changes nothing."""
        sha256 = hashlib.sha256(data).hexdigest()
        with self._locked():
            if not self._state_path(sha256).exists():
                entry = OutboxEntry(
                    sha256=sha256,
                    enrollment_id=enrollment_id,
                    nik_hash=nik_hash,
                    size_bytes=len(data),
                    sealed_at=sealed_at,
                )
                self._note(entry)
                self._write(entry)
            if self._load(sha256).state is not PacketState.PURGED and not self._packet_path(sha256).exists():
                write_atomic(self._packet_path(sha256), data)
        return sha256

    def entries(self, *states: PacketState, limit: int | None = None) -> tuple[OutboxEntry, ...]:
        """The packets in these states, or every one that is or was here; the oldest `limit`, in their order.

        Reads no other packet's state. One that cannot be read is passed over: `look` names it.
        """
        return self.look(*states, limit=limit).entries

    def look(self, *states: PacketState, limit: int | None = None) -> Listing:
        """As `entries`, with the packets among them whose state cannot be read; those do not use up `limit`."""
        asked = -1 if limit is None else limit
        while True:
            found = self._index.in_states(states or PacketState, limit=asked)
            listing = self._listing([sha256 for sha256, _ in found], states)
            if limit is None or len(listing.entries) >= limit or len(found) < asked:
                return replace(listing, entries=listing.entries[:limit])
            asked *= 2

    def _listing(self, hashes: list[str], states: tuple[PacketState, ...]) -> Listing:
        entries: list[OutboxEntry] = []
        damaged: list[DamagedEntry] = []
        for sha256 in hashes:
            try:
                entry = self._found(sha256)
            except PacketDamagedError as error:
                damaged.append(DamagedEntry(sha256, str(error)))
                continue
            if entry and (not states or entry.state in states):
                entries.append(entry)
        entries.sort(key=lambda entry: (entry.sealed_at, entry.sha256))
        return Listing(tuple(entries), tuple(damaged))

    def count(self, *states: PacketState) -> int:
        """How many packets are in these states, without reading one."""
        return self._index.count(states)

    def answered(self) -> tuple[str, ...]:
        """The enrollments whose packets have a receipt and are still here, oldest first."""
        return tuple(enrollment for _, enrollment in self._index.in_states(_WITH_ANSWER, limit=-1))

    def pending(self, *, limit: int | None = None) -> tuple[OutboxEntry, ...]:
        """The packets still to be sent, oldest first. For those that wait for a receipt see `entries`."""
        return self.entries(*TO_SEND, limit=limit)

    def entry(self, sha256: str) -> OutboxEntry:
        """Raises UnknownPacketError, PacketDamagedError."""
        entry = self._load(sha256)
        if not self._counts(entry):
            raise UnknownPacketError(sha256)
        return entry

    def of_enrollment(self, enrollment_id: str) -> OutboxEntry | None:
        """The enrollment's packet, None before it has one.

        To be asked before sealing: power lost between `put` and the journal's entry would otherwise give a
        resident two packets, since sealing again gives other bytes.
        """
        found = (self._found(sha256) for sha256 in self._index.of_enrollment(enrollment_id))
        return next((entry for entry in found if entry), None)

    def last_enrollment(self) -> str:
        """The highest enrollment that has, or had, a packet here; empty for none."""
        return self._index.last_enrollment()

    def read(self, sha256: str) -> bytes:
        """The packet's bytes, checked against their hash. Raises UnknownPacketError, PacketDamagedError."""
        try:
            data = self._packet_path(sha256).read_bytes()
        except FileNotFoundError:
            raise UnknownPacketError(sha256) from None
        if hashlib.sha256(data).hexdigest() != sha256:
            raise PacketDamagedError(f"{sha256}: the stored packet does not have its hash")
        return data

    def read_if_whole(self, sha256: str) -> bytes | None:
        """As `read`; None for a packet that is gone, purged or damaged."""
        try:
            return self.read(sha256)
        except OutboxError:
            return None

    def receipt(self, sha256: str) -> bytes | None:
        """The stored receipt, checked against its hash, or None. Raises as `read` does."""
        entry = self.entry(sha256)
        if not entry.receipt_sha256:
            return None
        receipt = self._receipt_path(sha256).read_bytes() if self._receipt_path(sha256).exists() else b""
        if hashlib.sha256(receipt).hexdigest() != entry.receipt_sha256:
            raise PacketDamagedError(f"{sha256}: the stored receipt does not have its hash")
        return receipt

    def record_attempt(self, sha256: str, *, at: dt.datetime, fault: str | None = None) -> OutboxEntry:
        """Counts one attempt to send, before its first byte; from then on the store may have the packet.

        fault: why it failed, if that is known already. Raises WrongStateError.
        """
        with self._locked():
            entry = self._in(sha256, _OPEN)
            state = entry.state if entry.state in _WITH_CENTRE else PacketState.SENDING
            told = entry.last_fault if fault is None else fault
            return self._save(
                replace(entry, state=state, attempts=entry.attempts + 1, last_attempt_at=at, last_fault=told)
            )

    def note_fault(self, sha256: str, fault: str) -> OutboxEntry:
        """Why the attempt that was counted last has failed. Raises WrongStateError."""
        with self._locked():
            return self._save(replace(self._in(sha256, _OPEN), last_fault=fault))

    def note_progress(self, sha256: str, sent_bytes: int) -> None:
        """For the screen: how much of a packet the store has. Whole or not at all, but lost with the power."""
        path = self._progress_path(sha256)
        temporary = path.with_name(f".{path.name}.tmp")
        temporary.write_text(str(sent_bytes), "ascii")
        temporary.replace(path)

    def sent_percent(self, entry: OutboxEntry) -> int | None:
        """Of a packet that is being sent in parts; None for any other."""
        if entry.state is not PacketState.SENDING:
            return None
        try:
            return 100 * int(self._progress_path(entry.sha256).read_text("ascii")) // entry.size_bytes
        except (OSError, ValueError, ZeroDivisionError):
            return None

    def mark_sent(self, sha256: str, at: dt.datetime) -> OutboxEntry:
        """The store has the whole packet. Marking it again keeps the first time. Raises WrongStateError."""
        with self._locked():
            entry = self._in(sha256, _OPEN)
            if entry.state in _WITH_CENTRE:
                return entry
            self._progress_path(sha256).unlink(missing_ok=True)
            return self._save(replace(entry, state=PacketState.SENT, sent_at=at, last_fault=""))

    def attach_receipt(self, sha256: str, receipt: bytes, *, accepted: bool | None = True) -> OutboxEntry:
        """Keeps the receiver's answer. The caller has checked its signature and that it names this packet.

        accepted: None while the centre is at work on it; that answer will be followed by another.

        A packet may be received without having been sent from here: a courier carried it. A rejected
        packet may be accepted later. Raises UnknownPacketError, WrongStateError.
        """
        receipt_sha256 = hashlib.sha256(receipt).hexdigest()
        with self._locked():
            entry = self.entry(sha256)
            if entry.receipt_sha256 == receipt_sha256:
                return entry
            self._in(sha256, (*_OPEN, PacketState.REJECTED))
            write_atomic(self._receipt_path(sha256), receipt)
            state = _ANSWERED[accepted]
            return self._save(replace(entry, state=state, receipt_sha256=receipt_sha256, last_fault=""))

    def purge(self, sha256: str) -> OutboxEntry:
        """Removes the packet and keeps its state and receipt. Raises PurgeRefusedError without a receipt."""
        with self._locked():
            entry = self.entry(sha256)
            if entry.state not in (PacketState.RECEIVED, PacketState.PURGED):
                raise PurgeRefusedError(f"{sha256} is {entry.state}: no receipt accepts it")
            if self.receipt(sha256) is None:
                raise PurgeRefusedError(f"{sha256} has no receipt")
            purged = self._save(replace(entry, state=PacketState.PURGED))
            remove(self._packet_path(sha256))
            return purged

    def mark_handed_over(self, sha256: str, *, at: dt.datetime, to: str) -> OutboxEntry:
        """A courier has a copy. The packet stays, and is still sent when there is a line."""
        with self._locked():
            return self._save(replace(self.entry(sha256), handed_over_at=at, handed_over_to=to))

    def mark_damaged(self, sha256: str, *, fault: str) -> OutboxEntry:
        """Says in the packet's state that the stored bytes are not what was sealed."""
        with self._locked():
            return self._save(replace(self.entry(sha256), last_fault=fault))

    def looked_at_least(self) -> str | None:
        """The packet whose bytes were looked at longest ago; None when none is here."""
        return self._index.looked_at_least()

    def looked(self, sha256: str) -> None:
        """Its bytes were looked at: every other comes before it is its turn again."""
        self._index.looked(sha256)

    def sweep(self) -> None:
        """Clears what a power cut left half done. Never removes a packet that was not purged.

        Lists the whole folder and reads none of it; holds the lock for one packet at a time.
        """
        names = [path.name for path in self._folder.iterdir()]
        packets = {name.removesuffix(".ktp") for name in names if name.endswith(".ktp")}
        indexed = self._index.states()
        for name in names:
            sha256 = name.removesuffix(".json")
            if sha256 != name and not name.startswith("."):
                expected = indexed.get(sha256)
                if expected is None or (sha256 in packets) != (expected != PacketState.PURGED):
                    self._sweep_state(sha256)
            elif name.startswith(".") and name.endswith(".tmp"):
                with self._locked():  # whoever writes it has the lock
                    remove(self._folder / name)

    def _sweep_state(self, sha256: str) -> None:
        with self._locked():
            try:
                entry = self._load(sha256)
            except UnknownPacketError:
                return
            if entry.state is PacketState.PURGED:
                remove(self._packet_path(sha256))
            elif entry.state is PacketState.SEALED and not self._counts(entry):
                remove(self._state_path(sha256))
                self._index.drop(sha256)
                return
            self._note(entry)

    def close(self) -> None:
        self._index.close()

    def _fill_index(self) -> None:
        """Once, for a folder that has none: reads every state. Who lists an unreadable one names it."""
        with self._locked():
            for path in self._folder.glob("[!.]*.json"):
                try:
                    self._note(self._load(path.stem))
                except PacketDamagedError:
                    self._index.note(path.stem, enrollment_id="", sealed_at="", state=PacketState.SEALED)
            self._index.filled()

    def _note(self, entry: OutboxEntry) -> None:
        self._index.note(
            entry.sha256,
            enrollment_id=entry.enrollment_id,
            sealed_at=entry.sealed_at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
            state=entry.state,
        )

    def _found(self, sha256: str) -> OutboxEntry | None:
        """The entry behind a row of the index, which is brought up to date; None when it does not count."""
        try:
            entry = self._load(sha256)
        except UnknownPacketError:  # the power went before its state was written, or it was swept
            return None
        if entry.state != self._index.state_of(sha256):
            with self._locked():
                self._note(self._load(sha256))
        return entry if self._counts(entry) else None

    def _counts(self, entry: OutboxEntry) -> bool:
        if entry.state is PacketState.SEALED:
            return self._packet_path(entry.sha256).exists()
        return True

    def _in(self, sha256: str, allowed: tuple[PacketState, ...]) -> OutboxEntry:
        entry = self.entry(sha256)
        if entry.state not in allowed:
            raise WrongStateError(f"{sha256} is {entry.state}, not {' or '.join(allowed)}")
        return entry

    def _load(self, sha256: str) -> OutboxEntry:
        try:
            entry = _parsed(self._state_path(sha256).read_bytes())
        except FileNotFoundError:
            raise UnknownPacketError(sha256) from None
        except ValueError as error:
            raise PacketDamagedError(f"{sha256}: its state cannot be read: {error}") from error
        if entry.sha256 != sha256:
            raise PacketDamagedError(f"{sha256}: its state is that of {entry.sha256}")
        return entry

    def _save(self, entry: OutboxEntry) -> OutboxEntry:
        self._write(entry)
        self._note(entry)
        return entry

    def _write(self, entry: OutboxEntry) -> None:
        write_atomic(self._state_path(entry.sha256), json.dumps(to_json(entry), indent=1).encode())

    @contextmanager
    def _locked(self) -> Iterator[None]:
        descriptor = os.open(self._lock_path, os.O_RDONLY | os.O_CREAT, 0o640)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)  # closing releases the lock

    def _packet_path(self, sha256: str) -> Path:
        return self._path(sha256, "ktp")

    def _state_path(self, sha256: str) -> Path:
        return self._path(sha256, "json")

    def _receipt_path(self, sha256: str) -> Path:
        return self._path(sha256, "receipt")

    def _progress_path(self, sha256: str) -> Path:
        return self._path(sha256, "progress")

    def _path(self, sha256: str, suffix: str) -> Path:
        if not _SHA256_HEX.fullmatch(sha256):
            raise UnknownPacketError(f"{sha256!r} is not a SHA-256")
        return self._folder / f"{sha256}.{suffix}"


@lru_cache(maxsize=20_000)
def _parsed(state: bytes) -> OutboxEntry:
    """Remembered by content: a unit may hold the packets of months, and both processes list them often."""
    read = json.loads(state)
    if isinstance(read, dict):
        read = {"handed_over_at": None, "handed_over_to": ""} | read
    entry: OutboxEntry = from_json(OutboxEntry, read)
    return entry
