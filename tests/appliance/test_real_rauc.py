"""Bundles made and read by RAUC itself, with the system configuration of the image."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kiosk.appliance.rauc import BundleError, Rauc
from kiosk.appliance.updates import COMPATIBLE, Offer, Version

CONFIG = Path(__file__).parents[2] / "systemd/root/etc/rauc/system.conf"

pytestmark = pytest.mark.skipif(
    shutil.which("rauc") is None or shutil.which("mksquashfs") is None,
    reason="rauc and mksquashfs are not installed (Debian: rauc squashfs-tools)",
)


def signer(folder: Path, name: str) -> tuple[Path, Path]:
    """A self-signed certificate for code signing, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
        .sign(key, SHA256())
    )
    certificate_path, key_path = folder / f"{name}.pem", folder / f"{name}.key"
    certificate_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return certificate_path, key_path


def bundle(
    folder: Path, by: tuple[Path, Path], *, compatible: str = COMPATIBLE, version: str = "2.0.1"
) -> Path:
    content = folder / "content"
    content.mkdir()
    (content / "root.img").write_bytes(os.urandom(16384))  # RAUC wants more than one block
    (content / "boot.img").write_bytes(bytes(4096))
    (content / "manifest.raucm").write_text(
        f"[update]\ncompatible={compatible}\nversion={version}\n[bundle]\nformat=verity\n"
        "[image.rootfs]\nfilename=root.img\n[image.boot]\nfilename=boot.img\n"
    )
    path = folder / f"{version}.raucb"
    certificate, key = by
    words = ["rauc", f"--cert={certificate}", f"--key={key}", "bundle", str(content), str(path)]
    subprocess.run(words, check=True, capture_output=True, timeout=60)
    return path


def test_a_signed_bundle_says_what_it_is(tmp_path: Path) -> None:
    office = signer(tmp_path, "office")
    path = bundle(tmp_path, office)
    rauc = Rauc(config=CONFIG, keyring=office[0])
    assert rauc.offer(path) == Offer(COMPATIBLE, Version("2.0.1"))


def test_a_bundle_signed_by_somebody_else_is_refused(tmp_path: Path) -> None:
    office, stranger = signer(tmp_path, "office"), signer(tmp_path, "stranger")
    path = bundle(tmp_path, stranger)
    with pytest.raises(BundleError, match=r"2\.0\.1\.raucb"):
        Rauc(config=CONFIG, keyring=office[0]).offer(path)


def test_a_bundle_whose_signature_was_touched_is_refused(tmp_path: Path) -> None:
    office = signer(tmp_path, "office")
    path = bundle(tmp_path, office)
    data = bytearray(path.read_bytes())
    data[-200] ^= 1  # inside the CMS structure at the end
    path.write_bytes(data)
    with pytest.raises(BundleError):
        Rauc(config=CONFIG, keyring=office[0]).offer(path)


def test_a_bundle_whose_version_is_no_version_is_refused(tmp_path: Path) -> None:
    office = signer(tmp_path, "office")
    path = bundle(tmp_path, office, version="nightly")
    with pytest.raises(BundleError, match="nightly"):
        Rauc(config=CONFIG, keyring=office[0]).offer(path)


def test_a_file_that_is_no_bundle_is_refused(tmp_path: Path) -> None:
    office = signer(tmp_path, "office")
    (tmp_path / "x.raucb").write_bytes(bytes(5000))
    with pytest.raises(BundleError):
        Rauc(config=CONFIG, keyring=office[0]).offer(tmp_path / "x.raucb")
