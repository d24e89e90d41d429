"""Which line of the audit log each journaled fact leaves, and a new roster."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from kiosk.enrollment.facts import (
    Aborted,
    BiodataConfirmed,
    BiodataDisputed,
    DataApproved,
    Fact,
    Finalised,
    FingersSearched,
    FingerVerified,
    Identified,
    ModalityReturned,
    NoticeGiven,
    PacketPurged,
    PacketRejected,
    PacketSealed,
    PositionsExcepted,
    ReceiptAccepted,
    Started,
    StepCaptured,
)
from kiosk.enrollment.record import Enrollment, Stamp
from kiosk.security.audit import AuditEvent, AuditLog
from kiosk.storage.roster import RosterImport

Details = Mapping[str, str | int | bool]
Line = tuple[AuditEvent, str, Details]
"""Event, the officer who did it (empty for the resident or the unit), details."""


def record_roster_import(
    log: AuditLog, listing: bytes, result: RosterImport, *, at: Stamp, actor: str = ""
) -> None:
    """listing: the whole file, so that the log knows which it was."""
    log.record(
        AuditEvent.ROSTER_IMPORTED,
        at,
        actor=actor,
        details={
            "added": result.added,
            "changed": result.changed,
            "problems": len(result.problems),
            "file_sha256": hashlib.sha256(listing).hexdigest(),
        },
    )


def record_fact(
    log: AuditLog, fact: Fact, *, enrollment: Enrollment | None, enrollment_id: str, at: Stamp
) -> None:
    """enrollment: the aggregate after the fact, None once it has ended."""
    nik = enrollment.person.nik if enrollment is not None and enrollment.person is not None else ""
    for event, actor, details in lines_of(fact, enrollment):
        log.record(event, at, actor=actor, enrollment_id=enrollment_id, nik=nik, details=details)


def lines_of(fact: Fact, enrollment: Enrollment | None) -> tuple[Line, ...]:
    """The lines of one fact; facts that change nothing a reader would ask for leave none."""
    packet = enrollment.packet_sha256 if enrollment is not None else ""
    match fact:
        case Started():
            return ((AuditEvent.SESSION_STARTED, "", {"mode": "counter"}),)
        case NoticeGiven(version):
            language = str(enrollment.language) if enrollment is not None else ""
            return ((AuditEvent.NOTICE_GIVEN, "", {"version": version, "language": language}),)
        case Identified(_, by):
            return ((AuditEvent.PERSON_IDENTIFIED, "", {"by": by}),)
        case BiodataConfirmed():
            return ((AuditEvent.BIODATA_CONFIRMED, "", {}),)
        case BiodataDisputed(remark):
            return ((AuditEvent.BIODATA_DISPUTED, "", {"field": remark}),)
        case StepCaptured(_, samples):
            return tuple(
                (
                    AuditEvent.CAPTURED,
                    "",
                    {
                        "position": str(sample.position),
                        "score": -1 if sample.report.score is None else sample.report.score,
                        "attempt": sample.attempt,
                        "forced": sample.forced,
                    },
                )
                for sample in samples
            )
        case PositionsExcepted(exceptions):
            return tuple(
                (
                    AuditEvent.EXCEPTION_APPROVED,
                    item.approved_by,
                    {"position": str(item.position), "reason": str(item.reason)},
                )
                for item in exceptions
            )
        case FingerVerified(verification):
            verified: Details = {"position": str(verification.position), "matched": verification.matched}
            return ((AuditEvent.VERIFIED, "", verified),)
        case FingersSearched(search):
            return ((AuditEvent.FINGERS_SEARCHED, "", {"records": search.records, "hits": len(search.hits)}),)
        case DataApproved():
            return ((AuditEvent.APPROVED, "", {"by": "resident"}),)
        case ModalityReturned(step, officer):
            return ((AuditEvent.STEP_RETURNED, officer, {"step": str(step)}),)
        case Finalised(officer, _, override, _):
            return ((AuditEvent.FINALISED, officer, {"override": override or "none"}),)
        case PacketSealed(packet_sha256):
            return ((AuditEvent.SEALED, "", {"packet_sha256": packet_sha256}),)
        case ReceiptAccepted(receipt_sha256, status) | PacketRejected(receipt_sha256, status):
            answered: Details = {"packet_sha256": packet, "receipt_sha256": receipt_sha256, "status": status}
            return ((AuditEvent.RECEIPT_ACCEPTED, "", answered),)
        case PacketPurged():
            return ((AuditEvent.PURGED, "", {"packet_sha256": packet}),)
        case Aborted(reason):
            return ((AuditEvent.ABORTED, "", {"reason": reason}),)
        case _:
            return ()
