"""From the outbox to the store, to the receiver, and back as a receipt."""

from __future__ import annotations

import datetime as dt
import socket
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.enrollment.record import ClockTrust
from kiosk.packet.receipts import CentralStatus, Receipt, sign_receipt
from kiosk.packet.seal import SealedPacket
from kiosk.storage.outbox import OutboxEntry, PacketState, PurgeRefusedError
from kiosk.uplink.sender import RECEIPTS_PER_PASS, Outcome, Report
from kiosk.uplink.store import open_store
from tests.packet.made_packets import sealed_by_clock
from tests.uplink.conftest import Line
from tests.uplink.stores import Choosy


def outcomes(reports: list[Report]) -> list[Outcome]:
    return [report.outcome for report in reports]


def receipt_for(packet: SealedPacket, line: Line, **changes: object) -> Receipt:
    made = Receipt(packet.sha256, packet.nik_hash, CentralStatus.RECEIVED_AT_CENTRAL, line.now, "PUSAT-CONTOH")
    return replace(made, **changes)


def test_a_packet_goes_out_once_and_is_purged_after_its_receipt(line: Line, packet: SealedPacket):
    line.put(packet)
    assert outcomes(line.send()) == [Outcome.SENT]
    assert line.outbox.entry(packet.sha256).state is PacketState.SENT
    assert line.send() == []
    (judgement,) = line.receiver().run_once()
    assert judgement.receipt.status is CentralStatus.RECEIVED_AT_CENTRAL
    assert outcomes(line.send()) == [Outcome.RECEIVED]
    assert line.outbox.entry(packet.sha256).state is PacketState.RECEIVED
    assert line.outbox.purge(packet.sha256).state is PacketState.PURGED
    assert line.send() == []
    assert list(line.receiver().run_once()) == []


def test_nothing_is_purged_before_a_receipt(line: Line, packet: SealedPacket):
    line.put(packet)
    line.send()
    with pytest.raises(PurgeRefusedError):
        line.outbox.purge(packet.sha256)


def test_a_packet_the_store_has_already_counts_as_delivered(line: Line, packet: SealedPacket):
    """Power fell after the put and before its note."""
    line.put(packet)
    line.store.put_packet(packet.sha256, packet.data)
    assert outcomes(line.send()) == [Outcome.ALREADY_THERE]
    assert line.outbox.entry(packet.sha256).state is PacketState.SENT


def test_a_dead_line_is_noted_and_the_packet_goes_later(line: Line, packet: SealedPacket, seal_for):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        dead = open_store(f"s3://ktp-el?endpoint=http://127.0.0.1:{unused.getsockname()[1]}")
        for each in (packet, *(seal_for(n, nik=f"350311170801000{n}") for n in (2, 3, 4))):
            line.put(each)
        assert outcomes(line.send(dead)) == [Outcome.UNREACHABLE] * 2  # not one try for each packet
    tried = [entry for entry in line.outbox.pending() if entry.attempts]
    assert len(tried) == 2
    assert all(entry.last_fault for entry in tried)
    assert outcomes(line.send()) == [Outcome.SENT] * 4


def test_packets_the_store_does_not_take_hold_up_no_others(line: Line, seal_for, tmp_path: Path):
    for n in range(5):
        line.put(seal_for(40 + n, nik=f"350311170801004{n}"))
    *unlucky, third, fourth, last = [entry.sha256 for entry in line.outbox.pending()]

    def backwards(rest: Sequence[OutboxEntry], count: int) -> Sequence[OutboxEntry]:
        return rest[::-1][:count]

    choosy = replace(line.sender(Choosy(tmp_path / "store", set(unlucky))), sample=backwards)
    assert [(report.sha256, report.outcome) for report in choosy.run_once()] == [
        (unlucky[0], Outcome.UNREACHABLE),
        (last, Outcome.SENT),
        (fourth, Outcome.SENT),
        (third, Outcome.SENT),
        (unlucky[1], Outcome.UNREACHABLE),
    ]
    assert {entry.sha256 for entry in line.outbox.pending()} == set(unlucky)


def test_receipts_are_asked_for_though_nothing_could_be_sent(
    line: Line, packet: SealedPacket, seal_for, tmp_path: Path
):
    line.put(packet)
    line.send()
    list(line.receiver().run_once())
    waiting = [seal_for(n, nik=f"350311170801000{n}") for n in (2, 3)]
    for each in waiting:
        line.put(each)
    choosy = Choosy(tmp_path / "store", {each.sha256 for each in waiting})
    assert outcomes(line.send(choosy)) == [Outcome.UNREACHABLE, Outcome.UNREACHABLE, Outcome.RECEIVED]


def test_a_packet_damaged_on_disk_stays_and_the_others_go(line: Line, packet: SealedPacket, seal_for, tmp_path):
    other = seal_for(3, nik="3503111708010003")
    line.put(packet)
    line.put(other)
    file = tmp_path / "outbox" / f"{packet.sha256}.ktp"
    file.write_bytes(file.read_bytes()[:-1])
    reports = {report.sha256: report.outcome for report in line.send()}
    assert reports == {packet.sha256: Outcome.PACKET_FAULT, other.sha256: Outcome.SENT}
    assert "hash" in line.outbox.entry(packet.sha256).last_fault


