"""Damaged passes become one whole transfer, and never a wrong one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.finger.codes import ANY_ADDRESS, DATA_BYTES, PacketId
from hw.finger.packets import Packet, PacketHunter, encode
from hw.finger.transfer import Transfer
from hw.sim.finger.line import Noise

PICTURE = np.random.default_rng(5).integers(0, 256, 36_864, dtype=np.uint8).tobytes()


def stream(data: bytes, *, data_bytes: int) -> bytes:
    parts = [data[start : start + data_bytes] for start in range(0, len(data), data_bytes)]
    return b"".join(
        encode(PacketId.END_OF_DATA if index == len(parts) - 1 else PacketId.DATA, part, address=ANY_ADDRESS)
        for index, part in enumerate(parts)
    )


def found_in(data: bytes) -> list[Packet]:
    hunter, packets = PacketHunter(ANY_ADDRESS), []
    hunter.feed(data)
    while (packet := hunter.take(ended=True)) is not None:
        packets.append(packet)
    return packets


@pytest.mark.parametrize("data_bytes", DATA_BYTES)
def test_an_undamaged_pass_is_enough(data_bytes: int) -> None:
    packets = found_in(stream(PICTURE, data_bytes=data_bytes))
    assert Transfer(data_bytes=data_bytes, whole_bytes=36_864).add_pass(packets, start=0) == PICTURE


def test_of_unknown_length_two_passes_have_to_agree() -> None:
    packets = found_in(stream(PICTURE[:500], data_bytes=128))
    transfer = Transfer(data_bytes=128)
    assert [transfer.add_pass(packets, start=0) for _ in range(2)] == [None, PICTURE[:500]]


@pytest.mark.parametrize("data_bytes", DATA_BYTES)
@pytest.mark.parametrize("seed", range(5))
def test_one_byte_in_two_thousand_is_mended(data_bytes: int, seed: int) -> None:
    sent, noise = stream(PICTURE, data_bytes=data_bytes), Noise(one_byte_in=2000, seed=seed)
    transfer = Transfer(data_bytes=data_bytes)
    passes = (transfer.add_pass(found_in(noise.over(sent)), start=0) for _ in range(16))
    assert next(got for got in passes if got is not None) == PICTURE


def test_a_packet_both_passes_lost_is_waited_for() -> None:
    sent = stream(PICTURE, data_bytes=128)
    spoilt = without_byte(sent, 139 * 7 + 20)
    transfer = Transfer(data_bytes=128, whole_bytes=36_864)
    assert transfer.add_pass(found_in(spoilt), start=0) is None
    assert transfer.add_pass(found_in(spoilt), start=0) is None
    assert transfer.add_pass(found_in(sent), start=0) == PICTURE


def test_a_packet_lost_without_a_trace_is_missed_by_the_length() -> None:
    sent = stream(PICTURE, data_bytes=128)
    short = sent[: 139 * 7] + sent[139 * 8 :]
    transfer = Transfer(data_bytes=128, whole_bytes=len(PICTURE))
    assert transfer.add_pass(found_in(short), start=0) is None
    assert transfer.add_pass(found_in(sent), start=0) == PICTURE


def test_a_transfer_without_its_end_is_not_whole() -> None:
    sent = stream(PICTURE, data_bytes=256)[:-1]
    transfer = Transfer(data_bytes=256)
    assert [transfer.add_pass(found_in(sent), start=0) for _ in range(3)] == [None] * 3


def test_damage_the_sum_misses_is_outvoted() -> None:
    """Two flips that cancel, in a pass that shows damage elsewhere."""
    sent = stream(PICTURE, data_bytes=128)
    place = next(at for at in range(9, 136) if not sent[at] & 1 and sent[at + 1] & 1)
    wrong = bytearray(sent)
    wrong[place] |= 1
    wrong[place + 1] &= 0xFE
    assert len(found_in(bytes(wrong))) == len(found_in(sent))
    passes = [without_byte(data, 139 * lost + 20) for data, lost in ((bytes(wrong), 3), (sent, 5), (sent, 7))]
    transfer = Transfer(data_bytes=128)
    assert [transfer.add_pass(found_in(one), start=0) for one in passes] == [None, None, PICTURE]


def without_byte(data: bytes, place: int) -> bytes:
    return data[:place] + data[place + 1 :]


@given(st.binary(min_size=1, max_size=600), st.integers(20, 400), st.integers(0, 10_000))
def test_what_comes_out_is_what_was_sent(data: bytes, one_byte_in: int, seed: int) -> None:
    sent, noise = stream(data, data_bytes=32), Noise(one_byte_in=one_byte_in, seed=seed)
    transfer = Transfer(data_bytes=32)
    for _ in range(6):
        got = transfer.add_pass(found_in(noise.over(sent)), start=0)
        assert got in (None, data)
        if got is not None:
            break
