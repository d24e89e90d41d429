"""The other side of the ceremony, for tests and small offices: authorities kept in a folder of files.

A country's authority has hardware and rules of its own; what leaves it is the same.
"""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pyrage
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kiosk.security.certificates import certify, make_authority, make_signer
from kiosk.security.key_faults import KeyFault, KeyFileError, KeyRefusal
from kiosk.security.key_files import parsed, read_bytes, read_certificates, read_private, write_new
from kiosk.security.keys import DEVICE_AUTHORITY, OFFICE_KEY, RECEIVER_AUTHORITY

AUTHORITIES = ("device_ca", "centre_ca", "receiver_ca")
OFFICE_KEY_FILE = "office.key"
_SECRET_BYTES = 32
_RECEIVERS = {
    "receiver.key": "receiver/key.pem",
    "receiver.pem": "receiver/certificate.pem",
    "identity.txt": "centre/identity.txt",
    OFFICE_KEY_FILE: OFFICE_KEY,
    "device_ca.pem": DEVICE_AUTHORITY,
    "receiver_ca.pem": RECEIVER_AUTHORITY,
}


def make_authorities(folder: Path, *, name: str, now: dt.datetime, lifetime: dt.timedelta) -> None:
    """Three authorities, a signer of lists, a receiver's key, an age identity and an office's key.

    Raises FileExistsError when the folder has some already.
    """
    made = {role: make_authority(f"{name} {role}", now=now, lifetime=lifetime) for role in AUTHORITIES}
    for role, (key, certificate) in made.items():
        _write_pair(folder, role, key, certificate)
    for role, under in (("list_signer", "centre_ca"), ("receiver", "receiver_ca")):
        mail = f"{role.replace('_', '-')}@ktp-el.invalid"
        pair = make_signer(f"{name} {role}", mail=mail, authority=made[under], now=now, lifetime=lifetime)
        _write_pair(folder, role, *pair)
    identity = pyrage.x25519.Identity.generate()
    write_new(folder / "identity.txt", f"{identity}\n".encode(), private=True)
    write_new(folder / "recipient.txt", f"{identity.to_public()}\n".encode())
    write_new(folder / OFFICE_KEY_FILE, os.urandom(_SECRET_BYTES), private=True)


def certify_request(
    folder: Path, request: bytes, *, unit_id: str, now: dt.datetime, lifetime: dt.timedelta
) -> bytes | KeyRefusal:
    """A certificate in PEM for that unit, when the request names it and is signed by the key it is for.

    Raises KeyFileError for the authority's files.
    """
    try:
        asked = x509.load_pem_x509_csr(request)
        public_key, whole = asked.public_key(), asked.is_signature_valid
        names = [str(name.value) for name in asked.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    except (ValueError, TypeError) as error:
        return KeyRefusal(KeyFault.UNREADABLE, f"no certificate request in PEM: {error}")
    if not isinstance(public_key, ec.EllipticCurvePublicKey) or not isinstance(public_key.curve, ec.SECP256R1):
        return KeyRefusal(KeyFault.UNREADABLE, "the request is for a key not on P-256")
    if not whole:
        return KeyRefusal(KeyFault.MISMATCH, "the request is not signed by the key it is for")
    if names != [unit_id]:
        return KeyRefusal(KeyFault.ANOTHER_UNIT, f"the request names {', '.join(names)!r}, and not {unit_id!r}")
    authority = read_pair(folder, "device_ca")
    mail = f"{unit_id.lower()}@ktp-el.invalid"
    certificate = certify(asked.subject, public_key, mail=mail, authority=authority, now=now, lifetime=lifetime)
    return certificate.public_bytes(serialization.Encoding.PEM)


def lay_out_receiver(folder: Path, out: Path) -> None:
    """A receiver's key folder from the authority's: it signs receipts and opens packets, and certifies nobody.

    Raises FileExistsError when `out` has keys already, KeyFileError for the authority's files.
    """
    for source, target in _RECEIVERS.items():
        secret = source.endswith((".key", "identity.txt"))
        data = read_private(folder / source) if secret else read_bytes(folder / source)
        write_new(out / target, data, private=secret)


def read_pair(folder: Path, role: str) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """Raises KeyFileError."""
    path = folder / f"{role}.key"
    key = parsed(path, read_private(path), lambda data: serialization.load_pem_private_key(data, None))
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise KeyFileError(KeyFault.UNREADABLE, path, "not a P-256 key")
    return key, read_certificates(folder / f"{role}.pem")[0]


def _write_pair(
    folder: Path, role: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate
) -> None:
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_new(folder / f"{role}.key", pem, private=True)
    write_new(folder / f"{role}.pem", certificate.public_bytes(serialization.Encoding.PEM))
