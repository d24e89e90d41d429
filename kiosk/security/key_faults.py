"""What can be wrong with the unit's keys."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class KeyFault(StrEnum):
    # a file
    MISSING = "missing"
    OPEN_TO_OTHERS = "open_to_others"
    UNREADABLE = "unreadable"
    ALREADY_THERE = "already_there"
    # a certificate or a signed list
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    MISMATCH = "mismatch"
    UNTRUSTED = "untrusted"
    WRONG_USAGE = "wrong_usage"
    ANOTHER_UNIT = "another_unit"
    OLDER_VERSION = "older_version"
    # where keys live
    OTHER_STORE = "other_store"
    """Sealed by another kind of store than the configuration names."""
    ANOTHER_MACHINE = "another_machine"
    """A file from another board, or a TPM that is another one or was cleared."""
    NO_IDENTITY = "no_identity"
    """Nothing on this board tells it from another, and there is no passphrase."""
    WRONG_PASSPHRASE = "wrong_passphrase"  # noqa: S105 - a fault's name
    NO_TPM = "no_tpm"
    TPM_LOCKED = "tpm_locked"
    """Too many wrong passphrases; the TPM itself says when it listens again."""
    TPM_FAILED = "tpm_failed"


class KeyStoreError(Exception):
    """A store that cannot make, open or use a key. The caller knows the file."""

    def __init__(self, fault: KeyFault, detail: str) -> None:
        super().__init__(detail)
        self.fault = fault


class KeyFileError(Exception):
    """The first key file that will not do, and why."""

    def __init__(self, fault: KeyFault, path: Path, detail: str) -> None:
        super().__init__(f"{path}: {detail}")
        self.fault = fault
        self.path = path


@dataclass(frozen=True, slots=True)
class KeyRefusal:
    """A step of the key ceremony that was not taken; nothing has changed."""

    fault: KeyFault
    detail: str

    def __str__(self) -> str:
        return f"{self.detail} ({self.fault})"
