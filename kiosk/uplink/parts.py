"""A packet on its way in parts: what a broken line or a restart costs is one part.

S3's own multi-part upload asks for parts of 5 MiB (all but the last), ten times a packet, and its state
lies with whoever began it. So a part is an object of its own, named by packet, count and number. Any process
at any time can list which are there and send the rest; the receiver joins them (`PacketStore.join`).
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
    parts = {number: data[(number - 1) * part_bytes : number * part_bytes] for number in range(1, count + 1)}
    there = store.parts(sha256, count) if again and count > 1 else {}
    missing = [number for number, part in parts.items() if there.get(number) != len(part)]
    # In this order: the receiver puts the whole packet first and removes the parts afterwards.
    if not missing or (again and store.has_packet(sha256, size=len(data))):
        return Delivery.ALREADY_THERE
    if count <= 1:
        spend(len(data))
        return store.put_packet(sha256, data)
    sent_bytes = sum(len(part) for number, part in parts.items() if number not in missing)
    for number in missing:
        spend(len(parts[number]))
        store.put_part(sha256, number, count, parts[number])
        sent_bytes += len(parts[number])
        progress(sent_bytes)
    return Delivery.NEW
