"""Whom a unit believes from its first start on: who signs updates, and who signs settings and orders.

A release's authority folder has the same files, without the keys of the authorities themselves.
"""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kiosk.security import certificates

KEYRING, CERTIFICATE, KEY = "keyring.pem", "signer.pem", "signer.key"
"""RAUC's: the authority in the image, and who signs a bundle."""

PROVISIONING, PROVISIONER, PROVISIONER_KEY = "provisioning_ca.pem", "provisioner.pem", "provisioner.key"
"""Of settings and orders on a stick."""

ANCHORS = {KEYRING: "etc/rauc/keyring.pem", PROVISIONING: "usr/share/kiosk/provisioning_ca.pem"}
"""File of the folder -> where the image has it."""

_START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_LIFETIME = dt.timedelta(days=365 * 20)


def make_authority(folder: Path) -> None:
    """For images that stay in the workshop; a release is signed with a key kept elsewhere (--authority)."""
    folder.mkdir()
    folder.chmod(0o700)
    root_key, signer_key = ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP384R1())
    root = _certificate("Development images: authority", root_key, None, root_key, authority=True)
    signer = _certificate("Development images: signer", signer_key, root, root_key, authority=False)
    anchor = certificates.make_authority("Development units: authority", now=_START, lifetime=_LIFETIME)
    provisioner_key, provisioner = certificates.make_signer(
        "Development units: settings and orders",
        mail="provisioner@ktp-el.invalid",
        authority=anchor,
        now=_START,
        lifetime=_LIFETIME,
    )
    for name, certificate in {
        KEYRING: root,
        CERTIFICATE: signer,
        PROVISIONING: anchor[1],
        PROVISIONER: provisioner,
    }.items():
        (folder / name).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    for name, key in {KEY: signer_key, PROVISIONER_KEY: provisioner_key}.items():
        _write_key(folder / name, key)


def lacking(folder: Path) -> list[str]:
    """What a build needs of the folder and does not find."""
    return [name for name in (*ANCHORS, CERTIFICATE, KEY) if not (folder / name).is_file()]


def _write_key(file: Path, key: ec.EllipticCurvePrivateKey) -> None:
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    opened = os.open(file, os.O_CREAT | os.O_WRONLY, 0o600)
    with os.fdopen(opened, "wb") as stream:
        stream.write(secret)


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    authority: bool,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_START)
        .not_valid_after(_START + _LIFETIME)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=0 if authority else None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
        .add_extension(
            x509.KeyUsage(
                digital_signature=not authority,
                key_cert_sign=authority,
                crl_sign=authority,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    if not authority:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING])
        builder = builder.add_extension(usage, critical=False)
    return builder.sign(issuer_key, hashes.SHA384())
