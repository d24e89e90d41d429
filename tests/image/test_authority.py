"""Whom a workshop's units believe, and what each signer may sign."""

from __future__ import annotations

import datetime as dt
import subprocess
from pathlib import Path

import pytest
from appliance.authority import (
    ANCHORS,
    CERTIFICATE,
    KEY,
    KEYRING,
    PROVISIONER,
    PROVISIONER_KEY,
    PROVISIONING,
    lacking,
    make_authority,
)
from cryptography import x509

from kiosk.packet.cms import verify_detached
from kiosk.packet.faults import PacketFault

ORDER = b'{"format": "an order"}'
NOW = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("authority") / "made"
    make_authority(made)
    return made


def openssl(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["openssl", *words], cwd=cwd, capture_output=True, text=True, check=False)


def signed(folder: Path, room: Path, *, certificate: str, key: str) -> bytes:
    """As docs and `kiosk provision --help` tell an office to do it."""
    (room / "order.json").write_bytes(ORDER)
    words = (
        "-signer",
        folder / certificate,
        "-inkey",
        folder / key,
        "-outform",
        "DER",
        "-out",
        "order.json.p7s",
    )
    done = openssl("cms", "-sign", "-binary", "-in", "order.json", *words, cwd=room)
    assert done.returncode == 0, done.stderr
    return (room / "order.json.p7s").read_bytes()


def anchors(folder: Path) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates((folder / PROVISIONING).read_bytes())


def test_the_update_signer_is_under_the_authority_of_the_image(folder: Path) -> None:
    done = openssl("verify", "-CAfile", KEYRING, "-purpose", "any", CERTIFICATE, cwd=folder)
    assert done.returncode == 0, done.stderr


def test_a_unit_takes_what_the_provisioner_signs(folder: Path, tmp_path: Path) -> None:
    signature = signed(folder, tmp_path, certificate=PROVISIONER, key=PROVISIONER_KEY)
    signer = verify_detached(ORDER, signature, anchors=anchors(folder), at=NOW, where="order")
    assert not isinstance(signer, PacketFault), signer


def test_who_signs_updates_signs_no_orders(folder: Path, tmp_path: Path) -> None:
    signature = signed(folder, tmp_path, certificate=CERTIFICATE, key=KEY)
    refused = verify_detached(ORDER, signature, anchors=anchors(folder), at=NOW, where="order")
    assert isinstance(refused, PacketFault)


def test_keys_are_their_owners_alone(folder: Path) -> None:
    assert folder.stat().st_mode & 0o077 == 0
    assert all((folder / key).stat().st_mode & 0o077 == 0 for key in (KEY, PROVISIONER_KEY))


def test_a_folder_without_what_a_build_needs_is_told(folder: Path, tmp_path: Path) -> None:
    assert lacking(folder) == []
    assert lacking(tmp_path) == [*ANCHORS, CERTIFICATE, KEY]
