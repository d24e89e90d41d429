"""Stores as tests need them."""

from __future__ import annotations

from pathlib import Path

from obstore.store import LocalStore

from kiosk.uplink.store import Delivery, PacketStore, StoreUnavailableError


class Choosy(PacketStore):
    """A folder that neither takes nor gives these packets, for a reason of its own."""

    def __init__(self, folder: Path, refused: set[str]) -> None:
        super().__init__(LocalStore(folder, mkdir=True))
        self._refused = refused

    def put_packet(self, sha256: str, data: bytes) -> Delivery:
        self._refuse(sha256)
        return super().put_packet(sha256, data)

    def packet(self, sha256: str) -> bytes | None:
        self._refuse(sha256)
        return super().packet(sha256)

    def _refuse(self, sha256: str) -> None:
        if sha256 in self._refused:
            raise StoreUnavailableError("503")


def join_all(store: PacketStore) -> None:
    for sha256, parts in store.in_parts().items():
        store.join(sha256, parts)
