"""A unit seals something strange: the outside holds, and the inside is named."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pyrage
import pytest

from kiosk.packet.archive import read_archive, write_archive
from kiosk.packet.cms import DeviceSigner, sign_detached
from kiosk.packet.envelope import Envelope, check_envelope, close_envelope
from kiosk.packet.faults import FaultKind, PacketFault
from kiosk.packet.manifest import document
from kiosk.packet.open import OpenedPacket, open_packet
from kiosk.packet.seal import SealedPacket
from tests.packet.made_packets import Keys


@pytest.fixture
def manifest(packet: SealedPacket, keys: Keys) -> bytes:
    opened = open_packet(packet.data, identity=keys.identity, anchors=keys.device_anchors)
    assert isinstance(opened, OpenedPacket)
    return document(opened.manifest)


@pytest.fixture
def sealed(packet: SealedPacket, keys: Keys):
    """Encrypts anything and puts a true envelope around it, then opens it."""
    envelope = check_envelope(packet.data, anchors=keys.device_anchors)
    assert isinstance(envelope, Envelope)

    def make(plain: bytes) -> PacketFault | OpenedPacket:
        ciphertext = pyrage.encrypt(plain, [pyrage.x25519.Recipient.from_str(keys.recipient)])
        header = replace(
            envelope.header,
            ciphertext_sha256=hashlib.sha256(ciphertext).hexdigest(),
            ciphertext_bytes=len(ciphertext),
        )
        data = close_envelope(header, ciphertext, signer=keys.device)
        return open_packet(data, identity=keys.identity, anchors=keys.device_anchors)

    return make


def signed(contents: bytes, signer: DeviceSigner) -> bytes:
    return write_archive({"contents.tar": contents, "contents.p7s": sign_detached(contents, signer)})


def test_a_manifest_alone_opens(sealed, manifest: bytes, keys: Keys):
    assert isinstance(sealed(signed(write_archive({"manifest.json": manifest}), keys.device)), OpenedPacket)


def test_a_payload_that_is_no_archive(sealed):
    fault = sealed(b"x" * 600)
    assert (fault.kind, fault.where) == (FaultKind.NOT_AN_ARCHIVE, "payload.age")


def test_a_payload_without_signature(sealed, manifest: bytes):
    fault = sealed(write_archive({"contents.tar": write_archive({"manifest.json": manifest})}))
    assert (fault.kind, fault.found) == (FaultKind.MISSING_PART, "no contents.p7s")


def test_contents_another_key_signed(sealed, manifest: bytes, keys: Keys):
    fault = sealed(signed(write_archive({"manifest.json": manifest}), keys.receiver))
    assert (fault.kind, fault.where) == (FaultKind.UNTRUSTED_SIGNER, "contents.p7s")


def test_contents_changed_after_signing(sealed, manifest: bytes, keys: Keys):
    inner = write_archive({"manifest.json": manifest})
    other = write_archive({"manifest.json": manifest.replace(b"CONTOH SATU", b"CONTOH LAIN")})
    parts = read_archive(signed(inner, keys.device), where="x")
    assert isinstance(parts, dict)
    assert sealed(write_archive(parts | {"contents.tar": other})).kind is FaultKind.BAD_SIGNATURE


def test_contents_that_are_no_archive(sealed, keys: Keys):
    fault = sealed(signed(b"x" * 600, keys.device))
    assert (fault.kind, fault.where) == (FaultKind.NOT_AN_ARCHIVE, "contents.tar")


def test_contents_without_a_manifest(sealed, keys: Keys):
    fault = sealed(signed(write_archive({"records/face.fac": b"x"}), keys.device))
    assert (fault.kind, fault.found) == (FaultKind.MISSING_PART, "no manifest.json")


@pytest.mark.parametrize(
    ("found", "replacement", "problem"),
    [
        (b'"format":"ktp-el-manifest/3"', b'"format":"ktp-el-manifest/9"', "format 'ktp-el-manifest/9'"),
        (b'"position":"left_little"', b'"position":"nose"', "'nose' is not a valid Position"),
        (b'"language":"jv",', b"", "language: missing"),
        (b'"language":"jv",', b'"language":"jv","more":1,', "more: Manifest has no such field"),
        (b'"score":61', b'"score":161', "quality score must be 0..100"),
        (b'"capture":214.5', b'"capture":NaN', "timings_s.capture"),
        (b'"capture":214.5', b'"capture":', "Expecting value"),
    ],
)
def test_a_manifest_of_another_shape(
    sealed, manifest: bytes, keys: Keys, *, found: bytes, replacement: bytes, problem: str
):
    assert found in manifest
    changed = write_archive({"manifest.json": manifest.replace(found, replacement, 1)})
    fault = sealed(signed(changed, keys.device))
    assert fault.where == "manifest.json"
    assert problem in fault.found