def test_a_packet_whose_state_cannot_be_read_is_named_and_the_others_go(
    line: Line, packet: SealedPacket, seal_for, tmp_path
):
    other = seal_for(3, nik="3503111708010003")
    line.put(packet)
    line.put(other)
    (tmp_path / "outbox" / f"{packet.sha256}.json").write_text("rotten")
    damaged, sent = line.send()
    assert (damaged.sha256, damaged.outcome) == (packet.sha256, Outcome.PACKET_FAULT)
    assert "state cannot be read" in damaged.detail
    assert (sent.sha256, sent.outcome) == (other.sha256, Outcome.SENT)
    assert [answer.receipt.packet_sha256 for answer in line.receiver().run_once()] == [other.sha256]
    assert outcomes(line.send()) == [Outcome.PACKET_FAULT, Outcome.RECEIVED]


def test_a_damaged_receipt_here_holds_up_no_other_and_the_final_one_is_taken(
    line: Line, packet: SealedPacket, seal_for, tmp_path
):
    other = seal_for(3, nik="3503111708010003")
    for each in (packet, other):
        line.put(each)
        line.outbox.attach_receipt(each.sha256, b"at work", accepted=None)
        line.store.put_packet(each.sha256, each.data)
    (tmp_path / "outbox" / f"{packet.sha256}.receipt").write_bytes(b"rotten")
    list(line.receiver().run_once())
    assert outcomes(line.send()) == [Outcome.RECEIVED, Outcome.RECEIVED]
    assert len(line.outbox.entries(PacketState.RECEIVED)) == 2


def test_bytes_that_are_no_packet_are_not_sent(line: Line):
    line.outbox.put(b"not a packet", enrollment_id="x", nik_hash="", sealed_at=line.now)
    assert outcomes(line.send()) == [Outcome.PACKET_FAULT]
    assert list(line.store.unanswered()) == []


def test_a_forged_receipt_is_refused_and_a_true_one_is_still_taken(line: Line, packet: SealedPacket, tmp_path):
    line.put(packet)
    line.send()
    line.store.put_receipt(packet.sha256, sign_receipt(receipt_for(packet, line), signer=line.keys.device))
    assert outcomes(line.send()) == [Outcome.RECEIPT_REFUSED]
    assert line.outbox.entry(packet.sha256).state is PacketState.SENT
    assert line.outbox.entry(packet.sha256).last_fault.startswith("receipt: receipt.p7s: ")
    (tmp_path / f"store/packets/{packet.sha256}.receipt").unlink()
    list(line.receiver().run_once())
    assert outcomes(line.send()) == [Outcome.RECEIVED]


def test_a_receipt_for_another_packet_is_refused(line: Line, packet: SealedPacket):
    line.put(packet)
    line.send()
    foreign = receipt_for(packet, line, packet_sha256="ab" * 32)
    line.store.put_receipt(packet.sha256, sign_receipt(foreign, signer=line.keys.receiver))
    (report,) = line.send()
    assert report.outcome is Outcome.RECEIPT_REFUSED
    assert "ab" * 32 in report.detail


def test_a_truncated_receipt_is_refused(line: Line, packet: SealedPacket):
    line.put(packet)
    line.send()
    whole = sign_receipt(receipt_for(packet, line), signer=line.keys.receiver)
    line.store.put_receipt(packet.sha256, whole[:-600])
    (report,) = line.send()
    assert report.outcome is Outcome.RECEIPT_REFUSED
    assert "the end after" in report.detail


def test_a_receipt_from_before_the_sealing_is_refused(line: Line, packet: SealedPacket):
    line.put(packet)
    line.send()
    early = receipt_for(packet, line, at=packet.sealed_at - dt.timedelta(minutes=1))
    line.store.put_receipt(packet.sha256, sign_receipt(early, signer=line.keys.receiver))
    (report,) = line.send()
    assert report.outcome is Outcome.RECEIPT_REFUSED
    assert "or later" in report.detail


def test_a_clock_that_nobody_vouched_for_refuses_no_receipt(line: Line, packet: SealedPacket):
    """It may have been ahead of the receiver's: the packet would stay for ever."""
    data = sealed_by_clock(packet.data, line.keys, ClockTrust.UNTRUSTED)
    sha256 = line.outbox.put(data, enrollment_id="x", nik_hash=packet.nik_hash, sealed_at=packet.sealed_at)
    line.send()
    early = receipt_for(packet, line, packet_sha256=sha256, at=packet.sealed_at - dt.timedelta(minutes=1))
    line.store.put_receipt(sha256, sign_receipt(early, signer=line.keys.receiver))
    assert outcomes(line.send()) == [Outcome.RECEIVED]


def test_a_long_unanswered_queue_is_asked_for_in_portions(line: Line):
    asked: list[int] = []

    def first(waiting: Sequence[OutboxEntry], count: int) -> Sequence[OutboxEntry]:
        asked.append(count)
        return waiting[:count]

    for number in range(RECEIPTS_PER_PASS + 7):
        sha256 = line.outbox.put(b"%d" % number, enrollment_id="x", nik_hash="", sealed_at=line.now)
        line.outbox.mark_sent(sha256, line.now)
    assert list(replace(line.sender(), sample=first).run_once()) == []
    assert asked == [RECEIPTS_PER_PASS]


def test_a_receiver_that_is_still_working_lets_nothing_be_purged(line: Line, packet: SealedPacket):
    line.put(packet)
    line.send()
    working = receipt_for(packet, line, status=CentralStatus.PROCESSING)
    line.store.put_receipt(packet.sha256, sign_receipt(working, signer=line.keys.receiver))
    line.send()
    with pytest.raises(PurgeRefusedError):
        line.outbox.purge(packet.sha256)
