"""Reading and writing one key file, with what is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from cryptography import x509

from kiosk.security.key_faults import KeyFault, KeyFileError, KeyStoreError

T = TypeVar("T")


def read_bytes(path: Path) -> bytes:
    """Raises KeyFileError, as all here."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise KeyFileError(KeyFault.MISSING, path, "missing") from None
    except OSError as error:
        raise KeyFileError(KeyFault.UNREADABLE, path, str(error.strerror)) from error


def read_private(path: Path) -> bytes:
    """Refuses a file that others may read, sealed or not."""
    data = read_bytes(path)
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise KeyFileError(KeyFault.OPEN_TO_OTHERS, path, f"others may read it (mode {mode:o}); chmod 600 it")
    return data


def read_certificates(path: Path) -> tuple[x509.Certificate, ...]:
    return tuple(parsed(path, read_bytes(path), x509.load_pem_x509_certificates))


def parsed(path: Path, data: bytes, parse: Callable[[bytes], T]) -> T:
    try:
        return parse(data)
    except KeyStoreError as error:
        raise KeyFileError(error.fault, path, str(error)) from error
    except (ValueError, TypeError) as error:
        raise KeyFileError(KeyFault.UNREADABLE, path, f"cannot be read: {error}") from error


def write_new(path: Path, data: bytes, *, private: bool = False) -> None:
    """Raises FileExistsError rather than write over a key."""
    _write(path, data, os.O_EXCL, private=private)
    _sync_folder(path.parent)


def replace(path: Path, data: bytes, *, private: bool = False) -> None:
    """The old file or the new one, whole, whenever the power goes."""
    temporary = path.with_name(f".{path.name}.tmp")
    _write(temporary, data, os.O_TRUNC, private=private)
    temporary.replace(path)
    _sync_folder(path.parent)


def _write(path: Path, data: bytes, how: int, *, private: bool) -> None:
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o600 if private else 0o644)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
