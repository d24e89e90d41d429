"""Writes to a medium that somebody may pull: durable, read back from the medium itself, faults as values."""

from __future__ import annotations

import errno
import hashlib
import os
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from kiosk.storage.atomic import write_atomic


class StickFault(StrEnum):
    FULL = "full"
    READ_ONLY = "read_only"
    REMOVED = "removed"
    """Pulled, or broken: what was asked of it was not answered."""
    MISWRITTEN = "miswritten"
    """It reads back other bytes than were written: a worn or forged stick."""


_KINDS = {
    errno.ENOSPC: StickFault.FULL,
    errno.EDQUOT: StickFault.FULL,
    errno.EFBIG: StickFault.FULL,
    errno.EROFS: StickFault.READ_ONLY,
    errno.EACCES: StickFault.READ_ONLY,
    errno.EPERM: StickFault.READ_ONLY,
}


def fault_of(error: OSError) -> StickFault:
    return _KINDS.get(error.errno or 0, StickFault.REMOVED)


def put(path: Path, data: bytes) -> StickFault | None:
    """`data` at `path`, whole and read back; the file before stays when that fails."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, data)
        return None if sha256_of(path) == hashlib.sha256(data).hexdigest() else StickFault.MISWRITTEN
    except OSError as error:
        with suppress(OSError):
            path.with_name(f".{path.name}.tmp").unlink()
        return fault_of(error)


def sha256_of(path: Path) -> str:
    """Of what the medium holds: pages of the cache are dropped first. Raises OSError."""
    with path.open("rb") as stream:
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return hashlib.file_digest(stream, "sha256").hexdigest()
