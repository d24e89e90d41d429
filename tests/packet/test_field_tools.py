"""A courier with a plain computer checks a packet; the centre opens it with the age command."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from kiosk.packet.seal import SealedPacket
from tests.packet.made_packets import SEALED_AT, Keys

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
needs_age = pytest.mark.skipif(shutil.which("age") is None, reason="age is not installed")


def run(folder: Path, *command: str, stdin: bytes = b"") -> bytes:
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, input=stdin).stdout


def openssl_verify(folder: Path, keys: Keys, *, signature: str, content: str) -> None:
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", signature, "-content", content]
    command += ["-CAfile", str(keys.folder / "ca/device_ca.pem"), "-attime", str(int(SEALED_AT.timestamp()))]
    run(folder, *command, "-out", "verified")


@pytest.fixture
def unpacked(packet: SealedPacket, tmp_path: Path) -> Path:
    (tmp_path / "packet.ktp").write_bytes(packet.data)
    run(tmp_path, "tar", "-xf", "packet.ktp")
    (tmp_path / "outside").write_bytes(
        (tmp_path / "header.json").read_bytes() + (tmp_path / "payload.age").read_bytes()
    )
    return tmp_path


@needs_openssl
def test_openssl_verifies_the_envelope(unpacked: Path, keys: Keys):
    openssl_verify(unpacked, keys, signature="envelope.p7s", content="outside")


@needs_openssl
def test_openssl_refuses_a_changed_header(unpacked: Path, keys: Keys):
    (unpacked / "outside").write_bytes((unpacked / "outside").read_bytes().replace(b"KIOS-01", b"KIOS-02", 1))
    with pytest.raises(subprocess.CalledProcessError):
        openssl_verify(unpacked, keys, signature="envelope.p7s", content="outside")


@needs_openssl
@needs_age
def test_age_opens_it_and_openssl_verifies_what_is_inside(unpacked: Path, keys: Keys):
    identity = keys.folder / "centre/identity.txt"
    plain = run(unpacked, "age", "-d", "-i", str(identity), "payload.age")
    run(unpacked, "tar", "-xf", "-", stdin=plain)
    openssl_verify(unpacked, keys, signature="contents.p7s", content="contents.tar")
    run(unpacked, "tar", "-xf", "contents.tar")
    assert json.loads((unpacked / "manifest.json").read_text())["person"]["name"] == "CONTOH SATU"
    assert (unpacked / "records/right_thumb.fir").read_bytes().startswith(b"FIR\x00")


@needs_age
def test_age_does_not_open_it_with_another_identity(unpacked: Path):
    (unpacked / "other.txt").write_bytes(run(unpacked, "age-keygen"))
    with pytest.raises(subprocess.CalledProcessError):
        run(unpacked, "age", "-d", "-i", "other.txt", "payload.age")
