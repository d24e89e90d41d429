"""The fingers of those recorded here and not yet received by the centre: minutiae only, encrypted at rest.

One file per record, `<record number>.templates`: sealed as `aead` says, bound to its number, under the device's
wrapping key. Within: 64 bytes, the keyed hash of the NIK (hex); then one finger minutiae record
(ISO/IEC 19794-2:2011) with every finger. No name, no NIK, no picture.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from kiosk.storage.aead import KEY_BYTES, SealBrokenError, seal, unseal
from kiosk.storage.atomic import erase, write_atomic

_SUFFIX = ".templates"
_NIK_HASH = re.compile(rb"[0-9a-f]{64}")
_HASH_BYTES = 64


@dataclass(frozen=True, slots=True)
class GalleryEntry:
    """record: ISO/IEC 19794-2, every finger."""

    nik_hash: str
    record: bytes


@dataclass(frozen=True, slots=True)
class GalleryDamaged:
    """Changed, cut short, moved, or another unit's."""


class TemplateGallery:
    """Entries under `folder`. Used by one process, by any of its threads. wrapping_key: never written."""

    def __init__(self, folder: Path, wrapping_key: bytes) -> None:
        if len(wrapping_key) != KEY_BYTES:
            raise ValueError(f"a wrapping key has {KEY_BYTES} bytes, not {len(wrapping_key)}")
        self._folder = folder
        self._wrapping_key = wrapping_key
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put(self, enrollment_id: str, entry: GalleryEntry) -> None:
        """Replaces an entry of the same number."""
        data = entry.nik_hash.encode() + entry.record
        sealed = seal(self._wrapping_key, data, _context(enrollment_id))
        write_atomic(self._path(enrollment_id), sealed, mode=0o600)

    def get(self, enrollment_id: str) -> GalleryEntry | GalleryDamaged | None:
        """None: there is none, or it has just been removed."""
        try:
            data = unseal(self._wrapping_key, self._path(enrollment_id).read_bytes(), _context(enrollment_id))
        except FileNotFoundError:
            return None
        except (SealBrokenError, OSError):
            return GalleryDamaged()
        nik_hash, record = data[:_HASH_BYTES], data[_HASH_BYTES:]
        if not _NIK_HASH.fullmatch(nik_hash):
            return GalleryDamaged()
        return GalleryEntry(nik_hash.decode(), record)

    def ids(self) -> tuple[str, ...]:
        return tuple(sorted(path.stem for path in self._folder.glob(f"*{_SUFFIX}")))

    def remove(self, enrollment_id: str) -> None:
        """Overwrites the entry, then removes it. Does nothing when there is none."""
        erase(self._path(enrollment_id))

    def _path(self, enrollment_id: str) -> Path:
        return self._folder / f"{enrollment_id}{_SUFFIX}"


def _context(enrollment_id: str) -> bytes:
    return f"templates of {enrollment_id}".encode()
