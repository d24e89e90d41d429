"""`EF01 | address u32 | id | length u16 | payload | sum16`, big-endian; length counts payload and sum.

The sum covers id, length and payload. It misses two flips that cancel, so `transfer.py` does not
trust it alone.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from hw.finger.codes import HEADER, MAX_DATA_BYTES, PacketId

_PREFIX = struct.Struct(">2sIBH")
OVERHEAD_BYTES = _PREFIX.size + 2
_SUM_BYTES = 2
_PACKET_IDS = frozenset(int(packet_id) for packet_id in PacketId)


@dataclass(frozen=True, slots=True)
class Packet:
    """start, end: where it stood in the stream, in bytes since the hunt began."""

    packet_id: PacketId
    payload: bytes
    start: int
    end: int


def encode(packet_id: PacketId, payload: bytes, *, address: int) -> bytes:
    length = len(payload) + _SUM_BYTES
    return (
        _PREFIX.pack(HEADER, address, packet_id, length)
        + payload
        + struct.pack(">H", _sum16(packet_id, length, payload))
    )


class PacketHunter:
    """Finds whole packets from some addresses in whatever arrives; holds less than one largest packet."""

    def __init__(self, *addresses: int) -> None:
        self._addresses = addresses
        self._data = bytearray()
        self._dropped = 0

    @property
    def heard(self) -> int:
        """Bytes fed so far."""
        return self._dropped + len(self._data)

    def feed(self, data: bytes) -> None:
        self._data += data

    def take(self, *, ended: bool = False) -> Packet | None:
        """The next whole packet, None until more is fed. ended: nothing more comes, so that a header
        whose packet is not whole was a false one, or a packet cut short, and may hide whole ones."""
        while True:
            start = self._data.find(HEADER)
            if start < 0:
                keep = 1 if self._data.endswith(HEADER[:1]) and not ended else 0
                self._drop(len(self._data) - keep)
                return None
            self._drop(start)
            needed = self._needed()
            if needed is not None and len(self._data) >= needed:
                packet = self._whole(needed)
                self._drop(1 if packet is None else needed)
                if packet is not None:
                    return packet
            elif needed is not None and not ended:
                return None
            else:
                self._drop(1)

    def _needed(self) -> int | None:
        """How many bytes show or complete the packet at the front; None when it cannot be one."""
        if len(self._data) < _PREFIX.size:
            return _PREFIX.size
        _, address, packet_id, length = _PREFIX.unpack_from(self._data)
        if address not in self._addresses or packet_id not in _PACKET_IDS:
            return None
        if not _SUM_BYTES < length <= MAX_DATA_BYTES + _SUM_BYTES:
            return None
        return _PREFIX.size + int(length)

    def _whole(self, size: int) -> Packet | None:
        _, _, packet_id, length = _PREFIX.unpack_from(self._data)
        payload = bytes(self._data[_PREFIX.size : size - _SUM_BYTES])
        received = int.from_bytes(self._data[size - _SUM_BYTES : size], "big")
        if received != _sum16(packet_id, length, payload):
            return None
        return Packet(PacketId(packet_id), payload, self._dropped, self._dropped + size)

    def _drop(self, count: int) -> None:
        del self._data[:count]
        self._dropped += count


def _sum16(packet_id: int, length: int, payload: bytes) -> int:
    return (packet_id + (length >> 8) + (length & 0xFF) + sum(payload)) & 0xFFFF
