"""Receipts: the receiver's signed answer, the only thing that lets a packet be purged.

A ustar archive of receipt.json and receipt.p7s, the CMS signature of the receiver over the former.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from cryptography import x509

from kiosk.packet.archive import read_archive, write_archive
from kiosk.packet.cms import DeviceSigner, sign_detached, verify_detached
from kiosk.packet.envelope import require_members
from kiosk.packet.faults import FaultKind, PacketFault
from kiosk.packet.manifest import document, read_document

FORMAT = "ktp-el-receipt/1"
_BODY, _SIGNATURE = "receipt.json", "receipt.p7s"


class CentralStatus(StrEnum):
    """The register's own statuses, as far as it reports them."""

    UNREGISTERED = "UNREGISTERED"
    BIO_CAPTURED = "BIO_CAPTURED"
    PROCESSING = "PROCESSING"
    SENT_FOR_ENROLLMENT = "SENT_FOR_ENROLLMENT"
    RECEIVED_AT_CENTRAL = "RECEIVED_AT_CENTRAL"
    ENROLL_FAILURE_AT_REGIONAL = "ENROLL_FAILURE_AT_REGIONAL"
    ENROLL_FAILURE_AT_CENTRAL = "ENROLL_FAILURE_AT_CENTRAL"
    SEARCH_FAILURE_AT_CENTRAL = "SEARCH_FAILURE_AT_CENTRAL"
    ADJUDICATE_RECORD = "ADJUDICATE_RECORD"
    REQUEST_VALIDATION = "REQUEST_VALIDATION"
    DUPLICATE_RECORD = "DUPLICATE_RECORD"
    PRINT_READY_RECORD = "PRINT_READY_RECORD"
    SENT_FOR_CARD_PRINTING = "SENT_FOR_CARD_PRINTING"
    CARD_PRINTED = "CARD_PRINTED"
    CARD_SHIPPED = "CARD_SHIPPED"
    CARD_ISSUED = "CARD_ISSUED"

    @property
    def accepts(self) -> bool:
        """The receiver holds the packet whole and keeps it: the kiosk's copy may go."""
        return self in _ACCEPTING

    @property
    def verdict(self) -> bool | None:
        """As `accepts`, but None while the centre has not decided."""
        return None if self in _UNDECIDED else self.accepts


_ACCEPTING = frozenset(
    {
        CentralStatus.RECEIVED_AT_CENTRAL,
        CentralStatus.ADJUDICATE_RECORD,
        CentralStatus.REQUEST_VALIDATION,
        CentralStatus.PRINT_READY_RECORD,
        CentralStatus.SENT_FOR_CARD_PRINTING,
        CentralStatus.CARD_PRINTED,
        CentralStatus.CARD_SHIPPED,
        CentralStatus.CARD_ISSUED,
    }
)
_UNDECIDED = frozenset(
    {
        CentralStatus.UNREGISTERED,
        CentralStatus.BIO_CAPTURED,
        CentralStatus.PROCESSING,
        CentralStatus.SENT_FOR_ENROLLMENT,
    }
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """at: the receiver's clock. nik_hash: as in the packet's header. detail: why, when refused."""

    packet_sha256: str
    nik_hash: str
    status: CentralStatus
    at: dt.datetime
    receiver_id: str
    detail: str = ""
    format: str = FORMAT


def sign_receipt(receipt: Receipt, *, signer: DeviceSigner) -> bytes:
    body = document(receipt)
    return write_archive({_BODY: body, _SIGNATURE: sign_detached(body, signer)})


def verify_receipt(
    data: bytes,
    *,
    packet_sha256: str,
    anchors: Sequence[x509.Certificate],
    sealed_at: dt.datetime | None = None,
) -> Receipt | PacketFault:
    """The receipt, if a receiver under `anchors` signed it for this packet.

    sealed_at: the packet's sealing time where its clock was vouched for; an earlier receipt cannot be
    its answer. None leaves that out.
    """
    members = read_archive(data, where="receipt")
    if isinstance(members, PacketFault):
        return members
    fault = require_members(members, (_BODY, _SIGNATURE), where="receipt")
    if fault is not None:
        return fault
    receipt = read_document(Receipt, members[_BODY], where=_BODY, format_name=FORMAT)
    if isinstance(receipt, PacketFault):
        return receipt
    signer = verify_detached(
        members[_BODY], members[_SIGNATURE], anchors=anchors, at=receipt.at, where=_SIGNATURE
    )
    if isinstance(signer, PacketFault):
        return signer
    if receipt.packet_sha256 != packet_sha256:
        return PacketFault(FaultKind.FOREIGN_PACKET, _BODY, f"packet {receipt.packet_sha256}", packet_sha256)
    if sealed_at is not None and receipt.at < sealed_at:
        return PacketFault(
            FaultKind.EARLIER_THAN_SEAL, _BODY, receipt.at.isoformat(), f"{sealed_at.isoformat()} or later"
        )
    return receipt
