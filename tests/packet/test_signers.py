"""Who signed: certificates, chains, validity, and signatures other tools made."""

from __future__ import annotations

import datetime as dt
import itertools
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from kiosk.packet.cms import DeviceSigner, key_id, sign_detached, verify_detached
from kiosk.packet.contents import PacketContents
from kiosk.packet.envelope import check_envelope
from kiosk.packet.faults import FaultKind, PacketFault
from kiosk.packet.seal import SealedPacket, seal
from kiosk.security.keys import provision_development
from tests.packet.made_packets import SEALED_AT, Keys, read_keys, stamp

CONTENT = b"first line\r\nsecond line\n"


def verify(
    signature: bytes, keys: Keys, *, content: bytes = CONTENT, at: dt.datetime = SEALED_AT
) -> x509.Certificate | PacketFault:
    return verify_detached(content, signature, anchors=keys.device_anchors, at=at, where="x.p7s")


def kind_of(result: x509.Certificate | PacketFault) -> FaultKind:
    assert isinstance(result, PacketFault)
    return result.kind


def certificate(name: str, key: ec.EllipticCurvePrivateKey, by: DeviceSigner, *, ca: bool) -> x509.Certificate:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(by.chain[0].subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(SEALED_AT - dt.timedelta(days=1))
        .not_valid_after(SEALED_AT + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(by.key, SHA256())
    )


@pytest.fixture
def root() -> DeviceSigner:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Contoh Root")])
    own = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(SEALED_AT - dt.timedelta(days=9))
        .not_valid_after(SEALED_AT + dt.timedelta(days=9))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    return DeviceSigner(key, (own,))


def issued(name: str, by: DeviceSigner, *, ca: bool) -> DeviceSigner:
    """A signer under `by`; its chain holds the intermediates, not the root."""
    key = ec.generate_private_key(ec.SECP256R1())
    own = certificate(name, key, by, ca=ca)
    return DeviceSigner(key, (own, *(c for c in by.chain if c.subject != c.issuer)))


def test_a_signature_names_its_signer(keys: Keys):
    assert verify(sign_detached(CONTENT, keys.device), keys) == keys.device.chain[0]


def test_other_content_does_not_hold(keys: Keys):
    assert kind_of(verify(sign_detached(CONTENT, keys.device), keys, content=b"x")) is FaultKind.BAD_SIGNATURE


def test_a_unit_of_another_authority_is_not_believed(packet: SealedPacket, tmp_path: Path):
    provision_development(tmp_path, now=SEALED_AT)
    fault = check_envelope(packet.data, anchors=read_keys(tmp_path).device_anchors)
    assert kind_of(fault) is FaultKind.UNTRUSTED_SIGNER


def test_a_receiver_does_not_pass_for_a_unit(keys: Keys):
    assert kind_of(verify(sign_detached(CONTENT, keys.receiver), keys)) is FaultKind.UNTRUSTED_SIGNER


def test_an_intermediate_authority_travels_with_the_signature(root: DeviceSigner):
    unit = issued("Contoh Unit", issued("Contoh CA", root, ca=True), ca=False)
    signature = sign_detached(CONTENT, unit)
    assert len(unit.chain) == 2
    result = verify_detached(CONTENT, signature, anchors=root.chain, at=SEALED_AT, where="x")
    assert result == unit.chain[0]


def test_a_unit_cannot_certify_another_unit(root: DeviceSigner):
    forged = issued("Palsu", issued("Contoh Unit", root, ca=False), ca=False)
    result = verify_detached(
        CONTENT, sign_detached(CONTENT, forged), anchors=root.chain, at=SEALED_AT, where="x"
    )
    assert kind_of(result) is FaultKind.UNTRUSTED_SIGNER


def test_a_stray_certificate_is_refused(root: DeviceSigner):
    unit, stranger = issued("Contoh Unit", root, ca=False), issued("Lain", root, ca=False)
    signature = sign_detached(CONTENT, DeviceSigner(unit.key, (*unit.chain, *stranger.chain)))
    fault = verify_detached(CONTENT, signature, anchors=root.chain, at=SEALED_AT, where="x")
    assert kind_of(fault) is FaultKind.UNTRUSTED_SIGNER
    assert "stray" in str(fault)


def test_the_byte_of_a_certificate_that_nothing_signs_counts_too(root: DeviceSigner):
    """A signature with an even last byte could as well claim that its last bit is unused."""
    units = (issued("Contoh Unit", root, ca=False) for _ in itertools.count())
    unit = next(unit for unit in units if unit.chain[0].signature[-1] % 2 == 0)
    signature = bytearray(sign_detached(CONTENT, unit))
    signature[signature.index(unit.chain[0].signature) - 1] = 1
    result = verify_detached(CONTENT, bytes(signature), anchors=root.chain, at=SEALED_AT, where="x")
    assert kind_of(result) is FaultKind.BAD_SIGNATURE


@pytest.mark.parametrize("days", [-30, 10_000])
def test_a_certificate_is_judged_at_the_time_of_signing(contents: PacketContents, keys: Keys, days: int):
    at = SEALED_AT + dt.timedelta(days=days)
    late = replace(contents, sealed_at=replace(stamp(0), at=at))
    packet = seal(late, signer=keys.device, recipients=[keys.recipient])
    fault = check_envelope(packet.data, anchors=keys.device_anchors)
    assert kind_of(fault) is FaultKind.UNTRUSTED_SIGNER
    assert at.isoformat() in str(fault)


def test_a_time_without_zone_vouches_for_nothing(keys: Keys):
    naive = SEALED_AT.replace(tzinfo=None)
    result = verify(sign_detached(CONTENT, keys.device), keys, at=naive)
    assert kind_of(result) is FaultKind.UNTRUSTED_SIGNER


def test_a_key_on_another_curve_is_refused(root: DeviceSigner):
    key = ec.generate_private_key(ec.SECP384R1())
    unit = DeviceSigner(key, (certificate("P-384", key, root, ca=False),))
    result = verify_detached(CONTENT, sign_detached(CONTENT, unit), anchors=root.chain, at=SEALED_AT, where="x")
    assert kind_of(result) is FaultKind.BAD_SIGNATURE


def test_the_key_id_outlives_the_certificate(root: DeviceSigner):
    key = ec.generate_private_key(ec.SECP256R1())
    first, second = (certificate("Contoh Unit", key, root, ca=False) for _ in range(2))
    assert first != second
    assert key_id(first) == key_id(second)


def openssl_signature(keys: Keys, tmp_path: Path, *options: str) -> bytes:
    (tmp_path / "content").write_bytes(CONTENT)
    device = keys.folder / "device"
    signer = ["-signer", str(device / "certificate.pem"), "-inkey", str(device / "key.pem")]
    command = ["openssl", "cms", "-sign", "-binary", "-in", "content", "-outform", "DER", "-out", "signature"]
    subprocess.run([*command, *signer, *options], cwd=tmp_path, check=True, capture_output=True)
    return (tmp_path / "signature").read_bytes()


@pytest.mark.parametrize("options", [(), ("-noattr",)], ids=["signed attributes", "none"])
def test_a_signature_openssl_made_is_believed(keys: Keys, tmp_path: Path, options: tuple[str, ...]):
    signature = openssl_signature(keys, tmp_path, *options)
    assert verify(signature, keys) == keys.device.chain[0]
    assert kind_of(verify(signature, keys, content=b"x")) is FaultKind.BAD_SIGNATURE


@pytest.mark.parametrize("options", [(), ("-noattr",)], ids=["signed attributes", "none"])
def test_every_byte_of_an_openssl_signature_is_read_without_a_traceback(
    keys: Keys, tmp_path: Path, options: tuple[str, ...]
):
    signature = openssl_signature(keys, tmp_path, *options)
    for offset in range(len(signature)):
        damaged = bytearray(signature)
        damaged[offset] ^= 1 << offset % 8
        assert isinstance(verify(bytes(damaged), keys), PacketFault), offset
        assert isinstance(verify(signature[:offset], keys), PacketFault)


@pytest.mark.parametrize("options", [("-md", "sha512"), ("-nocerts",), ("-keyid",), ("-nodetach",)])
def test_a_signature_of_another_make_is_refused(keys: Keys, tmp_path: Path, options: tuple[str, ...]):
    assert kind_of(verify(openssl_signature(keys, tmp_path, *options), keys)) is FaultKind.BAD_SIGNATURE
