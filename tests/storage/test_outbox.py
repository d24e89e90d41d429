"""The outbox: a sealed packet waits, is sent, receipted and only then purged, whatever is killed when."""

from __future__ import annotations

import datetime as dt
import hashlib
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.storage.outbox import (
    Outbox,
    PacketDamagedError,
    PacketState,
    PurgeRefusedError,
    UnknownPacketError,
    WrongStateError,
)

MORNING = dt.datetime(2026, 3, 2, 8, 0, tzinfo=dt.UTC)
NOON = MORNING + dt.timedelta(hours=4)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with closing(Outbox(tmp_path / "outbox")) as outbox:
        yield outbox


def put(outbox: Outbox, data: bytes = b"sealed", *, sealed_at: dt.datetime = MORNING) -> str:
    return outbox.put(data, enrollment_id="e1", nik_hash="ab" * 32, sealed_at=sealed_at)


def test_a_packet_waits_is_sent_receipted_and_purged(outbox: Outbox):
    sha256 = put(outbox)
    assert [entry.sha256 for entry in outbox.pending()] == [sha256]
    assert outbox.read(sha256) == b"sealed"

    assert outbox.record_attempt(sha256, at=MORNING, fault="no_network").state is PacketState.SENDING
    assert outbox.record_attempt(sha256, at=NOON).attempts == 2
    assert outbox.mark_sent(sha256, NOON).sent_at == NOON
    assert outbox.pending() == ()

    assert outbox.attach_receipt(sha256, b"receipt").state is PacketState.RECEIVED
    assert outbox.receipt(sha256) == b"receipt"
    outbox.purge(sha256)

    (entry,) = outbox.entries()
    assert entry.state is PacketState.PURGED
    assert outbox.receipt(sha256) == b"receipt"
    with pytest.raises(UnknownPacketError):
        outbox.read(sha256)


def test_the_oldest_packet_goes_first(outbox: Outbox):
    late = put(outbox, b"late", sealed_at=NOON)
    early = put(outbox, b"early", sealed_at=MORNING)
    assert [entry.sha256 for entry in outbox.pending()] == [early, late]


def test_a_second_outbox_on_the_folder_sees_the_same(outbox: Outbox, tmp_path: Path):
    sha256 = put(outbox)
    with closing(Outbox(tmp_path / "outbox")) as second:
        second.mark_sent(sha256, NOON)
    assert outbox.entry(sha256).state is PacketState.SENT


def test_putting_a_packet_again_changes_nothing(outbox: Outbox):
    sha256 = put(outbox)
    outbox.mark_sent(sha256, NOON)
    assert put(outbox, sealed_at=NOON) == sha256
    assert outbox.entry(sha256).state is PacketState.SENT


def test_a_start_after_a_power_cut_finds_the_packet_its_enrollment_has_already(outbox: Outbox, tmp_path: Path):
    assert outbox.of_enrollment("e1") is None
    sha256 = put(outbox)
    with closing(Outbox(tmp_path / "outbox")) as again:
        entry = again.of_enrollment("e1")
    assert entry is not None
    assert entry.sha256 == sha256
    assert outbox.of_enrollment("e2") is None


def test_a_purged_packet_does_not_come_back(outbox: Outbox):
    sha256 = put(outbox)
    outbox.attach_receipt(sha256, b"receipt")
    outbox.purge(sha256)
    put(outbox)
    assert outbox.entry(sha256).state is PacketState.PURGED
    with pytest.raises(UnknownPacketError):
        outbox.read(sha256)


def test_no_purge_without_a_receipt(outbox: Outbox):
    sha256 = put(outbox)
    outbox.mark_sent(sha256, NOON)
    with pytest.raises(PurgeRefusedError):
        outbox.purge(sha256)
    assert outbox.read(sha256) == b"sealed"


def test_no_purge_on_a_rejection(outbox: Outbox):
    sha256 = put(outbox)
    outbox.attach_receipt(sha256, b"rejected: duplicate", accepted=False)
    with pytest.raises(PurgeRefusedError):
        outbox.purge(sha256)
    assert outbox.read(sha256) == b"sealed"


def test_a_rejected_packet_may_be_accepted_later(outbox: Outbox):
    sha256 = put(outbox)
    outbox.attach_receipt(sha256, b"rejected", accepted=False)
    assert outbox.attach_receipt(sha256, b"accepted").state is PacketState.RECEIVED


def test_no_purge_when_the_receipt_was_lost_or_changed(outbox: Outbox, tmp_path: Path):
    sha256 = put(outbox)
    outbox.attach_receipt(sha256, b"receipt")
    receipt = tmp_path / "outbox" / f"{sha256}.receipt"
    receipt.write_bytes(b"another")
    with pytest.raises(PacketDamagedError):
        outbox.purge(sha256)
    receipt.unlink()
    with pytest.raises(PacketDamagedError):
        outbox.purge(sha256)
    assert outbox.read(sha256) == b"sealed"


