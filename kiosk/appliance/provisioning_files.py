"""Provisioning from and to a folder, such as a stick: the names of the files, and what is in them."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import replace
from pathlib import Path

from cryptography import x509

from kiosk.appliance.provisioning import (
    SIGNATURE_SUFFIX,
    Places,
    ProvisioningError,
    Setup,
    begin,
    finish,
    pending,
    read_signed,
)

SIGNED = "provision.json"
DEVICE_AUTHORITY, CENTRE_AUTHORITY = "device_ca.pem", "centre_ca.pem"
OFFICE_KEY, ROSTER, RECIPIENTS = "office.key", "roster.csv", "recipients.json"


def begin_from(places: Places, file: Path, *, authority: Path, csr: Path | None = None) -> Path:
    """From a signed file. Returns where the request was written. Raises ProvisioningError."""
    anchors = x509.load_pem_x509_certificates(_bytes(authority))
    signature = _bytes(file.with_name(file.name + SIGNATURE_SUFFIX))
    setup = read_signed(_bytes(file), signature, anchors=anchors, now=dt.datetime.now(dt.UTC))
    return _write(csr or file.with_name(f"{setup.unit_id}.csr"), begin(setup, places))


def begin_typed(places: Places, typed: Setup, folder: Path) -> Path:
    """What an officer typed, with authorities and, where there are any, office key and roster of the folder."""
    setup = replace(
        typed,
        device_authority=_bytes(folder / DEVICE_AUTHORITY),
        centre_authority=_bytes(folder / CENTRE_AUTHORITY),
        office_key=_bytes(folder / OFFICE_KEY) if (folder / OFFICE_KEY).exists() else None,
        roster=_bytes(folder / ROSTER) if (folder / ROSTER).exists() else b"",
    )
    return _write(folder / f"{setup.unit_id}.csr", begin(setup, places))


def finish_from(places: Places, folder: Path) -> None:
    """The folder holds the unit's certificate, named after it, and the recipients with their signature."""
    config = pending(places)
    if config is None:
        raise ProvisioningError("nothing waits for a certificate: begin first")
    finish(
        places,
        certificates=_bytes(folder / f"{config.unit_id}.pem"),
        recipients=_bytes(folder / RECIPIENTS),
        recipients_signature=_bytes(folder / (RECIPIENTS + SIGNATURE_SUFFIX)),
        now=dt.datetime.now(dt.UTC),
    )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ProvisioningError(f"{path.name}: {error.strerror}") from error


def _write(path: Path, data: bytes) -> Path:
    """Durably, without the owners and modes that a stick has not."""
    try:
        with path.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise ProvisioningError(f"{path.name}: {error.strerror}") from error
    return path
