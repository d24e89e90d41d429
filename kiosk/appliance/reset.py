"""A factory reset: the keys go first, so that what stays on the disk can be read by nobody."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

from kiosk.config import Config
from kiosk.security.ceremony import destroy
from kiosk.storage.journal import open_enrollments
from kiosk.storage.layout import DataFolder
from kiosk.storage.outbox import UNDELIVERED, Outbox, PacketDamagedError


@dataclass(frozen=True, slots=True)
class Held:
    """packets: sealed, without an accepting receipt. records: not sealed, still open or before an officer."""

    packets: int
    records: int

    @property
    def count(self) -> int:
        return self.packets + self.records

    def __str__(self) -> str:
        return f"{self.packets} packets have no receipt yet, {self.records} records are not sealed"


class ResetRefusedError(Exception):
    """Nothing was destroyed."""


def reset(config: Config, *, confirmed: str, destroying: int = 0) -> tuple[str, ...]:
    """Returns what was destroyed. Raises ResetRefusedError.

    confirmed: the unit's id, typed by the one who means it. Packets without their receipt and records not
    sealed yet are the only copies there are: they hold it up, unless destroying is their number. May be
    called again after a power cut.
    """
    if confirmed != config.unit_id:
        raise ResetRefusedError(f"this is {config.unit_id}, not {confirmed!r}")
    only_here = held(config)
    if only_here.count != destroying:
        raise ResetRefusedError(f"{only_here}: seal and export them, or say --destroying {only_here.count}")
    folder = DataFolder(config.data)
    destroyed = list(destroy(config.keys)) if config.keys.exists() else []
    for path in (folder.officers, config.path):
        if path.exists():
            path.unlink()
            destroyed.append(path.name)
    return tuple(destroyed)


def held(config: Config) -> Held:
    """Packets and records that nobody but this unit has for certain; a packet that cannot be read counts."""
    folder = DataFolder(config.data)
    begun = open_enrollments(folder.journal) if folder.journal.exists() else ()
    if not folder.outbox.exists():
        return Held(0, len(begun))
    with closing(Outbox(folder.outbox)) as outbox:
        found = outbox.look(*UNDELIVERED)
        return Held(len(found.entries) + len(found.damaged), sum(_is_unsealed(outbox, one) for one in begun))


def _is_unsealed(outbox: Outbox, enrollment_id: str) -> bool:
    try:
        return outbox.of_enrollment(enrollment_id) is None
    except PacketDamagedError:
        return False
