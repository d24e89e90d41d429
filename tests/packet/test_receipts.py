"""The receiver's answer: believed only when it is the receiver's, whole, and about this packet."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.packet.archive import read_archive, write_archive
from kiosk.packet.faults import FaultKind, PacketFault
from kiosk.packet.receipts import CentralStatus, Receipt, sign_receipt, verify_receipt
from kiosk.packet.seal import SealedPacket
from tests.packet.made_packets import SEALED_AT, Keys

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
