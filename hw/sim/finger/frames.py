"""The simulated module's own reading and writing of packets."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from hw.finger.codes import ANY_ADDRESS, HEADER, MAX_DATA_BYTES, PacketId

PAUSE_S = 0.5
"""Hosts send a command byte by byte, and on a busy machine wait between two; they ask again after a second."""


@dataclass(frozen=True, slots=True)
class Received:
    """intact: whether its sum is right."""

    packet_id: int
    payload: bytes
    intact: bool
    raw: bytes


class FrameReader:
    """Cuts what the host sends. A module in the field reads by length, and starts over after PAUSE_S."""

    def __init__(self) -> None:
        self._data = b""
        self._fed_s = 0.0

    def feed(self, data: bytes, *, address: int, now_s: float) -> list[Received]:
        """data: empty where nothing has come. now_s: of a clock that never goes back."""
        if data:
            self._data += data
            self._fed_s = now_s
        elif now_s - self._fed_s > PAUSE_S:
            self._data = b""
        frames = []
        while (start := self._data.find(HEADER)) >= 0 and len(self._data) >= start + 9:
            sent_to = int.from_bytes(self._data[start + 2 : start + 6], "big")
            length = int.from_bytes(self._data[start + 7 : start + 9], "big")
            if sent_to not in (address, ANY_ADDRESS) or not 2 < length <= MAX_DATA_BYTES + 2:
                self._data = self._data[start + 2 :]
                continue
            end = start + 9 + length
            if len(self._data) < end:
                break
            raw, self._data = self._data[start:end], self._data[end:]
            intact = sum(raw[6:-2]) & 0xFFFF == int.from_bytes(raw[-2:], "big")
            frames.append(Received(raw[6], raw[9:-2], intact, raw))
        return frames


def frame(packet_id: PacketId, payload: bytes, *, address: int) -> bytes:
    body = struct.pack(">BH", packet_id, len(payload) + 2) + payload
    return HEADER + address.to_bytes(4, "big") + body + struct.pack(">H", sum(body) & 0xFFFF)


def data_frames(data: bytes, *, data_bytes: int, address: int) -> bytes:
    parts = [data[start : start + data_bytes] for start in range(0, len(data), data_bytes)]
    ids = [PacketId.DATA] * (len(parts) - 1) + [PacketId.END_OF_DATA]
    return b"".join(frame(packet_id, part, address=address) for packet_id, part in zip(ids, parts, strict=True))
