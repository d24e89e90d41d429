"""A packet in parts: what was sent is not sent again, whoever goes on with it."""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from obstore.store import MemoryStore

from kiosk.packet.seal import SealedPacket
from kiosk.storage.outbox import Outbox, PacketState
from kiosk.uplink.parts import deliver
from kiosk.uplink.sender import Outcome
from kiosk.uplink.store import Delivery, PacketStore, StoreUnavailableError, open_store
from tests.uplink.conftest import Line
from tests.uplink.proxy import Proxy, running
from tests.uplink.seaweed import Seaweed
from tests.uplink.stores import join_all

NAME = "ab" * 32


@dataclass
class Sending:
    """breaks_after: the line does not take more requests than these."""

    store: PacketStore
    breaks_after: int = 1000
    spent: list[int] = field(default_factory=list)
    told: list[int] = field(default_factory=list)

    def __call__(self, data: bytes, *, part_bytes: int, again: bool, name: str = NAME) -> Delivery:
        return deliver(
            self.store,
            name,
            data,
            part_bytes=part_bytes,
            again=again,
            spend=self._spend,
            progress=self.told.append,
        )

    def _spend(self, size: int) -> None:
        if len(self.spent) == self.breaks_after:
            raise StoreUnavailableError("line cut")
        self.spent.append(size)


@pytest.fixture
def store(tmp_path: Path) -> PacketStore:
    return open_store(f"file://{tmp_path}/store")


def test_a_small_packet_is_one_object(store: PacketStore):
    sending = Sending(store)
    assert sending(b"x" * 10, part_bytes=10, again=False) is Delivery.NEW
    assert (sending.spent, sending.told) == ([10], [])
    assert store.packet(NAME) == b"x" * 10


def test_a_larger_one_goes_in_parts_and_tells_how_far_it_is(store: PacketStore):
    sending = Sending(store)
    assert sending(b"x" * 25, part_bytes=10, again=False) is Delivery.NEW
    assert (sending.spent, sending.told) == ([10, 10, 5], [10, 20, 25])
    assert store.parts(NAME, 3) == {1: 10, 2: 10, 3: 5}


def test_after_a_broken_line_only_the_missing_parts_go(store: PacketStore):
    with pytest.raises(StoreUnavailableError):
        Sending(store, breaks_after=2)(b"x" * 25, part_bytes=10, again=False)
    later = Sending(store)
    assert later(b"x" * 25, part_bytes=10, again=True) is Delivery.NEW
    assert (later.spent, later.told) == ([5], [25])


def test_a_part_that_broke_off_on_the_server_is_sent_again(store: PacketStore, tmp_path: Path):
    Sending(store)(b"x" * 25, part_bytes=10, again=False)
    (tmp_path / f"store/parts/{NAME}/00003-00002").write_bytes(b"")
    later = Sending(store)
    later(b"x" * 25, part_bytes=10, again=True)
    assert later.spent == [10]
    assert store.parts(NAME, 3)[2] == 10


def test_parts_all_there_are_not_sent_again(store: PacketStore):
    """The uplink was killed between the last part and its note."""
    Sending(store)(b"x" * 25, part_bytes=10, again=False)
    later = Sending(store)
    assert later(b"x" * 25, part_bytes=10, again=True) is Delivery.ALREADY_THERE
    assert later.spent == []


def test_a_packet_that_was_joined_meanwhile_is_not_sent_again(line: Line, packet: SealedPacket):
    Sending(line.store)(packet.data, part_bytes=50_000, again=False, name=packet.sha256)
    join_all(line.store)
    later = Sending(line.store)
    assert later(packet.data, part_bytes=50_000, again=True, name=packet.sha256) is Delivery.ALREADY_THERE
    assert later.spent == []


def test_joining_leaves_the_packet_and_no_parts(line: Line, packet: SealedPacket, tmp_path: Path):
    Sending(line.store)(packet.data, part_bytes=50_000, again=False, name=packet.sha256)
    join_all(line.store)
    assert line.store.packet(packet.sha256) == packet.data
    assert [path for path in (tmp_path / "store/parts").rglob("*") if path.is_file()] == []


