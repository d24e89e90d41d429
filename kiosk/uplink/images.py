"""Fetching an image from the store: in parts, going on after a broken line or a restart where it stopped."""

from __future__ import annotations

import os
from pathlib import Path

from kiosk.storage.atomic import sync_folder, write_atomic
from kiosk.uplink.store import PacketStore

PART_BYTES = 1 << 20
"""A minute at 140 kbit/s: what a cut line costs at most."""


def fetch_image(store: PacketStore, version: str, *, size: int, into: Path) -> Path:
    """The whole file, under its name only once it is whole. Raises StoreUnavailableError: call it again.

    Beside it lies the tag of the image it was fetched from: one of another tag is fetched from its start.
    Who made the bytes is not judged here: the bundle carries its signature.
    """
    target = into / f"{version}.raucb"
    tag = store.image_tag(version)
    note = into / f"{version}.raucb.tag"
    same = tag is None or (note.exists() and note.read_text() == tag)
    if same and target.exists() and target.stat().st_size == size:
        return target
    part = into / f"{version}.raucb.part"
    if not same:
        part.unlink(missing_ok=True)
        target.unlink(missing_ok=True)
        write_atomic(note, (tag or "").encode())
    with part.open("ab") as stream:
        if stream.tell() > size:  # of another file of that name
            stream.truncate(0)
        while (have := stream.seek(0, os.SEEK_END)) < size:
            stream.write(store.image_part(version, tag=tag, start=have, end=min(have + PART_BYTES, size)))
            stream.flush()
        os.fsync(stream.fileno())
    part.replace(target)
    sync_folder(into)
    return target


def remove_others(into: Path, *, keep: str) -> None:
    """An image is as large as a hundred packets: only the wanted one stays."""
    for path in into.glob("*.raucb*"):
        if not path.name.startswith(f"{keep}.raucb"):
            path.unlink()
