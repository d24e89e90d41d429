"""A packet whose signatures hold but whose contents do not: the centre names every problem."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kiosk.enrollment.positions import Position
from kiosk.packet.manifest import Manifest
from kiosk.packet.open import OpenedPacket, open_packet
from kiosk.packet.seal import SealedPacket
from kiosk.packet.verify import verify_contents
from kiosk.security.nik_hash import nik_hash
from tests.packet.made_packets import Keys


@pytest.fixture(scope="module")
def whole(packet: SealedPacket, keys: Keys) -> OpenedPacket:
    result = open_packet(packet.data, identity=keys.identity, anchors=keys.device_anchors)
    assert isinstance(result, OpenedPacket)
    return result


def problems(opened: OpenedPacket, **options: Any) -> dict[str, str]:
    """Failed checks by name."""
    return {check.name: check.detail for check in verify_contents(opened, **options) if not check.passed}


def with_part(opened: OpenedPacket, path: str, data: bytes | None) -> OpenedPacket:
    if data is None:
        return replace(opened, parts={name: part for name, part in opened.parts.items() if name != path})
    return replace(opened, parts=dict(opened.parts) | {path: data})


def with_manifest(opened: OpenedPacket, **changes: Any) -> OpenedPacket:
    manifest: Manifest = replace(opened.manifest, **changes)
    return replace(opened, manifest=manifest)


def test_a_part_that_is_gone_is_named(whole: OpenedPacket):
    found = problems(with_part(whole, "records/left_iris.iir", None))
    assert found == {"parts": "manifest and archive differ in records/left_iris.iir"}


def test_a_part_nobody_listed_is_named(whole: OpenedPacket):
    opened = replace(whole, parts=dict(whole.parts) | {"records/more.png": b"x"})
    assert problems(opened) == {"parts": "manifest and archive differ in records/more.png"}


def test_a_record_that_was_swapped_is_caught_by_hash_and_by_content(whole: OpenedPacket):
    opened = with_part(whole, "records/right_index.fir", whole.parts["records/left_index.fir"])
    found = problems(opened)
    assert set(found) == {"parts", "records", "transaction"}
    assert found["records"] == "records/right_index.fir: holds left_index, listed as right_index"


def test_eyes_that_were_swapped_are_caught(whole: OpenedPacket):
    opened = with_part(whole, "records/right_iris.iir", whole.parts["records/left_iris.iir"])
    assert "holds left_iris, listed as right_iris" in problems(opened)["records"]


@pytest.mark.parametrize(
    "path", ["records/face.fac", "records/signature.sdi", "records/right_thumb.fir", "records/signature.png"]
)
def test_a_truncated_record_is_named_with_its_byte(whole: OpenedPacket, path: str):
    found = problems(with_part(whole, path, whole.parts[path][:60]))
    assert found["records"].startswith(f"{path}: byte ")
    assert "has 60 bytes, not" in found["parts"]


def test_a_slap_in_a_fingers_place_is_named(whole: OpenedPacket):
    path = "records/right_thumb.fir"
    slap = whole.parts[path][:40] + b"\x0d" + whole.parts[path][41:]
    found = problems(with_part(whole, path, slap))["records"]
    assert found == f"{path}: holds a slap (position 13), listed as right_thumb"


def test_a_finger_of_another_resolution_is_refused(whole: OpenedPacket):
    path = "records/right_thumb.fir"
    doubled = whole.parts[path][:43] + b"\x03\xe8" * 4 + whole.parts[path][51:]
    assert problems(with_part(whole, path, doubled))["records"] == f"{path}: 1000 ppi, must be 500"


def test_an_unknown_kind_of_part_is_named(whole: OpenedPacket):
    first, *rest = whole.manifest.parts
    opened = with_manifest(whole, parts=(replace(first, media_type="text/plain"), *rest))
    assert problems(opened) == {
        "records": "records/face.fac: unknown media type text/plain",
        "positions": "face is captured but has no record",
    }


def test_a_position_that_is_nowhere_is_named(whole: OpenedPacket):
    opened = with_manifest(whole, exceptions=())
    assert problems(opened) == {"positions": "left_little is stated 0 times"}


def test_a_position_both_captured_and_excepted_is_named(whole: OpenedPacket):
    doubled = replace(whole.manifest.exceptions[0], position=Position.RIGHT_THUMB)
    opened = with_manifest(whole, exceptions=(*whole.manifest.exceptions, doubled))
    assert problems(opened) == {"positions": "right_thumb is stated 2 times"}


def test_a_captured_position_needs_its_record(whole: OpenedPacket):
    parts = tuple(part for part in whole.manifest.parts if part.position != "right_iris")
    opened = with_part(with_manifest(whole, parts=parts), "records/right_iris.iir", None)
    assert problems(opened) == {"positions": "right_iris is captured but has no record"}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"approved_by": ""}, "left_little: not attested and approved"),
        ({"approved_by": "P-17"}, "left_little: approved by the officer who attests it"),
    ],
)
def test_an_exception_needs_four_eyes(whole: OpenedPacket, change: dict[str, str], problem: str):
    opened = with_manifest(whole, exceptions=(replace(whole.manifest.exceptions[0], **change),))
    assert problems(opened) == {"exceptions": problem}


@pytest.mark.parametrize("field", ["record_sha256", "chain_hash"])
def test_a_changed_link_breaks_the_devices_chain(whole: OpenedPacket, field: str):
    links = list(whole.manifest.device_chain)
    links[4] = replace(links[4], **{field: getattr(links[3], field)})
    found = problems(with_manifest(whole, device_chain=tuple(links)))["device_chain"]
    assert found == "link 4, right_little, does not follow from the link before"


def test_a_link_left_out_breaks_the_devices_chain(whole: OpenedPacket):
    links = whole.manifest.device_chain
    assert "link 2" in problems(with_manifest(whole, device_chain=links[:2] + links[3:]))["device_chain"]


def test_a_link_that_is_no_hash_is_named(whole: OpenedPacket):
    links = (replace(whole.manifest.device_chain[0], record_sha256="xyz"),)
    assert problems(with_manifest(whole, device_chain=links))["device_chain"] == "link 0 holds no hash"


def test_a_sample_from_outside_the_chain_is_named(whole: OpenedPacket):
    opened = with_manifest(whole, device_chain=whole.manifest.device_chain[:-1])
    assert problems(opened) == {"device_chain": "left_iris is not in the devices' chain"}


def test_a_failed_verification_needs_an_officers_word(whole: OpenedPacket):
    failed = (replace(whole.manifest.verifications[0], matched=False),)
    assert problems(with_manifest(whole, verifications=failed)) == {}
    assert set(problems(with_manifest(whole, verifications=failed, override=""))) == {"verifications"}


def test_a_header_that_says_something_else_is_named(whole: OpenedPacket):
    opened = replace(whole, header=replace(whole.header, unit_id="KIOS-02", nik_hash="0" * 64))
    assert problems(opened) == {"header": "nik_hash differs; unit_id differs"}


def test_a_hash_that_is_not_the_persons_is_named(whole: OpenedPacket):
    found = problems(whole, nik_hash=lambda nik: nik_hash(nik, key=bytes(32)))
    assert found == {"nik_hash": "nik_hash is not that of the person's NIK"}


def with_transaction(opened: OpenedPacket, found: bytes, replacement: bytes) -> OpenedPacket:
    path = "records/transaction.an2"
    assert found in opened.parts[path]
    return with_part(opened, path, opened.parts[path].replace(found, replacement))


def test_a_transaction_of_another_person_is_named(whole: OpenedPacket):
    found = problems(with_transaction(whole, b"CONTOH SATU", b"CONTOH LAIN"))
    assert found["transaction"] == "describes another person than the manifest"


def test_a_transaction_with_another_image_is_named(whole: OpenedPacket):
    found = problems(with_transaction(whole, b"14.013:2\x1d", b"14.013:9\x1d"))
    assert found["transaction"] == "left_ring is there twice; right_index differs from its record"


def test_a_damaged_transaction_is_named_with_its_byte(whole: OpenedPacket):
    found = problems(with_transaction(whole, b"1.002:0500", b"1.002:0300"))
    assert found["records"].startswith("records/transaction.an2: byte ")