def test_parts_that_do_not_make_the_packet_are_not_joined(store: PacketStore):
    Sending(store)(b"x" * 25, part_bytes=10, again=False)  # whose hash is not NAME
    join_all(store)
    assert store.packet(NAME) is None
    assert len(store.parts(NAME, 3)) == 3


def test_a_packet_begun_in_other_parts_is_joined_once_and_leaves_nothing(line: Line, packet: SealedPacket):
    """The office changed the size of parts while the packet was on its way."""
    with pytest.raises(StoreUnavailableError):
        Sending(line.store, breaks_after=1)(packet.data, part_bytes=50_000, again=False, name=packet.sha256)
    Sending(line.store)(packet.data, part_bytes=90_000, again=True, name=packet.sha256)
    join_all(line.store)
    join_all(line.store)
    assert line.store.packet(packet.sha256) == packet.data
    assert line.store.parts(packet.sha256, -(-len(packet.data) // 50_000)) == {}


@given(size=st.integers(1, 60), part_bytes=st.integers(1, 20), breaks=st.lists(st.integers(0, 6), max_size=4))
@settings(max_examples=60, deadline=None)
def test_wherever_the_line_breaks_every_byte_arrives_and_goes_once(
    size: int, part_bytes: int, breaks: list[int]
):
    store, data, spent = PacketStore(MemoryStore()), bytes(range(size)), 0
    for number, breaks_after in enumerate([*breaks, 1000]):
        sending = Sending(store, breaks_after)
        with suppress(StoreUnavailableError):
            sending(data, part_bytes=part_bytes, again=number > 0)
        spent += sum(sending.spent)
    assert spent == size
    count = -(-size // part_bytes)
    arrived = (
        store.has_packet(NAME, size=size) if count == 1 else sum(store.parts(NAME, count).values()) == size
    )
    assert arrived


def test_a_unit_sends_in_parts_to_a_real_server_and_the_centre_joins(
    seaweed: Seaweed, line: Line, seal_for, tmp_path: Path
):
    packet = seal_for(21, nik="3503111708010021")
    line.put(packet)
    cuts = iter([None, None, 10_000])  # the third part breaks in the middle
    with running(Proxy(seaweed.s3_port, cut=lambda _size: next(cuts, None))) as proxy:
        store = open_store(replace(seaweed, s3_port=proxy.port).url)
        sender = replace(line.sender(store), part_bytes=50_000)
        assert [report.outcome for report in sender.run_once()] == [Outcome.INTERRUPTED]
        entry = line.outbox.entry(packet.sha256)
        assert line.outbox.sent_percent(entry) == 100 * 100_000 // len(packet.data)
        assert entry.last_fault
        with closing(Outbox(tmp_path / "outbox")) as outbox:  # as another process has it
            again = replace(sender, outbox=outbox)
            assert [report.outcome for report in again.run_once()] == [Outcome.SENT]
        assert proxy.ledger.created_bytes == len(packet.data)
        assert set(proxy.ledger.created.values()) == {1}
    entry = line.outbox.entry(packet.sha256)
    assert (entry.state, entry.last_fault) == (PacketState.SENT, "")
    assert line.outbox.sent_percent(entry) is None
    direct = open_store(seaweed.url)
    join_all(direct)
    assert direct.packet(packet.sha256) == packet.data


@pytest.mark.parametrize("broken_after", [0, 1, 30_000])
def test_a_body_the_line_broke_off_is_not_taken_for_the_packet(seaweed: Seaweed, seal_for, broken_after: int):
    """SeaweedFS keeps an empty object where the line broke before the first byte of a body."""
    packet = seal_for(30 + broken_after, nik="3503111708010030")
    with running(Proxy(seaweed.s3_port, cut=lambda _size: broken_after)) as proxy:
        broken = open_store(replace(seaweed, s3_port=proxy.port).url)
        with pytest.raises(StoreUnavailableError):
            broken.put_packet(packet.sha256, packet.data)
    store = open_store(seaweed.url)
    assert not store.has_packet(packet.sha256, size=len(packet.data))
    assert store.put_packet(packet.sha256, packet.data) is Delivery.NEW
    assert store.packet(packet.sha256) == packet.data
