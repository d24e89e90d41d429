"""Key files: a development set works with the tools the field has; a wrong file is named with its fault."""

from __future__ import annotations

import datetime as dt
import shutil
import stat
import subprocess
from pathlib import Path

import pyrage
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs7

from kiosk.commands.doctor import in_time
from kiosk.packet.cms import verify_detached
from kiosk.security.key_faults import KeyFault, KeyFileError
from kiosk.security.keys import (
    load_device_keys,
    load_receiver_keys,
    provision_development,
)

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def provisioned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("provisioned") / "keys"
    provision_development(folder, now=NOW)
    return folder


@pytest.fixture
def folder(provisioned: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(provisioned, tmp_path / "keys"))


def fault_of(folder: Path) -> tuple[KeyFault, str]:
    with pytest.raises(KeyFileError) as caught:
        load_device_keys(folder, verify=verify_detached)
    return caught.value.fault, str(caught.value.path.relative_to(folder))


def test_a_development_set_loads(folder: Path):
    keys = load_device_keys(folder, verify=verify_detached)
    assert keys.chain[0].public_key() == keys.key.public_key()
    assert len(keys.wrapping_key) == len(keys.nik_hash_key) == 32
    assert keys.wrapping_key != keys.nik_hash_key
    assert keys.anchors.biometric_devices == ()
    assert load_receiver_keys(folder, now=NOW).anchors == keys.anchors


def test_the_centre_opens_what_is_sealed_to_its_recipient(folder: Path):
    (recipient,) = load_device_keys(folder, verify=verify_detached).recipients
    sealed = pyrage.encrypt(b"packet", [pyrage.x25519.Recipient.from_str(recipient)])
    identity = pyrage.x25519.Identity.from_str((folder / "centre/identity.txt").read_text().strip())
    assert pyrage.decrypt(sealed, [identity]) == b"packet"


@pytest.mark.parametrize("purpose", ["any", "smimesign"])
def test_openssl_verifies_what_the_device_signed(folder: Path, tmp_path: Path, purpose: str):
    keys = load_device_keys(folder, verify=verify_detached)
    signed = (
        pkcs7.PKCS7SignatureBuilder()
        .set_data(b"packet")
        .add_signer(keys.chain[0], keys.key, hashes.SHA256())
        .sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary])
    )
    (tmp_path / "packet").write_bytes(b"packet")
    (tmp_path / "packet.cms").write_bytes(signed)
    command = [
        "openssl",
        "cms",
        "-verify",
        "-binary",
        "-inform",
        "DER",
        "-in",
        "packet.cms",
        "-content",
        "packet",
    ]
    command += ["-CAfile", str(folder / "ca/device_ca.pem"), "-purpose", purpose]
    command += ["-attime", str(int(NOW.timestamp())), "-out", "verified"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "verified").read_bytes() == b"packet"


def test_a_receiver_does_not_pass_for_a_device(folder: Path):
    for name in ("key.pem", "certificate.pem"):
        shutil.copy(folder / "receiver" / name, folder / "device" / name)
    assert fault_of(folder) == (KeyFault.UNTRUSTED, "device/certificate.pem")


def test_the_signer_has_the_extensions_of_its_profile(folder: Path):
    leaf = load_device_keys(folder, verify=verify_detached).chain[0]
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert usage.value.content_commitment
    assert not usage.value.key_cert_sign
    constraints = leaf.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert not constraints.value.ca
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.RFC822Name) == ["device@pengembangan.invalid"]


def test_secrets_are_for_their_user_only(folder: Path):
    secret = {
        path for path in folder.rglob("*") if path.suffix == ".key" or path.name in ("key.pem", "identity.txt")
    }
    assert len(secret) == 7
    for path in secret:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_unit_needs_no_key_of_the_authorities_the_receiver_or_the_centre(folder: Path):
    shutil.rmtree(folder / "receiver")
    for name in ("ca/device_ca.key", "ca/receiver_ca.key", "centre/identity.txt"):
        (folder / name).unlink()
    load_device_keys(folder, verify=verify_detached)


def test_keys_are_not_made_twice(folder: Path):
    with pytest.raises(FileExistsError):
        provision_development(folder)


def test_authorities_of_biometric_devices_are_read_from_their_slot(folder: Path):
    shutil.copy(folder / "ca/receiver_ca.pem", folder / "ca/sbi/maker.pem")
    anchors = load_device_keys(folder, verify=verify_detached).anchors
    assert anchors.biometric_devices == anchors.receivers


NEEDED = [
    "device/key.pem",
    "device/certificate.pem",
    "device/wrapping.key",
    "centre/recipient.txt",
    "centre/nik_hash.key",
    "ca/device_ca.pem",
    "ca/receiver_ca.pem",
]


@pytest.mark.parametrize("name", NEEDED)
def test_a_missing_file_is_named(folder: Path, name: str):
    (folder / name).unlink()
    assert fault_of(folder) == (KeyFault.MISSING, name)


@pytest.mark.parametrize("name", NEEDED)
@pytest.mark.parametrize("content", [b"", b"\xff rubbish"])
def test_a_garbled_file_is_named(folder: Path, name: str, content: bytes):
    (folder / name).write_bytes(content)
    assert fault_of(folder) == (KeyFault.UNREADABLE, name)


@pytest.mark.parametrize("name", ["device/key.pem", "device/wrapping.key", "centre/nik_hash.key"])
@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_a_secret_others_may_read_is_refused(folder: Path, name: str, mode: int):
    (folder / name).chmod(mode)
    assert fault_of(folder) == (KeyFault.OPEN_TO_OTHERS, name)


def out_of_time(folder: Path, now: dt.datetime) -> KeyFault | None:
    refusal = load_device_keys(folder, verify=verify_detached).out_of_time(now)
    return refusal.fault if refusal else None


def test_an_expired_certificate_loads_and_says_so(folder: Path):
    assert out_of_time(folder, NOW) is None
    assert out_of_time(folder, NOW + dt.timedelta(days=826)) is KeyFault.EXPIRED


def test_a_clock_that_stands_at_1970_is_told_from_an_expired_certificate(folder: Path):
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    assert out_of_time(folder, epoch) is KeyFault.NOT_YET_VALID


def test_the_doctor_warns_a_month_before(folder: Path):
    keys, end = load_device_keys(folder, verify=verify_detached), NOW + dt.timedelta(days=825)
    assert not in_time(keys, end - dt.timedelta(days=31)).advice
    soon, late = in_time(keys, end - dt.timedelta(days=29)), in_time(keys, end + dt.timedelta(days=1))
    assert soon.ready
    assert "expired on" in soon.advice
    assert not late.ready
    assert "unsealed" in late.advice


def test_the_certificate_of_another_key_is_refused(folder: Path):
    shutil.copy(folder / "receiver/key.pem", folder / "device/key.pem")
    assert fault_of(folder) == (KeyFault.MISMATCH, "device/certificate.pem")


def test_a_key_of_another_kind_is_refused(folder: Path):
    subprocess.run(
        ["openssl", "genpkey", "-algorithm", "ED25519", "-out", str(folder / "device/key.pem")], check=True
    )
    assert fault_of(folder) == (KeyFault.UNREADABLE, "device/key.pem")


def test_secrets_do_not_show_when_keys_are_printed(folder: Path):
    keys = load_device_keys(folder, verify=verify_detached)
    assert repr(keys.wrapping_key) not in repr(keys)
    assert repr(keys.nik_hash_key) not in repr(keys)
