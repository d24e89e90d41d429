"""The unit's key files: loaded and checked as one, or refused with the file and what is wrong with it.

The README of this folder lists the files. A unit holds no key that opens a packet.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import pyrage
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kiosk.security.certificates import make_authority, make_signer

SECRET_BYTES = 32
_DEVELOPMENT_LIFETIME = dt.timedelta(days=825)
_RECIPIENT = re.compile(r"age1[0-9a-z]{58}")
T = TypeVar("T")


class KeyFault(StrEnum):
    MISSING = "missing"
    OPEN_TO_OTHERS = "open_to_others"
    UNREADABLE = "unreadable"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    MISMATCH = "mismatch"
    UNTRUSTED = "untrusted"


class KeyFileError(Exception):
    """The first key file that will not do, and why."""

    def __init__(self, fault: KeyFault, path: Path, detail: str) -> None:
        super().__init__(f"{path}: {detail}")
        self.fault = fault
        self.path = path


@dataclass(frozen=True, slots=True)
class Anchors:
    """Who is believed: authorities of devices, of receivers, and of biometric devices (may be empty)."""

    devices: tuple[x509.Certificate, ...]
    receivers: tuple[x509.Certificate, ...]
    biometric_devices: tuple[x509.Certificate, ...]


@dataclass(frozen=True, slots=True)
class DeviceKeys:
    """chain: the device's own certificate first. recipients: the centre's age recipients (`age1...`)."""

    key: ec.EllipticCurvePrivateKey = field(repr=False)
    chain: tuple[x509.Certificate, ...]
    wrapping_key: bytes = field(repr=False)
    nik_hash_key: bytes = field(repr=False)
    recipients: tuple[str, ...]
    anchors: Anchors


@dataclass(frozen=True, slots=True)
class ReceiverKeys:
    """What signs receipts. chain: the receiver's own certificate first."""

    key: ec.EllipticCurvePrivateKey = field(repr=False)
    chain: tuple[x509.Certificate, ...]
    anchors: Anchors


def load_device_keys(folder: Path, *, now: dt.datetime | None = None) -> DeviceKeys:
    """The unit's keys, checked at `now` (the system clock's by default). Raises KeyFileError."""
    anchors = _anchors(folder)
    key, chain = _signer(folder / "device", anchors.devices, now or dt.datetime.now(dt.UTC))
    return DeviceKeys(
        key=key,
        chain=chain,
        wrapping_key=_secret(folder / "device" / "wrapping.key"),
        nik_hash_key=_secret(folder / "centre" / "nik_hash.key"),
        recipients=_recipients(folder / "centre" / "recipient.txt"),
        anchors=anchors,
    )


def load_receiver_keys(folder: Path, *, now: dt.datetime | None = None) -> ReceiverKeys:
    """The receiver's signing key, checked as the device's is. Raises KeyFileError."""
    anchors = _anchors(folder)
    key, chain = _signer(folder / "receiver", anchors.receivers, now or dt.datetime.now(dt.UTC))
    return ReceiverKeys(key=key, chain=chain, anchors=anchors)


def provision_development(folder: Path, *, now: dt.datetime | None = None) -> None:
    """Makes a complete set: unit, receiver, centre and authorities in one folder, for development and tests.

    A real unit makes its own key, and gets certificates from authorities whose keys it never sees.
    Raises FileExistsError when the folder has keys already.
    """
    now = now or dt.datetime.now(dt.UTC)
    if (folder / "device").exists():
        raise FileExistsError(f"{folder} has keys already")
    for role in ("device", "receiver"):
        authority = make_authority(f"PENGEMBANGAN {role} CA", now=now, lifetime=_DEVELOPMENT_LIFETIME)
        signer = make_signer(
            f"PENGEMBANGAN {role}",
            mail=f"{role}@pengembangan.invalid",
            authority=authority,
            now=now,
            lifetime=_DEVELOPMENT_LIFETIME,
        )
        _write(folder / "ca" / f"{role}_ca.key", _pem_key(authority[0]), private=True)
        _write(folder / "ca" / f"{role}_ca.pem", _pem(authority[1]))
        _write(folder / role / "key.pem", _pem_key(signer[0]), private=True)
        _write(folder / role / "certificate.pem", _pem(signer[1]))
    (folder / "ca" / "sbi").mkdir()
    identity = pyrage.x25519.Identity.generate()
    _write(folder / "centre" / "identity.txt", f"{identity}\n".encode(), private=True)
    _write(folder / "centre" / "recipient.txt", f"{identity.to_public()}\n".encode())
    _write(folder / "centre" / "nik_hash.key", os.urandom(SECRET_BYTES), private=True)
    _write(folder / "device" / "wrapping.key", os.urandom(SECRET_BYTES), private=True)


