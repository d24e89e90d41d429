"""Captured images at rest: only ciphertext touches the disk, and destroying one key destroys them all.

One folder per enrollment:

    session.key     the enrollment's AES-256 key, itself encrypted under the device's wrapping key
    <sha256>.blob   one image, named by the SHA-256 of its plaintext

Both are sealed as `aead` says: a key to its enrollment, an image to its enrollment and name, so that a file put
in another's place does not open.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from threading import Lock

from kiosk.storage.aead import KEY_BYTES, SealBrokenError, new_key, seal, unseal
from kiosk.storage.atomic import erase, sync_folder, write_atomic

_KEY_FILE = "session.key"
_ENROLLMENT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SHA256_HEX = re.compile(r"[0-9a-f]{64}")


class BlobError(Exception):
    """An image cannot be had."""


class UnknownBlobError(BlobError, LookupError):
    """No such image: never stored, or destroyed with its enrollment's key."""


class BlobDamagedError(BlobError):
    """The stored bytes or the key file were changed, moved, or belong to another device."""


class BlobStore:
    """Images of the enrollments on this unit, under `folder`. Used by one process, by any of its threads.

    wrapping_key: 32 bytes, the device's key-wrapping key; it is never written.
    """

    def __init__(self, folder: Path, wrapping_key: bytes) -> None:
        if len(wrapping_key) != KEY_BYTES:
            raise ValueError(f"a wrapping key has {KEY_BYTES} bytes, not {len(wrapping_key)}")
        self._folder = folder
        self._wrapping_key = wrapping_key
        self._lock = Lock()
        self._destroyed: set[str] = set()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put(self, enrollment_id: str, data: bytes) -> str:
        """Encrypts and stores `data` durably; returns the SHA-256 (hex) of the plaintext.

        Raises UnknownBlobError after `destroy`: a capture that ends too late leaves nothing.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        path = self._blob_path(enrollment_id, sha256)
        with self._lock:
            if enrollment_id in self._destroyed:
                raise UnknownBlobError(f"enrollment {enrollment_id} was destroyed")
            key = self._session_key(enrollment_id) or self._new_session_key(enrollment_id)
            write_atomic(path, seal(key, data, _blob_context(enrollment_id, sha256)), mode=0o600)
        return sha256

    def get(self, enrollment_id: str, sha256: str) -> bytes:
        """The plaintext. Raises UnknownBlobError, BlobDamagedError."""
        path = self._blob_path(enrollment_id, sha256)
        key = self._session_key(enrollment_id)
        if key is None or not path.exists():
            raise UnknownBlobError(f"enrollment {enrollment_id} has no image {sha256}")
        return _open(key, path, _blob_context(enrollment_id, sha256))

    def destroy(self, enrollment_id: str) -> None:
        """Makes the enrollment's images unreadable, then removes them. Does nothing when there are none.

        The key goes first and is overwritten before it is unlinked; flash storage may keep old pages all
        the same, and those are still encrypted under the wrapping key.
        """
        folder = self._enrollment_folder(enrollment_id)
        with self._lock:
            self._destroyed.add(enrollment_id)
            for key in self._folder.parent.glob(f"replaced.*/blobs/{enrollment_id}/{_KEY_FILE}"):
                erase(key)  # kept aside by a restore
            if not folder.exists():
                return
            erase(folder / _KEY_FILE)
            for path in folder.iterdir():
                path.unlink()
            folder.rmdir()
            sync_folder(self._folder)

    def enrollments(self) -> tuple[str, ...]:
        """The ids of the enrollments that still have images or remains of them."""
        return tuple(sorted(path.name for path in self._folder.iterdir() if path.is_dir()))

    def _session_key(self, enrollment_id: str) -> bytes | None:
        path = self._enrollment_folder(enrollment_id) / _KEY_FILE
        return _open(self._wrapping_key, path, _key_context(enrollment_id)) if path.exists() else None

    def _new_session_key(self, enrollment_id: str) -> bytes:
        key = new_key()
        folder = self._enrollment_folder(enrollment_id)
        folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(self._folder)
        wrapped = seal(self._wrapping_key, key, _key_context(enrollment_id))
        write_atomic(folder / _KEY_FILE, wrapped, mode=0o600)
        return key

    def _enrollment_folder(self, enrollment_id: str) -> Path:
        if not _ENROLLMENT_ID.fullmatch(enrollment_id):
            raise ValueError(f"{enrollment_id!r} cannot name an enrollment: letters, digits, - and _ only")
        return self._folder / enrollment_id

    def _blob_path(self, enrollment_id: str, sha256: str) -> Path:
        if not _SHA256_HEX.fullmatch(sha256):
            raise UnknownBlobError(f"{sha256!r} is not a SHA-256")
        return self._enrollment_folder(enrollment_id) / f"{sha256}.blob"


def _key_context(enrollment_id: str) -> bytes:
    return f"session key of {enrollment_id}".encode()


def _blob_context(enrollment_id: str, sha256: str) -> bytes:
    return f"image {sha256} of {enrollment_id}".encode()


def _open(key: bytes, path: Path, context: bytes) -> bytes:
    try:
        return unseal(key, path.read_bytes(), context)
    except SealBrokenError as error:
        raise BlobDamagedError(f"{path} was changed or belongs to another device or enrollment") from error
