"""The simulated module hears hosts that send byte by byte, and forgets half a command in time."""

from __future__ import annotations

import pytest

from hw.finger.codes import ANY_ADDRESS, PacketId
from hw.finger.packets import encode
from hw.sim.finger.frames import PAUSE_S, FrameReader

COMMAND = encode(PacketId.COMMAND, bytes.fromhex("1300000000"), address=ANY_ADDRESS)


@pytest.fixture
def reader() -> FrameReader:
    return FrameReader()


def test_a_command_is_heard_byte_by_byte_on_a_busy_machine(reader: FrameReader) -> None:
    heard = []
    for number, byte in enumerate(COMMAND):
        now_s = 100.0 + number * PAUSE_S * 0.9
        assert reader.feed(b"", address=1, now_s=now_s) == []
        heard += reader.feed(bytes((byte,)), address=1, now_s=now_s)
    (command,) = heard
    assert command.intact
    assert command.raw == COMMAND


def test_after_a_pause_it_starts_over(reader: FrameReader) -> None:
    assert reader.feed(COMMAND[:-1], address=1, now_s=100.0) == []
    assert reader.feed(b"", address=1, now_s=100.1 + PAUSE_S) == []
    (command,) = reader.feed(COMMAND, address=1, now_s=100.2 + PAUSE_S)
    assert command.intact