def test_a_received_packet_takes_no_other_receipt_and_is_not_sent_again(outbox: Outbox):
    sha256 = put(outbox)
    outbox.attach_receipt(sha256, b"receipt")
    assert outbox.attach_receipt(sha256, b"receipt").state is PacketState.RECEIVED
    with pytest.raises(WrongStateError):
        outbox.attach_receipt(sha256, b"rejected", accepted=False)
    with pytest.raises(WrongStateError):
        outbox.record_attempt(sha256, at=NOON)


def test_a_courier_may_bring_the_receipt_of_a_packet_never_sent_from_here(outbox: Outbox):
    assert outbox.attach_receipt(put(outbox), b"receipt").state is PacketState.RECEIVED


def test_a_changed_packet_is_never_handed_out(outbox: Outbox, tmp_path: Path):
    sha256 = put(outbox)
    (tmp_path / "outbox" / f"{sha256}.ktp").write_bytes(b"sealeD")
    with pytest.raises(PacketDamagedError):
        outbox.read(sha256)


@pytest.mark.parametrize("damage", [b"", b"{", b"{}", b"\xff\xff"])
def test_a_damaged_state_is_named_and_all_others_go_on(outbox: Outbox, tmp_path: Path, damage: bytes):
    sha256, sound = put(outbox), put(outbox, b"another")
    (tmp_path / "outbox" / f"{sha256}.json").write_bytes(damage)
    found = outbox.look()
    assert [entry.sha256 for entry in found.entries] == [sound]
    ((named, fault),) = [(one.sha256, one.fault) for one in found.damaged]
    assert named == sha256
    assert sha256 in fault
    assert outbox.entries() == found.entries
    with pytest.raises(PacketDamagedError, match=sha256):
        outbox.entry(sha256)


def test_damaged_states_take_no_place_in_a_limited_list(outbox: Outbox, tmp_path: Path):
    hashes = [put(outbox, bytes([number])) for number in range(5)]
    rotten, sound = hashes[:3], hashes[3:]
    for sha256 in rotten:
        (tmp_path / "outbox" / f"{sha256}.json").write_bytes(b"rotten")
    assert {entry.sha256 for entry in outbox.pending(limit=2)} == set(sound)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "AB" * 32, "ab" * 31])
def test_only_a_hash_names_a_packet(outbox: Outbox, name: str):
    with pytest.raises(UnknownPacketError):
        outbox.read(name)


def test_a_state_whose_packet_was_never_written_does_not_count_and_is_swept(outbox: Outbox, tmp_path: Path):
    sha256 = put(outbox)
    folder = tmp_path / "outbox"
    (folder / f"{sha256}.ktp").unlink()
    (folder / f".{sha256}.ktp.tmp").write_bytes(b"seal")
    assert outbox.entries() == ()
    outbox.sweep()
    assert {path.suffix for path in folder.iterdir()}.isdisjoint({".ktp", ".json", ".tmp"})
    assert put(outbox) == sha256
    assert len(outbox.pending()) == 1


def test_a_purge_cut_short_is_finished_by_the_sweep(outbox: Outbox, tmp_path: Path):
    sha256 = put(outbox)
    outbox.attach_receipt(sha256, b"receipt")
    outbox.purge(sha256)
    packet = tmp_path / "outbox" / f"{sha256}.ktp"
    packet.write_bytes(b"sealed")
    outbox.sweep()
    assert not packet.exists()


def test_a_sweep_keeps_every_packet(outbox: Outbox):
    sha256 = put(outbox)
    outbox.sweep()
    assert outbox.read(sha256) == b"sealed"


def test_changes_from_many_hands_are_all_counted(outbox: Outbox, tmp_path: Path):
    sha256 = put(outbox)

    def attempt_ten_times(_: int) -> None:
        with closing(Outbox(tmp_path / "outbox")) as mine:
            for _ in range(10):
                mine.record_attempt(sha256, at=NOON)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(attempt_ten_times, range(4)))
    assert outbox.entry(sha256).attempts == 40


PUT_UNTIL_KILLED = """
import datetime as dt, itertools, sys
from pathlib import Path
from kiosk.storage.outbox import Outbox
outbox = Outbox(Path(sys.argv[1]))
for number in itertools.count():
    data = b"packet %d " % number * 5000
    now = dt.datetime.now(dt.UTC)
    print(outbox.put(data, enrollment_id=str(number), nik_hash="", sealed_at=now), flush=True)
"""


def test_a_writer_killed_at_any_moment_leaves_every_acknowledged_packet_whole(tmp_path: Path):
    folder = tmp_path / "outbox"
    with subprocess.Popen(
        [sys.executable, "-c", PUT_UNTIL_KILLED, str(folder)], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        acknowledged = [writer.stdout.readline().strip() for _ in range(12)]
        writer.kill()
        acknowledged += writer.stdout.read().split()
    with closing(Outbox(folder)) as outbox:
        outbox.sweep()
        waiting = {entry.sha256 for entry in outbox.pending()}
        assert waiting >= {sha256 for sha256 in acknowledged if len(sha256) == 64}
        for sha256 in waiting:
            assert hashlib.sha256(outbox.read(sha256)).hexdigest() == sha256
