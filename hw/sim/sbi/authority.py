"""The device maker's certificate authority, and the keys of its devices."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

_CA_YEARS: Final = timedelta(days=3650)
_DEVICE_LIFETIME: Final = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class DeviceKey:
    """What a device signs with. chain: the device's certificate first, then its CA's."""

    key: rsa.RSAPrivateKey
    chain: tuple[x509.Certificate, ...]


@dataclass(frozen=True, slots=True)
class DeviceAuthority:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    certificate_path: Path

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The authority kept in the folder; a new one, written there, when there is none yet."""
        certificate_path, key_path = folder / "device-ca.pem", folder / "device-ca.key"
        if not key_path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            created = ec.generate_private_key(ec.SECP256R1())
            _write_secret(key_path, created)
            certificate_path.write_bytes(_self_signed(created).public_bytes(Encoding.PEM))
        key = load_pem_private_key(key_path.read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{key_path} holds another kind of key")
        return cls(x509.load_pem_x509_certificate(certificate_path.read_bytes()), key, certificate_path)

    def device(self, serial: str) -> DeviceKey:
        """The device of this serial number: its key is kept beside the authority's."""
        key_path = self.certificate_path.parent / f"device-{serial}.key"
        if not key_path.exists():
            _write_secret(key_path, rsa.generate_private_key(public_exponent=65537, key_size=2048))
        # made by ourselves above: testing its primes again would cost a tenth of a second
        key = load_pem_private_key(key_path.read_bytes(), password=None, unsafe_skip_rsa_key_validation=True)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError(f"{key_path} holds another kind of key")
        return self.issue(serial, key)

    def issue(self, serial: str, key: rsa.RSAPrivateKey, *, until: datetime | None = None) -> DeviceKey:
        """A certificate for the key. until: for one that has already expired."""
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(_name(f"Simulated device {serial}"))
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before((until or now) - _DEVICE_LIFETIME)
            .not_valid_after(until or now + _DEVICE_LIFETIME)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .sign(self.key, SHA256())
        )
        return DeviceKey(key, (certificate, self.certificate))


def foreign_authority() -> DeviceAuthority:
    """An authority nobody trusts, kept nowhere."""
    key = ec.generate_private_key(ec.SECP256R1())
    return DeviceAuthority(_self_signed(key), key, Path())


def _self_signed(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name, now = _name("Simulated device CA"), datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _CA_YEARS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(key, SHA256())
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _write_secret(path: Path, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
