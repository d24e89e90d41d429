"""What the keys of a unit are and how long they last, without opening any."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from kiosk.security.ceremony import RETIRED, key_id_of_certificate
from kiosk.security.certificates import common_name
from kiosk.security.key_faults import KeyFault, KeyFileError
from kiosk.security.key_files import read_bytes, read_certificates
from kiosk.security.keys import (
    CENTRE_AUTHORITY,
    CERTIFICATE,
    DEVICE_AUTHORITY,
    NEXT_KEY,
    RECEIVER_AUTHORITY,
    SIGNING_KEY,
    list_path,
    list_versions,
)
from kiosk.security.recipients import RecipientList, fingerprint, read_list
from kiosk.security.sealed_file import store_of


@dataclass(frozen=True, slots=True)
class CertificateLine:
    """key_id: SHA-256 of the public key; fingerprint: of the certificate."""

    subject: str
    key_id: str
    fingerprint: str
    valid_until: dt.datetime


@dataclass(frozen=True, slots=True)
class KeyReport:
    """store: file, tpm, or `unsealed` for development keys. certificate: None until one is imported.

    authorities: by their file. recipients: of the list on this unit, its signature unchecked.
    """

    store: str
    certificate: CertificateLine | None
    next_key_waits: bool
    retired: tuple[CertificateLine, ...]
    authorities: Mapping[str, tuple[CertificateLine, ...]]
    list_version: int
    list_valid_until: dt.datetime | None
    recipients: tuple[str, ...]


def report(folder: Path) -> KeyReport:
    """Raises KeyFileError when there are no keys, or a file cannot be read."""
    store = store_of(read_bytes(folder / SIGNING_KEY)) or "unsealed"
    found = _list(folder)
    return KeyReport(
        store=store,
        certificate=next(iter(_lines(folder / CERTIFICATE)), None),
        next_key_waits=(folder / NEXT_KEY).exists(),
        retired=tuple(line for path in sorted((folder / RETIRED).glob("*.pem")) for line in _lines(path)[:1]),
        authorities={
            name: _lines(folder / name) for name in (DEVICE_AUTHORITY, CENTRE_AUTHORITY, RECEIVER_AUTHORITY)
        },
        list_version=found.version if found else 0,
        list_valid_until=found.valid_until if found else None,
        recipients=found.recipients if found else (),
    )


def _list(folder: Path) -> RecipientList | None:
    versions = list_versions(folder)
    if not versions:
        return None
    path = list_path(folder, max(versions))
    found = read_list(read_bytes(path))
    if isinstance(found, RecipientList):
        return found
    raise KeyFileError(KeyFault.UNREADABLE, path, found.detail)


def _lines(path: Path) -> tuple[CertificateLine, ...]:
    return tuple(map(_line, read_certificates(path))) if path.exists() else ()


def _line(certificate: x509.Certificate) -> CertificateLine:
    return CertificateLine(
        common_name(certificate),
        key_id_of_certificate(certificate),
        fingerprint(certificate),
        certificate.not_valid_after_utc,
    )
