"""The signed update: boot and root image in one RAUC bundle, and the authority of a development image."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from appliance.process import run

COMPATIBLE = "ktp-el-kiosk"
"""As in /etc/rauc/system.conf."""

KEYRING, CERTIFICATE, KEY = "keyring.pem", "signer.pem", "signer.key"
_YEARS = 20


def make_authority(folder: Path) -> None:
    """For images that stay in the workshop; a release is signed with a key kept elsewhere (--authority)."""
    folder.mkdir()
    folder.chmod(0o700)
    root_key, signer_key = ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP384R1())
    root = _certificate("Development images: authority", root_key, None, root_key, authority=True)
    signer = _certificate("Development images: signer", signer_key, root, root_key, authority=False)
    (folder / KEYRING).write_bytes(root.public_bytes(serialization.Encoding.PEM))
    (folder / CERTIFICATE).write_bytes(signer.public_bytes(serialization.Encoding.PEM))
    secret = signer_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    opened = os.open(folder / KEY, os.O_CREAT | os.O_WRONLY, 0o600)
    with os.fdopen(opened, "wb") as stream:
        stream.write(secret)


def make_bundle(bundle: Path, *, boot: Path, root: Path, authority: Path, version: str) -> None:
    with tempfile.TemporaryDirectory(dir=bundle.parent) as name:
        tree = Path(name) / "tree"
        tree.mkdir()
        os.link(root, tree / "root.img")
        shutil.copy(boot, tree / "boot.img")
        (tree / "manifest.raucm").write_text(manifest(version))
        made = Path(name) / "kiosk.raucb"
        run(
            *("rauc", "bundle", f"--cert={authority / CERTIFICATE}", f"--key={authority / KEY}", tree, made),
        )
        made.rename(bundle)


def manifest(version: str) -> str:
    return (
        f"[update]\ncompatible={COMPATIBLE}\nversion={version}\n\n[bundle]\nformat=verity\n\n"
        "[image.boot]\nfilename=boot.img\n\n[image.rootfs]\nfilename=root.img\n"
    )


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    authority: bool,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=365 * _YEARS))
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
