"""A packet is sealed on the kiosk and opened at the centre."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from importlib import resources

import jsonschema
import pyrage
import pytest

from kiosk.enrollment.codec import to_json
from kiosk.enrollment.positions import Position
from kiosk.packet.contents import PacketContents
from kiosk.packet.envelope import Envelope, check_envelope
from kiosk.packet.faults import FaultKind, PacketFault
from kiosk.packet.manifest import document
from kiosk.packet.open import OpenedPacket, open_packet, read_identity
from kiosk.packet.parts import SealError
from kiosk.packet.profile import FormatProfile
from kiosk.packet.records.finger import Compression
from kiosk.packet.records.iris import ImageFormat
from kiosk.packet.seal import SealedPacket, seal
from kiosk.packet.verify import verify_contents
from kiosk.security.nik_hash import nik_hash
from tests.packet.made_packets import NIK, NIK_KEY, Keys, made_contents


def opened(packet: SealedPacket, keys: Keys) -> OpenedPacket:
    result = open_packet(packet.data, identity=keys.identity, anchors=keys.device_anchors)
    assert isinstance(result, OpenedPacket), result
    return result


def test_the_centre_opens_it_and_every_check_passes(packet: SealedPacket, keys: Keys):
    checks = verify_contents(opened(packet, keys), nik_hash=lambda nik: nik_hash(nik, key=NIK_KEY))
    assert [check for check in checks if not check.passed] == []
    assert {check.name for check in checks} >= {"parts", "records", "positions", "device_chain", "nik_hash"}


def test_a_courier_checks_origin_and_wholeness_without_a_key(packet: SealedPacket, keys: Keys):
    envelope = check_envelope(packet.data, anchors=keys.device_anchors)
    assert isinstance(envelope, Envelope)
    assert envelope.sha256 == packet.sha256 == hashlib.sha256(packet.data).hexdigest()
    assert envelope.header.recipient_ids == (hashlib.sha256(keys.recipient.encode()).hexdigest(),)


def test_nothing_personal_is_readable_from_outside(packet: SealedPacket):
    for secret in (NIK, "CONTOH SATU", "TRENGGALEK", "amputated"):
        assert secret.encode() not in packet.data


def test_the_kiosk_cannot_open_its_own_packet(packet: SealedPacket, keys: Keys):
    """What a unit holds are its signing key and the recipient; any identity but the centre's is refused."""
    stranger = pyrage.x25519.Identity.generate()
    fault = open_packet(packet.data, identity=stranger, anchors=keys.device_anchors)
    assert isinstance(fault, PacketFault)
    assert fault.kind is FaultKind.NOT_FOR_THIS_KEY


def test_each_of_several_recipients_opens_it(contents: PacketContents, keys: Keys):
    second = pyrage.x25519.Identity.generate()
    packet = seal(contents, signer=keys.device, recipients=[keys.recipient, str(second.to_public())])
    for identity in (keys.identity, second):
        assert isinstance(
            open_packet(packet.data, identity=identity, anchors=keys.device_anchors), OpenedPacket
        )


def test_sealing_twice_signs_the_same_contents(contents: PacketContents, packet: SealedPacket, keys: Keys):
    again = seal(contents, signer=keys.device, recipients=[keys.recipient])
    assert again.sha256 != packet.sha256  # age makes a new file key each time
    assert opened(again, keys).parts == opened(packet, keys).parts
    assert document(opened(again, keys).manifest) == document(opened(packet, keys).manifest)


def test_a_lossless_profile_keeps_every_pixel(contents: PacketContents, keys: Keys):
    profile = FormatProfile("lossless", finger=Compression.PNG, iris=ImageFormat.PNG)
    packet = seal(contents, signer=keys.device, recipients=[keys.recipient], profile=profile)
    result = opened(packet, keys)
    assert result.manifest.profile == "lossless"
    assert all(check.passed for check in verify_contents(result))


def test_the_manifest_has_the_form_its_schema_states(packet: SealedPacket, keys: Keys):
    schema = json.loads(resources.files("kiosk.packet").joinpath("manifest.schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    manifest = to_json(opened(packet, keys).manifest)
    assert list(validator.iter_errors(manifest)) == []
    manifest["samples"][0]["report"]["score"] = 101
    manifest["extra"] = 1
    assert len(list(validator.iter_errors(manifest))) == 2


def test_the_manifest_tells_quality_device_and_people(packet: SealedPacket, keys: Keys):
    manifest = opened(packet, keys).manifest
    face = manifest.samples[0]
    assert (face.position, face.attempt, face.forced, face.report.algorithm) == (
        Position.FACE,
        2,
        True,
        "made-up/1",
    )
    assert manifest.exceptions[0].approved_by == "S-02"
    assert manifest.sealed.trust == "officer"
    assert manifest.timings_s["capture"] == 214.5


def test_an_incomplete_enrollment_is_not_sealed(keys: Keys):
    with pytest.raises(SealError, match="neither captured nor excepted: left_iris"):
        seal(made_contents(missing=Position.LEFT_IRIS), signer=keys.device, recipients=[keys.recipient])


def test_a_lost_blob_is_named(contents: PacketContents, keys: Keys):
    lost = contents.enrollment.samples[3].image.sha256
    blobs = {digest: data for digest, data in contents.blobs.items() if digest != lost}
    with pytest.raises(SealError, match=f"{lost} is missing"):
        seal(replace(contents, blobs=blobs), signer=keys.device, recipients=[keys.recipient])


def test_a_damaged_blob_is_named(contents: PacketContents, keys: Keys):
    damaged = contents.enrollment.samples[3].image.sha256
    blobs = dict(contents.blobs) | {damaged: contents.blobs[damaged][:-1]}
    with pytest.raises(SealError, match=f"{damaged} is damaged"):
        seal(replace(contents, blobs=blobs), signer=keys.device, recipients=[keys.recipient])


def test_an_unfinalised_enrollment_is_not_sealed(contents: PacketContents, keys: Keys):
    open_enrollment = replace(contents.enrollment, finalised=None)
    with pytest.raises(SealError, match="not finalised"):
        seal(replace(contents, enrollment=open_enrollment), signer=keys.device, recipients=[keys.recipient])


@pytest.mark.parametrize("recipients", [[], ["age1notakey"]])
def test_it_is_never_sealed_to_nobody(contents: PacketContents, keys: Keys, recipients: list[str]):
    with pytest.raises(SealError, match="recipients"):
        seal(contents, signer=keys.device, recipients=recipients)


@pytest.mark.parametrize("text", ["", "AGE-SECRET-KEY-1XYZ", "# only a comment"])
def test_an_identity_file_that_holds_no_key_is_refused(text: str):
    with pytest.raises(ValueError, match="identity"):
        read_identity(text)
