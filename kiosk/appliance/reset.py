"""A factory reset: the keys go first, so that what stays on the disk can be read by nobody."""

from __future__ import annotations

from kiosk.config import Config
from kiosk.security.ceremony import destroy
from kiosk.storage.layout import DataFolder
from kiosk.storage.outbox import Outbox, PacketState

_DELIVERED = (PacketState.RECEIVED, PacketState.PURGED)


class ResetRefusedError(Exception):
    """Nothing was destroyed."""


def reset(config: Config, *, confirmed: str, undelivered_too: bool = False) -> tuple[str, ...]:
    """Returns what was destroyed. Raises ResetRefusedError.

    confirmed: the unit's id, typed by the one who means it. Packets without their receipt are the only
    copies there are: they hold it up, unless undelivered_too. May be called again after a power cut.
    """
    if confirmed != config.unit_id:
        raise ResetRefusedError(f"this is {config.unit_id}, not {confirmed!r}")
    waiting = undelivered(config)
    if waiting and not undelivered_too:
        raise ResetRefusedError(f"{waiting} packets have no receipt yet: export them, or say --undelivered")
    folder = DataFolder(config.data)
    destroyed = list(destroy(config.keys)) if config.keys.exists() else []
    for path in (folder.officers, config.path):
        if path.exists():
            path.unlink()
            destroyed.append(path.name)
    return tuple(destroyed)


def undelivered(config: Config) -> int:
    """Sealed packets that nobody but this unit has for certain."""
    folder = DataFolder(config.data)
    if not folder.outbox.exists():
        return 0
    return sum(entry.state not in _DELIVERED for entry in Outbox(folder.outbox).entries())
