"""The officer's card signs beside the device; without a card the packet says so."""

from __future__ import annotations

import argparse
import base64
import datetime as dt
import json
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from kiosk.commands import packet as command
from kiosk.enrollment.approval import challenge_of, statement_of
from kiosk.enrollment.record import OfficerSignature
from kiosk.packet.approval import SIGNATURES, STATEMENT
from kiosk.packet.cms import assemble, sign, verify_cosigned
from kiosk.packet.contents import PacketContents
from kiosk.packet.faults import PacketFault
from kiosk.packet.manifest import OfficerSeal
from kiosk.packet.open import OpenedPacket, open_packet
from kiosk.packet.parts import SealError
from kiosk.packet.seal import seal
from kiosk.packet.verify import verify_contents
from tests.packet.made_packets import SEALED_AT, Keys

CARD_KEYS = {
    "ecdsa-sha256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "rsa-pkcs1-sha256": lambda: rsa.generate_private_key(65537, 2048),
}


@dataclass(frozen=True)
class Authority:
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


def certificate(name: str, public_key, issuer: str, key, *, ca: bool) -> x509.Certificate:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(SEALED_AT - dt.timedelta(days=1))
        .not_valid_after(SEALED_AT + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(key, SHA256())
    )


@pytest.fixture(scope="module")
def authority() -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    return Authority(key, certificate("Contoh Petugas CA", key.public_key(), "Contoh Petugas CA", key, ca=True))


def signed_by_card(
    contents: PacketContents, authority: Authority, algorithm: str, *, line: bytes | None = None
) -> PacketContents:
    """What the reader gives for the finalised record, or for another line."""
    key = CARD_KEYS[algorithm]()
    own = certificate("P-17", key.public_key(), "Contoh Petugas CA", authority.key, ca=False)
    line = line or challenge_of(statement_of(contents.enrollment))
    if isinstance(key, rsa.RSAPrivateKey):
        value = key.sign(line, padding.PKCS1v15(), SHA256())
    else:
        value = key.sign(line, ec.ECDSA(SHA256()))
    written = [base64.b64encode(data).decode() for data in (value, own.public_bytes(Encoding.DER))]
    signature = OfficerSignature(algorithm, *written)
    return replace(contents, enrollment=replace(contents.enrollment, officer_signature=signature))


def sealed_and_opened(contents: PacketContents, keys: Keys) -> OpenedPacket:
    packet = seal(contents, signer=keys.device, recipients=[keys.recipient])
    opened = open_packet(packet.data, identity=keys.identity, anchors=keys.device_anchors)
    assert isinstance(opened, OpenedPacket), opened
    return opened


def problems(opened: OpenedPacket, *anchors: x509.Certificate) -> dict[str, str]:
    checks = verify_contents(opened, officer_anchors=anchors)
    return {check.name: check.detail for check in checks if not check.passed}


@pytest.fixture(scope="module", params=list(CARD_KEYS))
def by_card(
    request: pytest.FixtureRequest, contents: PacketContents, keys: Keys, authority: Authority
) -> OpenedPacket:
    return sealed_and_opened(signed_by_card(contents, authority, request.param), keys)


def test_the_centre_finds_both_signatures_under_the_record(by_card: OpenedPacket, authority: Authority):
    assert problems(by_card, authority.certificate) == {}
    assert by_card.manifest.officer_seal is OfficerSeal.CARD
    signers = verify_cosigned(by_card.parts[STATEMENT], by_card.parts[SIGNATURES], where=SIGNATURES)
    assert not isinstance(signers, PacketFault)
    names = {name.value for signer in signers for name in signer.subject if name.oid == NameOID.COMMON_NAME}
    assert names == {"PENGEMBANGAN device", "P-17"}


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
@pytest.mark.parametrize("left_out", ["", "the device's authority", "the officers' authority"])
def test_openssl_believes_both_or_nobody(
    by_card: OpenedPacket, keys: Keys, authority: Authority, tmp_path: Path, left_out: str
):
    anchors = {
        "the device's authority": keys.device_anchors[0],
        "the officers' authority": authority.certificate,
    }
    trusted = [anchor for name, anchor in anchors.items() if name != left_out]
    (tmp_path / "ca.pem").write_bytes(b"".join(anchor.public_bytes(Encoding.PEM) for anchor in trusted))
    for path, name in ((STATEMENT, "statement.txt"), (SIGNATURES, "signatures.p7s")):
        (tmp_path / name).write_bytes(by_card.parts[path])
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "signatures.p7s"]
    options = ["-content", "statement.txt", "-CAfile", "ca.pem", "-purpose", "any", "-out", "/dev/null"]
    when = ["-attime", str(int(SEALED_AT.timestamp()))]
    done = subprocess.run([*command, *options, *when], cwd=tmp_path, check=False, capture_output=True)
    assert (done.returncode == 0) == (left_out == ""), done.stderr


