"""Packets come out of a stream whole or not at all, whatever is around them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.finger.codes import ANY_ADDRESS, MAX_DATA_BYTES, PacketId
from hw.finger.packets import PacketHunter, encode

PAYLOADS = st.binary(min_size=1, max_size=MAX_DATA_BYTES)
OK_ACK = bytes.fromhex("ef01ffffffff07000300000a")
"""ZFM-20 user manual, chapter 6: an acknowledgement that says OK."""


def hunt(*pieces: bytes, addresses: tuple[int, ...] = (ANY_ADDRESS,)) -> list[tuple[PacketId, bytes]]:
    hunter, found = PacketHunter(*addresses), []
    for piece in pieces:
        hunter.feed(piece)
        while (packet := hunter.take()) is not None:
            found.append((packet.packet_id, packet.payload))
    while (packet := hunter.take(ended=True)) is not None:
        found.append((packet.packet_id, packet.payload))
    return found


def test_the_manuals_packets_are_written_and_read() -> None:
    verify = encode(PacketId.COMMAND, bytes.fromhex("1300000000"), address=ANY_ADDRESS)
    assert verify == bytes.fromhex("ef01ffffffff0100071300000000001b")
    assert hunt(OK_ACK) == [(PacketId.ACK, b"\x00")]


@given(st.lists(PAYLOADS, max_size=5), st.integers(1, 40))
def test_it_does_not_matter_how_the_bytes_are_cut(payloads: list[bytes], size: int) -> None:
    stream = b"".join(encode(PacketId.DATA, payload, address=1) for payload in payloads)
    pieces = [stream[start : start + size] for start in range(0, len(stream), size)]
    assert [payload for _, payload in hunt(*pieces, addresses=(1,))] == payloads


@given(st.binary(max_size=300), PAYLOADS)
def test_a_packet_behind_noise_is_found(noise: bytes, payload: bytes) -> None:
    assert (PacketId.DATA, payload) in hunt(noise, encode(PacketId.DATA, payload, address=ANY_ADDRESS))


@given(PAYLOADS, st.data())
def test_one_flipped_bit_is_never_taken_for_the_packet(payload: bytes, data: st.DataObject) -> None:
    packet = bytearray(encode(PacketId.ACK, payload, address=ANY_ADDRESS))
    place = data.draw(st.integers(0, len(packet) - 1))
    packet[place] ^= 1 << data.draw(st.integers(0, 7))
    assert (PacketId.ACK, payload) not in hunt(bytes(packet))


def test_a_packet_inside_one_cut_short_is_found_when_the_line_is_quiet() -> None:
    long = encode(PacketId.DATA, bytes(200), address=ANY_ADDRESS)
    assert hunt(long[:50], OK_ACK) == [(PacketId.ACK, b"\x00")]


@pytest.mark.parametrize("length", [0, 2, MAX_DATA_BYTES + 3, 0xFFFF])
def test_a_length_that_no_packet_has_is_not_waited_for(length: int) -> None:
    hunter = PacketHunter(ANY_ADDRESS)
    hunter.feed(b"\xef\x01\xff\xff\xff\xff\x07" + length.to_bytes(2, "big") + OK_ACK)
    packet = hunter.take()
    assert packet is not None
    assert packet.payload == b"\x00"


def test_another_modules_answer_is_not_ours() -> None:
    assert hunt(OK_ACK, addresses=(7,)) == []


def test_a_packet_says_where_it_stood() -> None:
    hunter = PacketHunter(ANY_ADDRESS)
    hunter.feed(b"\x55" + OK_ACK + b"\xef" + OK_ACK)
    places = []
    while (packet := hunter.take()) is not None:
        places.append((packet.start, packet.end))
    assert places == [(1, 13), (14, 26)]


@given(st.binary(max_size=2000))
def test_noise_alone_is_not_hoarded(noise: bytes) -> None:
    hunter = PacketHunter(ANY_ADDRESS)
    hunter.feed(noise)
    while hunter.take(ended=True) is not None:
        pass
    hunter.feed(OK_ACK)
    packet = hunter.take()
    assert packet is not None
    assert packet.end == len(noise) + len(OK_ACK)
