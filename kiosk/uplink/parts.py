"""A packet on its way in parts: what a broken line or a restart costs is one part.

S3's own multi-part upload asks for parts of 5 MiB (all but the last), ten times a packet, and its state
lies with whoever began it. So a part is an object of its own, named by packet, count and number. Any process
at any time can list which are there and send the rest; the receiver joins them (`PacketStore.join_parts`).
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

from kiosk.uplink.store import Delivery, PacketStore


def deliver(
    store: PacketStore,
    sha256: str,
    data: bytes,
    *,
    part_bytes: int,
    again: bool,
    spend: Callable[[int], None],
    progress: Callable[[int], None],
) -> Delivery:
    """Sends what the store does not have. Raises StoreUnavailableError, and what `spend` raises.

    again: somebody tried before, so the store is asked first; a body that arrived is not sent a second time.
    spend: called before each request with its size. progress: after each part, with the bytes the store has.
    """
    count = ceil(len(data) / part_bytes)
    there = store.parts(sha256, count) if again and count > 1 else frozenset()
    # In this order: the receiver puts the whole packet first and removes the parts afterwards.
    if len(there) == count or (again and store.has_packet(sha256)):
        return Delivery.ALREADY_THERE
    if count <= 1:
        spend(len(data))
        return store.put_packet(sha256, data)
    for number in range(1, count + 1):
        end = min(number * part_bytes, len(data))
        if number not in there:
            part = data[(number - 1) * part_bytes : end]
            spend(len(part))
            store.put_part(sha256, number, count, part)
        progress(end)
    return Delivery.NEW