def _anchors(folder: Path) -> Anchors:
    return Anchors(
        devices=_certificates(folder / "ca" / "device_ca.pem"),
        receivers=_certificates(folder / "ca" / "receiver_ca.pem"),
        biometric_devices=tuple(
            certificate
            for path in sorted((folder / "ca" / "sbi").glob("*.pem"))
            for certificate in _certificates(path)
        ),
    )


def _signer(
    folder: Path, authorities: tuple[x509.Certificate, ...], now: dt.datetime
) -> tuple[ec.EllipticCurvePrivateKey, tuple[x509.Certificate, ...]]:
    key_path, path = folder / "key.pem", folder / "certificate.pem"
    key = _parsed(
        key_path, _private_bytes(key_path), lambda data: serialization.load_pem_private_key(data, None)
    )
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise KeyFileError(KeyFault.UNREADABLE, key_path, "not a P-256 key")
    chain = _certificates(path)
    if chain[0].public_key() != key.public_key():
        raise KeyFileError(KeyFault.MISMATCH, path, "the certificate belongs to another key")
    for certificate in chain:
        if now < certificate.not_valid_before_utc:
            since = certificate.not_valid_before_utc
            raise KeyFileError(KeyFault.NOT_YET_VALID, path, f"valid from {since}, and the clock says {now}")
        if now > certificate.not_valid_after_utc:
            raise KeyFileError(KeyFault.EXPIRED, path, f"expired on {certificate.not_valid_after_utc}")
    if not _leads_to(chain, authorities):
        raise KeyFileError(KeyFault.UNTRUSTED, path, "not issued by an authority this unit trusts")
    return key, chain


def _leads_to(chain: tuple[x509.Certificate, ...], authorities: tuple[x509.Certificate, ...]) -> bool:
    issued = all(_issued(child, parent) for child, parent in pairwise(chain))
    return issued and any(_issued(chain[-1], authority) for authority in authorities)


def _issued(child: x509.Certificate, parent: x509.Certificate) -> bool:
    try:
        child.verify_directly_issued_by(parent)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _certificates(path: Path) -> tuple[x509.Certificate, ...]:
    return tuple(_parsed(path, _bytes(path), x509.load_pem_x509_certificates))


def _recipients(path: Path) -> tuple[str, ...]:
    lines = _parsed(path, _bytes(path), bytes.decode).splitlines()
    recipients = tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))
    if not recipients or not all(map(_RECIPIENT.fullmatch, recipients)):
        raise KeyFileError(KeyFault.UNREADABLE, path, "expected age recipients, one a line: age1...")
    return recipients


def _secret(path: Path) -> bytes:
    secret = _private_bytes(path)
    if len(secret) != SECRET_BYTES:
        raise KeyFileError(KeyFault.UNREADABLE, path, f"expected {SECRET_BYTES} bytes, found {len(secret)}")
    return secret


def _private_bytes(path: Path) -> bytes:
    data = _bytes(path)
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise KeyFileError(KeyFault.OPEN_TO_OTHERS, path, f"others may read it (mode {mode:o}); chmod 600 it")
    return data


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise KeyFileError(KeyFault.MISSING, path, "missing") from None
    except OSError as error:
        raise KeyFileError(KeyFault.UNREADABLE, path, str(error.strerror)) from error


def _parsed(path: Path, data: bytes, parse: Callable[[bytes], T]) -> T:
    try:
        return parse(data)
    except (ValueError, TypeError) as error:
        raise KeyFileError(KeyFault.UNREADABLE, path, f"cannot be read: {error}") from error


def _write(path: Path, data: bytes, *, private: bool = False) -> None:
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o644)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _pem_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