def test_an_officer_with_a_pin_leaves_no_signature_and_the_manifest_says_so(
    contents: PacketContents, keys: Keys
):
    opened = sealed_and_opened(contents, keys)
    assert opened.manifest.officer_seal is OfficerSeal.PIN
    assert opened.manifest.officer_certificate_sha256 == ""
    assert not any(path.startswith("approval/") for path in opened.parts)
    assert problems(opened) == {}


def test_a_card_that_signed_another_record_is_not_sealed(
    contents: PacketContents, keys: Keys, authority: Authority
):
    other = signed_by_card(contents, authority, "ecdsa-sha256", line=challenge_of(b"another record"))
    with pytest.raises(SealError, match="the officer's signature does not hold"):
        seal(other, signer=keys.device, recipients=[keys.recipient])


def test_a_record_changed_after_the_officer_signed_is_named(by_card: OpenedPacket):
    changed = replace(by_card, manifest=replace(by_card.manifest, override="lain"))
    assert problems(changed) == {"officer": "the card signed something else than the manifest says"}


def test_a_manifest_that_hides_the_card_is_named(by_card: OpenedPacket):
    hidden = replace(by_card, manifest=replace(by_card.manifest, officer_seal=OfficerSeal.PIN))
    assert problems(hidden) == {"officer": "the officer used no card, and yet a card signed"}


def test_a_signature_that_is_gone_is_named(by_card: OpenedPacket):
    entries = tuple(e for e in by_card.manifest.parts if e.path != SIGNATURES)
    parts = {path: data for path, data in by_card.parts.items() if path != SIGNATURES}
    gone = replace(by_card, parts=parts, manifest=replace(by_card.manifest, parts=entries))
    assert problems(gone) == {"officer": "the officer used a card, and its signature is not there"}


def test_a_card_of_another_authority_is_named(by_card: OpenedPacket, keys: Keys):
    assert "a signer issued under a known anchor" in problems(by_card, *keys.device_anchors)["officer"]


def test_the_devices_own_signature_is_not_enough(by_card: OpenedPacket, keys: Keys):
    alone = assemble([sign(by_card.parts[STATEMENT], keys.device)])
    changed = replace(by_card, parts=dict(by_card.parts) | {SIGNATURES: alone})
    assert (
        problems(changed)["officer"] == "not signed by the device and the card of the manifest, and no one else"
    )


def test_damage_to_the_two_signatures_is_named(by_card: OpenedPacket):
    statement, signatures = by_card.parts[STATEMENT], by_card.parts[SIGNATURES]
    for offset in range(0, len(signatures), 3):
        damaged = bytearray(signatures)
        damaged[offset] ^= 1 << offset % 8
        changed = dict(by_card.parts) | {SIGNATURES: bytes(damaged)}
        signers = verify_cosigned(statement, changed[SIGNATURES], where=SIGNATURES)
        assert isinstance(signers, PacketFault) or signers != verify_cosigned(statement, signatures, where="")
    assert isinstance(verify_cosigned(statement + b"x", signatures, where=SIGNATURES), PacketFault)


def test_the_centres_command_checks_the_card_and_writes_the_signatures_out(
    contents: PacketContents,
    keys: Keys,
    authority: Authority,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    signed = signed_by_card(contents, authority, "ecdsa-sha256")
    packet = seal(signed, signer=keys.device, recipients=[keys.recipient])
    (tmp_path / "packet.ktp").write_bytes(packet.data)
    (tmp_path / "officers.pem").write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    parser = argparse.ArgumentParser()
    command.configure(parser.add_subparsers())
    device_ca = str(keys.folder / "ca/device_ca.pem")

    def opens(officers: str, out: str) -> tuple[int, str]:
        options = ["--anchors", device_ca, "--identity", str(keys.folder / "centre/identity.txt")]
        options += ["--officers", officers, "--out", str(tmp_path / out), "--json"]
        chosen = parser.parse_args(["packet", "open", str(tmp_path / "packet.ktp"), *options])
        return chosen.run(chosen), capsys.readouterr().out

    status, told = opens(str(tmp_path / "officers.pem"), "out")
    assert status == 0
    assert "P-17 by card" in told
    assert (tmp_path / "out" / packet.sha256 / SIGNATURES).exists()
    status, told = opens(device_ca, "none")
    assert status == 1
    assert json.loads(told)["failed"] == ["officer"]
