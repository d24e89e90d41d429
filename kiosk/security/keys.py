"""The unit's key files: loaded and checked as one, or refused with the file and what is wrong with it.

The README of this folder lists the files. A unit holds no key that opens a packet.
"""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import pyrage
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kiosk.security.certificates import is_authority, make_authority, make_signer
from kiosk.security.key_faults import KeyFault, KeyFileError, KeyRefusal
from kiosk.security.key_files import parsed, read_bytes, read_certificates, read_private, write_new
from kiosk.security.key_store import KeyStore, SigningKey
from kiosk.security.machine_store import MachineStore
from kiosk.security.recipients import (
    RecipientList,
    SignatureCheck,
    read_recipient_lines,
    verified_list,
)

SECRET_BYTES = 32
SIGNING_KEY, CERTIFICATE = "device/key.pem", "device/certificate.pem"
NEXT_KEY, NEXT_CERTIFICATE = "device/next/key.pem", "device/next/certificate.pem"
WRAPPING_KEY, OFFICE_KEY = "device/wrapping.key", "centre/nik_hash.key"
DEVICE_AUTHORITY, CENTRE_AUTHORITY = "ca/device_ca.pem", "ca/centre_ca.pem"
RECEIVER_AUTHORITY = "ca/receiver_ca.pem"
RECIPIENTS, SIGNATURE_SUFFIX = "centre/recipients", ".p7s"
UNSIGNED_RECIPIENTS = "centre/recipient.txt"
_DEVELOPMENT_LIFETIME = dt.timedelta(days=825)


@dataclass(frozen=True, slots=True)
class Anchors:
    """Who is believed: authorities of devices, of receivers, and of biometric devices (may be empty)."""

    devices: tuple[x509.Certificate, ...]
    receivers: tuple[x509.Certificate, ...]
    biometric_devices: tuple[x509.Certificate, ...]


@dataclass(frozen=True, slots=True)
class DeviceKeys:
    """chain: the device's own certificate first. recipients: the centre's age recipients (`age1...`).

    listed: the signed list that they are from, None for a development set. Chain and list may be out of time.
    """

    key: SigningKey = field(repr=False)
    chain: tuple[x509.Certificate, ...]
    wrapping_key: bytes = field(repr=False)
    nik_hash_key: bytes = field(repr=False)
    recipients: tuple[str, ...]
    anchors: Anchors
    listed: RecipientList | None = None

    def out_of_time(self, now: dt.datetime) -> KeyRefusal | None:
        """Why nothing may be sealed at `now`: a certificate or the list has ended, or the clock was lost."""
        return chain_out_of_time(self.chain, now) or (self.listed.out_of_time(now) if self.listed else None)


@dataclass(frozen=True, slots=True)
class ReceiverKeys:
    """What signs receipts. chain: the receiver's own certificate first."""

    key: SigningKey = field(repr=False)
    chain: tuple[x509.Certificate, ...]
    anchors: Anchors


def load_device_keys(folder: Path, *, verify: SignatureCheck, store: KeyStore | None = None) -> DeviceKeys:
    """The unit's keys, checked but for the time, which `DeviceKeys.out_of_time` tells. Raises KeyFileError.

    verify: of CMS signatures, for the list of recipients. store: what the secrets were sealed by, this
    machine without a passphrase by default.
    """
    store = store or MachineStore()
    anchors = load_anchors(folder)
    key = open_signing_key(folder / SIGNING_KEY, store, name=SIGNING_KEY)
    chain = _certified(folder / CERTIFICATE, key, anchors.devices)
    wrapping_key = _secret(folder, WRAPPING_KEY, store)
    nik_hash_key = _secret(folder, OFFICE_KEY, store)
    listed = load_list(folder, verify=verify)
    return DeviceKeys(
        key=key,
        chain=chain,
        wrapping_key=wrapping_key,
        nik_hash_key=nik_hash_key,
        recipients=listed.recipients if listed else _unsigned_recipients(folder),
        anchors=replace(anchors, receivers=listed.anchors()) if listed else anchors,
        listed=listed,
    )


def load_receiver_keys(
    folder: Path, *, store: KeyStore | None = None, now: dt.datetime | None = None
) -> ReceiverKeys:
    """The receiver's signing key, checked as the device's is. Raises KeyFileError."""
    now, store = now or dt.datetime.now(dt.UTC), store or MachineStore()
    anchors = load_anchors(folder)
    key = open_signing_key(folder / "receiver/key.pem", store, name="receiver/key.pem")
    path = folder / "receiver/certificate.pem"
    chain = _certified(path, key, anchors.receivers)
    if refusal := chain_out_of_time(chain, now):
        raise KeyFileError(refusal.fault, path, refusal.detail)
    return ReceiverKeys(key=key, chain=chain, anchors=anchors)


def load_list(folder: Path, *, verify: SignatureCheck) -> RecipientList | None:
    """The list of recipients, its signature checked; None where a development set has an unsigned one.

    A unit that knows the authority takes nothing unsigned. Raises KeyFileError.
    """
    if not (folder / CENTRE_AUTHORITY).exists():
        return None
    path = list_path(folder, max(list_versions(folder), default=1))
    document, signature = read_bytes(path), read_bytes(path.with_name(path.name + SIGNATURE_SUFFIX))
    authorities = read_certificates(folder / CENTRE_AUTHORITY)
    found = verified_list(document, signature, authorities=authorities, verify=verify)
    if isinstance(found, KeyRefusal):
        raise KeyFileError(found.fault, path, found.detail)
    return found


def list_path(folder: Path, version: int) -> Path:
    return folder / RECIPIENTS / f"{version}.json"


