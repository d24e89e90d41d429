"""What is kept for months is read again, a little at a time, so that damage is known while a remedy is left.

Flash storage loses bits in cells that nobody reads. Every packet is hashed and every enrollment's chain of
events recomputed, one of each in a turn; what is found is an audit line and the packet's fault, which the
officer's queue shows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Event as Signal
from threading import Thread

from kiosk.app.clock import Clock
from kiosk.app.recovery import replayed
from kiosk.enrollment.events import Event, Recalled
from kiosk.security.audit import AuditEvent, AuditLog
from kiosk.storage.database import DatabaseDamagedError
from kiosk.storage.journal import Journal, JournalDamagedError
from kiosk.storage.outbox import Outbox, OutboxError, PacketDamagedError, PacketState, UnknownPacketError

PAUSE_S = 10.0
"""20,000 packets and their events are read in four and a half days, at 50 kB a second."""
ROUND_S = 86_400.0
"""At least: what is little is read once a day, and the disk rests."""
_HERE = tuple(state for state in PacketState if state is not PacketState.PURGED)
DAMAGED = "packet_damaged"
"""The fault in the packet's state: its bytes are not what was sealed, or are gone."""


@dataclass(slots=True)
class Scrub:
    """One thread, from `start` to `stop`. post: hands an event to the rules, from any thread."""

    outbox: Outbox
    journal: Journal
    audit: AuditLog
    clock: Clock
    post: Callable[[Event], None]
    pause_s: float = PAUSE_S
    _stopped: Signal = field(default_factory=Signal, init=False)
    _thread: Thread | None = field(default=None, init=False)
    _unchecked: Iterator[str] = field(default_factory=lambda: iter(()), init=False)

    def start(self) -> None:
        self._thread = Thread(target=self._run, name="scrub", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        """A disk that is full or away now is looked at again in the next turn."""
        for work in self._turns():
            if self._stopped.wait(self.pause_s):
                return
            try:
                self._do(work)
            except OSError:  # DatabaseUnavailableError among them
                continue

    def _do(self, work: Callable[[], None]) -> None:
        try:
            work()
        except JournalDamagedError:
            self._audit_damage("journal")
        except (DatabaseDamagedError, OutboxError):
            self._audit_damage("outbox")

    def _turns(self) -> Iterator[Callable[[], None]]:
        yield self.outbox.sweep
        while True:
            again_s = time.monotonic() + ROUND_S
            packets, enrollments = self._counted()
            for turn in range(max(packets, enrollments + 1)):
                if turn < packets:
                    yield self.look_at_a_packet
                if turn <= enrollments:
                    yield self.look_at_an_enrollment
            while time.monotonic() < again_s:
                yield _rest

    def _counted(self) -> tuple[int, int]:
        """Packets and enrollments of a round; none while that cannot be told."""
        try:
            return self.outbox.count(*_HERE), len(self.journal.begun())
        except (DatabaseDamagedError, OSError):
            return 0, 0

    def look_at_a_packet(self) -> None:
        """Hashes the packet that was not looked at for longest, and reads its state."""
        sha256 = self.outbox.looked_at_least()
        if sha256 is None:
            return
        self.outbox.looked(sha256)
        try:
            self.outbox.read(sha256)
            self.outbox.entry(sha256)
        except (PacketDamagedError, UnknownPacketError):
            self._packet_is_damaged(sha256)

    def _packet_is_damaged(self, sha256: str) -> None:
        try:
            entry = self.outbox.entry(sha256)
        except (UnknownPacketError, PacketDamagedError):
            entry = None
        if entry is not None and entry.state is PacketState.PURGED:
            return  # meanwhile
        self.audit.record(AuditEvent.PACKET_DAMAGED, self.clock.now(), details={"packet_sha256": sha256})
        if entry is not None:
            self.outbox.mark_damaged(sha256, fault=DAMAGED)
            if self.journal.at_rest(entry.enrollment_id):
                self.post(Recalled(replayed(self.journal, entry.enrollment_id)))

    def look_at_an_enrollment(self) -> None:
        """Recomputes the next enrollment's chain; before the first of each round, the whole file is read.

        Raises JournalDamagedError.
        """
        enrollment_id = next(self._unchecked, None)
        if enrollment_id is None:
            self._unchecked = iter(self.journal.begun())
            self.journal.check_file()
        else:
            self.journal.check_enrollment(enrollment_id)

    def _audit_damage(self, part: str) -> None:
        self.audit.record(AuditEvent.STORE_DAMAGED, self.clock.now(), details={"part": part})


def _rest() -> None:
    """A turn in which nothing is read."""
