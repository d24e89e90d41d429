"""Whatever happens to a packet on its way, the answer names it and is never a traceback."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.packet.archive import read_archive, write_archive
from kiosk.packet.envelope import HEADER, PAYLOAD, SIGNATURE, check_envelope
from kiosk.packet.faults import FaultKind, PacketFault
from kiosk.packet.open import open_packet
from kiosk.packet.seal import SealedPacket
from tests.packet.made_packets import Keys


def fault_of(data: bytes, keys: Keys) -> PacketFault:
    result = check_envelope(data, anchors=keys.device_anchors)
    assert isinstance(result, PacketFault), "the damage went unseen"
    assert open_packet(data, identity=keys.identity, anchors=keys.device_anchors) == result
    assert result.found
    assert result.allowed
    return result


def flipped(data: bytes, offset: int, bit: int = 0) -> bytes:
    damaged = bytearray(data)
    damaged[offset] ^= 1 << bit
    return bytes(damaged)


def members_of(packet: SealedPacket) -> dict[str, bytes]:
    members = read_archive(packet.data, where="packet")
    assert isinstance(members, dict)
    return members


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_flipped_bit_anywhere_is_found(packet: SealedPacket, keys: Keys, data: st.DataObject):
    offset = data.draw(st.integers(0, len(packet.data) - 1))
    fault_of(flipped(packet.data, offset, data.draw(st.integers(0, 7))), keys)


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_packet_cut_anywhere_is_found(packet: SealedPacket, keys: Keys, data: st.DataObject):
    length = data.draw(st.integers(0, len(packet.data) - 1))
    assert fault_of(packet.data[:length], keys).kind is FaultKind.TRUNCATED


def test_every_byte_of_the_signature_counts(packet: SealedPacket, keys: Keys):
    start = packet.data.index(members_of(packet)[SIGNATURE])
    for offset in range(len(members_of(packet)[SIGNATURE])):
        fault = fault_of(flipped(packet.data, start + offset, offset % 8), keys)
        assert fault.kind in (FaultKind.BAD_SIGNATURE, FaultKind.UNTRUSTED_SIGNER)


def test_every_byte_of_the_header_counts(packet: SealedPacket, keys: Keys):
    start = packet.data.index(members_of(packet)[HEADER])
    for offset in range(len(members_of(packet)[HEADER])):
        fault_of(flipped(packet.data, start + offset, offset % 8), keys)


def test_every_byte_of_the_archives_own_fields_counts(packet: SealedPacket, keys: Keys):
    for offset in (*range(512), *range(len(packet.data) - 1024, len(packet.data))):
        assert fault_of(flipped(packet.data, offset), keys).where == "packet"


def test_a_damaged_payload_is_told_from_a_forged_one(packet: SealedPacket, keys: Keys):
    start = packet.data.index(members_of(packet)[PAYLOAD])
    fault = fault_of(flipped(packet.data, start + 1000), keys)
    assert (fault.kind, fault.where) == (FaultKind.WRONG_HASH, "payload.age")


def test_bytes_after_the_end_are_found(packet: SealedPacket, keys: Keys):
    fault = fault_of(packet.data + b"\x00", keys)
    assert (fault.kind, fault.offset) == (FaultKind.NOT_AN_ARCHIVE, len(packet.data) - 1024)


@pytest.mark.parametrize("data", [b"", b"\x00" * 512, b"PK\x03\x04" + b"x" * 2000, b"{}"])
def test_something_else_is_no_packet(data: bytes, keys: Keys):
    assert fault_of(data, keys).kind in (FaultKind.NOT_AN_ARCHIVE, FaultKind.TRUNCATED)


def test_an_empty_archive_lacks_its_parts(keys: Keys):
    fault = fault_of(write_archive({}), keys)
    assert (fault.kind, fault.found) == (FaultKind.MISSING_PART, "no header.json")


@pytest.mark.parametrize("left_out", [HEADER, PAYLOAD, SIGNATURE])
def test_a_missing_part_is_named(packet: SealedPacket, keys: Keys, left_out: str):
    rest = {name: data for name, data in members_of(packet).items() if name != left_out}
    fault = fault_of(write_archive(rest), keys)
    assert (fault.kind, fault.found) == (FaultKind.MISSING_PART, f"no {left_out}")


def test_an_extra_part_is_named(packet: SealedPacket, keys: Keys):
    fault = fault_of(write_archive(members_of(packet) | {"extra.txt": b"x"}), keys)
    assert fault.kind is FaultKind.UNEXPECTED_PART
    assert "extra.txt" in fault.found


def test_parts_in_another_order_are_refused(packet: SealedPacket, keys: Keys):
    members = members_of(packet)
    swapped = {name: members[name] for name in (PAYLOAD, HEADER, SIGNATURE)}
    assert fault_of(write_archive(swapped), keys).kind is FaultKind.UNEXPECTED_PART


def test_a_later_format_is_named(packet: SealedPacket, keys: Keys):
    members = members_of(packet)
    members[HEADER] = members[HEADER].replace(b"ktp-el-packet/1", b"ktp-el-packet/2")
    fault = fault_of(write_archive(members), keys)
    assert (fault.kind, fault.found) == (FaultKind.UNKNOWN_FORMAT, "format 'ktp-el-packet/2'")


@pytest.mark.parametrize(
    ("found", "replacement"),
    [
        (b'"nik_hash":"', b'"nik_hash":7,"x":"'),
        (b'"2026-03-02T03:04:05+00:00"', b'"2026-03-02T03:04:05"'),
        (b"{", b"["),
        (b'"office_code"', b'"office\xff"'),
    ],
)
def test_a_header_of_another_shape_is_refused(
    packet: SealedPacket, keys: Keys, found: bytes, replacement: bytes
):
    members = members_of(packet)
    assert found in members[HEADER]
    members[HEADER] = members[HEADER].replace(found, replacement, 1)
    fault_of(write_archive(members), keys)


def test_the_same_name_twice_is_refused(packet: SealedPacket, keys: Keys):
    one = write_archive({"a": b"1"})[:1024]
    fault = read_archive(one + one + bytes(1024), where="packet")
    assert isinstance(fault, PacketFault)
    assert (fault.found, fault.offset) == ("a twice", 1024)


@pytest.mark.parametrize("name", ["", "../up", "/root", "UPPER", "a" * 101, "dot.", "a//b"])
def test_an_archive_holds_plain_names_only(name: str):
    with pytest.raises(ValueError, match="name"):
        write_archive({name: b""})


@given(
    members=st.dictionaries(st.from_regex(r"[a-z]{1,20}", fullmatch=True), st.binary(max_size=1500), max_size=4)
)
@settings(max_examples=50, deadline=None)
def test_an_archive_reads_back(members: dict[str, bytes]):
    assert read_archive(write_archive(members), where="x") == members