def list_versions(folder: Path) -> tuple[int, ...]:
    """Of the lists that came whole: the signature is written before the list."""
    return tuple(int(path.stem) for path in (folder / RECIPIENTS).glob("*.json") if path.stem.isdecimal())


def provision_development(
    folder: Path, *, unit_id: str = "PENGEMBANGAN device", now: dt.datetime | None = None
) -> None:
    """Makes a complete set: unit, receiver, centre and authorities in one folder, for development and tests.

    unit_id: whom the device's certificate names; a receiver takes no packet of another unit.

    A real unit makes its own key, and gets certificates from authorities whose keys it never sees.
    Raises FileExistsError when the folder has keys already.
    """
    now = now or dt.datetime.now(dt.UTC)
    if (folder / "device").exists():
        raise FileExistsError(f"{folder} has keys already")
    for role in ("device", "receiver"):
        authority = make_authority(f"PENGEMBANGAN {role} CA", now=now, lifetime=_DEVELOPMENT_LIFETIME)
        signer = make_signer(
            unit_id if role == "device" else f"PENGEMBANGAN {role}",
            mail=f"{role}@pengembangan.invalid",
            authority=authority,
            now=now,
            lifetime=_DEVELOPMENT_LIFETIME,
        )
        write_new(folder / "ca" / f"{role}_ca.key", _pem_key(authority[0]), private=True)
        write_new(folder / "ca" / f"{role}_ca.pem", _pem(authority[1]))
        write_new(folder / role / "key.pem", _pem_key(signer[0]), private=True)
        write_new(folder / role / "certificate.pem", _pem(signer[1]))
    (folder / "ca" / "sbi").mkdir()
    identity = pyrage.x25519.Identity.generate()
    write_new(folder / "centre" / "identity.txt", f"{identity}\n".encode(), private=True)
    write_new(folder / "centre" / "recipient.txt", f"{identity.to_public()}\n".encode())
    write_new(folder / "centre" / "nik_hash.key", os.urandom(SECRET_BYTES), private=True)
    write_new(folder / "device" / "wrapping.key", os.urandom(SECRET_BYTES), private=True)


def load_anchors(folder: Path) -> Anchors:
    return Anchors(
        devices=read_certificates(folder / DEVICE_AUTHORITY),
        receivers=read_certificates(folder / RECEIVER_AUTHORITY),
        biometric_devices=tuple(
            certificate
            for path in sorted((folder / "ca" / "sbi").glob("*.pem"))
            for certificate in read_certificates(path)
        ),
    )


def open_signing_key(path: Path, store: KeyStore, *, name: str) -> SigningKey:
    """name: what it was made as. Raises KeyFileError."""
    return parsed(path, read_private(path), lambda data: store.signing_key(data, name=name))


def check_chain(
    chain: tuple[x509.Certificate, ...],
    key: SigningKey,
    authorities: tuple[x509.Certificate, ...],
    *,
    now: dt.datetime,
) -> KeyRefusal | None:
    """What is wrong with these certificates for this key at `now`; None when nothing is."""
    return _not_certified(chain, key, authorities) or chain_out_of_time(chain, now)


def chain_out_of_time(chain: tuple[x509.Certificate, ...], now: dt.datetime) -> KeyRefusal | None:
    for certificate in chain:
        if now < certificate.not_valid_before_utc:
            since = certificate.not_valid_before_utc
            return KeyRefusal(KeyFault.NOT_YET_VALID, f"valid from {since}, and the clock says {now}")
        if now > certificate.not_valid_after_utc:
            return KeyRefusal(KeyFault.EXPIRED, f"expired on {certificate.not_valid_after_utc}")
    return None


def _not_certified(
    chain: tuple[x509.Certificate, ...], key: SigningKey, authorities: tuple[x509.Certificate, ...]
) -> KeyRefusal | None:
    if chain[0].public_key() != key.public_key():
        return KeyRefusal(KeyFault.MISMATCH, "the certificate belongs to another key")
    if not _leads_to(chain, authorities):
        return KeyRefusal(KeyFault.UNTRUSTED, "not issued by an authority this unit trusts")
    return None


def _certified(
    path: Path, key: SigningKey, authorities: tuple[x509.Certificate, ...]
) -> tuple[x509.Certificate, ...]:
    """A power cut in the middle of a rotation leaves the new key with its certificate still waiting beside."""
    chain = read_certificates(path)
    waiting = path.parent / "next" / path.name
    if chain[0].public_key() != key.public_key() and waiting.exists():
        path, chain = waiting, read_certificates(waiting)
    refusal = _not_certified(chain, key, authorities)
    if refusal is not None:
        raise KeyFileError(refusal.fault, path, refusal.detail)
    return chain


def _leads_to(chain: tuple[x509.Certificate, ...], authorities: tuple[x509.Certificate, ...]) -> bool:
    issued = all(_issued(child, parent) and is_authority(parent) for child, parent in pairwise(chain))
    return issued and any(_issued(chain[-1], authority) for authority in authorities)


def _issued(child: x509.Certificate, parent: x509.Certificate) -> bool:
    try:
        child.verify_directly_issued_by(parent)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _unsigned_recipients(folder: Path) -> tuple[str, ...]:
    path = folder / UNSIGNED_RECIPIENTS
    return parsed(path, read_bytes(path), lambda data: read_recipient_lines(data.decode()))


def _secret(folder: Path, name: str, store: KeyStore) -> bytes:
    path = folder / name
    secret = parsed(path, read_private(path), lambda data: store.open(data, name=name))
    if len(secret) != SECRET_BYTES:
        raise KeyFileError(KeyFault.UNREADABLE, path, f"expected {SECRET_BYTES} bytes, found {len(secret)}")
    return secret


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _pem_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
