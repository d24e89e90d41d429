"""The receiver's answer: believed only when it is the receiver's, whole, and about this packet."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.enrollment.record import ClockTrust
from kiosk.packet.archive import read_archive, write_archive
from kiosk.packet.envelope import check_envelope, vouched_sealed_at
from kiosk.packet.faults import FaultKind, PacketFault
from kiosk.packet.receipts import CentralStatus, Receipt, sign_receipt, verify_receipt
from kiosk.packet.seal import SealedPacket
from tests.packet.made_packets import SEALED_AT, Keys, sealed_by_clock

PACKET = "ab" * 32
RECEIPT = Receipt(
    packet_sha256=PACKET,
    nik_hash="cd" * 32,
    status=CentralStatus.RECEIVED_AT_CENTRAL,
    at=SEALED_AT + dt.timedelta(hours=5),
    receiver_id="PUSAT-CONTOH",
)


def kind_of(data: bytes, keys: Keys, *, packet_sha256: str = PACKET) -> FaultKind:
    result = verify_receipt(
        data, packet_sha256=packet_sha256, anchors=keys.receiver_anchors, sealed_at=SEALED_AT
    )
    assert isinstance(result, PacketFault)
    return result.kind


def test_a_receipt_reads_back(keys: Keys):
    data = sign_receipt(RECEIPT, signer=keys.receiver)
    result = verify_receipt(data, packet_sha256=PACKET, anchors=keys.receiver_anchors, sealed_at=SEALED_AT)
    assert result == RECEIPT


def test_a_forged_receipt_is_refused(keys: Keys):
    """The kiosk's own key, or any other, signs no receipt."""
    assert kind_of(sign_receipt(RECEIPT, signer=keys.device), keys) is FaultKind.UNTRUSTED_SIGNER


def test_a_receipt_changed_after_signing_is_refused(keys: Keys):
    members = read_archive(sign_receipt(RECEIPT, signer=keys.receiver), where="receipt")
    assert isinstance(members, dict)
    members["receipt.json"] = members["receipt.json"].replace(b"RECEIVED_AT_CENTRAL", b"PRINT_READY_RECORD")
    assert kind_of(write_archive(members), keys) is FaultKind.BAD_SIGNATURE


def test_a_receipt_for_another_packet_is_refused(keys: Keys):
    data = sign_receipt(RECEIPT, signer=keys.receiver)
    assert kind_of(data, keys, packet_sha256="ef" * 32) is FaultKind.FOREIGN_PACKET


def test_a_receipt_from_before_the_sealing_is_refused(keys: Keys):
    early = replace(RECEIPT, at=SEALED_AT - dt.timedelta(seconds=1))
    assert kind_of(sign_receipt(early, signer=keys.receiver), keys) is FaultKind.EARLIER_THAN_SEAL


def test_without_a_trusted_sealing_time_the_order_is_not_judged(keys: Keys):
    early = replace(RECEIPT, at=SEALED_AT - dt.timedelta(seconds=1))
    data = sign_receipt(early, signer=keys.receiver)
    assert verify_receipt(data, packet_sha256=PACKET, anchors=keys.receiver_anchors) == early


def judged(packet: bytes | None, keys: Keys, *, at: dt.datetime) -> FaultKind | None:
    """A receipt of this time for that packet, as the uplink, the courier's stick and the purge judge it."""
    data = sign_receipt(replace(RECEIPT, at=at), signer=keys.receiver)
    sealed_at = vouched_sealed_at(packet, anchors=keys.device_anchors)
    result = verify_receipt(data, packet_sha256=PACKET, anchors=keys.receiver_anchors, sealed_at=sealed_at)
    return result.kind if isinstance(result, PacketFault) else None


EARLY = SEALED_AT - dt.timedelta(seconds=1)


@pytest.mark.parametrize("trust", [trust for trust in ClockTrust if trust is not ClockTrust.UNTRUSTED])
def test_a_sealing_time_that_somebody_vouched_for_is_held_against_the_receipt(
    trust: ClockTrust, packet: SealedPacket, keys: Keys
):
    data = sealed_by_clock(packet.data, keys, trust)
    assert judged(data, keys, at=EARLY) is FaultKind.EARLIER_THAN_SEAL
    assert judged(data, keys, at=SEALED_AT) is None


def test_a_clock_that_nobody_vouched_for_may_have_been_ahead_of_the_receivers(packet: SealedPacket, keys: Keys):
    assert judged(sealed_by_clock(packet.data, keys, ClockTrust.UNTRUSTED), keys, at=EARLY) is None


def test_a_packet_that_is_gone_or_does_not_hold_says_nothing_of_its_time(packet: SealedPacket, keys: Keys):
    for nothing in (None, b"", packet.data[:-1]):
        assert vouched_sealed_at(nothing, anchors=keys.device_anchors) is None
    assert vouched_sealed_at(packet.data, anchors=keys.receiver_anchors) is None


def test_a_clock_is_not_made_vouched_for_on_the_way(packet: SealedPacket, keys: Keys):
    """The trust is under the device's signature: with another word in its place the packet does not hold."""
    members = read_archive(sealed_by_clock(packet.data, keys, ClockTrust.GPS), where="packet")
    assert isinstance(members, dict)
    changed = members["header.json"].replace(b'"gps"', b'"untrusted"')
    assert changed != members["header.json"]
    fault = check_envelope(write_archive(members | {"header.json": changed}), anchors=keys.device_anchors)
    assert isinstance(fault, PacketFault)
    assert fault.kind is FaultKind.BAD_SIGNATURE


def test_a_truncated_receipt_is_refused(keys: Keys):
    data = sign_receipt(RECEIPT, signer=keys.receiver)
    for length in range(0, len(data), 37):
        assert kind_of(data[:length], keys) is FaultKind.TRUNCATED


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_a_flipped_bit_anywhere_is_found(keys: Keys, data: st.DataObject):
    receipt = bytearray(sign_receipt(RECEIPT, signer=keys.receiver))
    receipt[data.draw(st.integers(0, len(receipt) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    kind_of(bytes(receipt), keys)


def test_a_packet_is_no_receipt(packet: SealedPacket, keys: Keys):
    assert kind_of(packet.data, keys) is FaultKind.MISSING_PART


@pytest.mark.parametrize(
    ("status", "accepts"),
    [
        (CentralStatus.RECEIVED_AT_CENTRAL, True),
        (CentralStatus.ADJUDICATE_RECORD, True),
        (CentralStatus.DUPLICATE_RECORD, False),
        (CentralStatus.ENROLL_FAILURE_AT_CENTRAL, False),
        (CentralStatus.PROCESSING, False),
    ],
)
def test_only_a_status_that_keeps_the_packet_lets_it_be_purged(status: CentralStatus, accepts: bool):
    assert status.accepts is accepts
