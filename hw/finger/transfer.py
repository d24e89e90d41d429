"""One whole transfer out of several damaged ones.

Data packets carry no number, and the module can only send everything again. On a line that damages
one byte in 2000 no picture of 36,864 bytes ever arrives whole, so the good packets of each pass are
kept. A packet's place follows from its distance to the one before: a lost packet leaves a gap of
nearly its size, and every good packet sets the count right again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from hw.finger.codes import PacketId
from hw.finger.packets import OVERHEAD_BYTES, Packet

AGREEING_PASSES = 2
"""A packet counts when received alike twice: sum16 misses one damaged packet in thousands, and no two of these
are alike. Only an undamaged pass of the right length is enough by itself: that much luck is no luck."""


class Transfer:
    def __init__(self, *, data_bytes: int, whole_bytes: int | None = None) -> None:
        """data_bytes: payload of every packet but the last. whole_bytes: of the transfer, where it is known."""
        self._stride = data_bytes + OVERHEAD_BYTES
        self._whole_bytes = whole_bytes
        self._votes: defaultdict[int, Counter[tuple[bool, bytes]]] = defaultdict(Counter)

    def add_pass(self, packets: Sequence[Packet], *, start: int) -> bytes | None:
        """Takes what one pass brought. start: where the acknowledgement before it ended.

        The transfer's bytes, or None while another pass is needed.
        """
        if _undamaged(packets, start):
            whole = b"".join(packet.payload for packet in packets)
            if len(whole) == self._whole_bytes:
                return whole
        index, reached = -1, start - self._stride
        for packet in packets:
            steps = round((packet.start - reached) / self._stride)
            if steps < 1:
                break
            index, reached = index + steps, packet.start
            self._votes[index][packet.packet_id is PacketId.END_OF_DATA, packet.payload] += 1
        return self._agreed()

    def _agreed(self) -> bytes | None:
        parts = []
        for index in range(len(self._votes)):
            if index not in self._votes:
                return None
            ((last, payload), count) = self._votes[index].most_common(1)[0]
            if count < AGREEING_PASSES:
                return None
            parts.append(payload)
            if last:
                return b"".join(parts)
        return None


def _undamaged(packets: Sequence[Packet], start: int) -> bool:
    reached = start
    for packet in packets:
        if packet.start != reached:
            return False
        reached = packet.end
    return bool(packets) and packets[-1].packet_id is PacketId.END_OF_DATA
