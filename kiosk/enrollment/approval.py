"""What an officer's card signs when a record is finalised: everything the officer answers for, as one text.

The statement is made of the finalised record alone, so that the centre can make it again from a packet's
manifest and check the card's signature without any copy of this unit's journal.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from kiosk.enrollment.codec import to_json
from kiosk.enrollment.person import Person
from kiosk.enrollment.record import BiometricException, ChainLink, Enrollment, Sample, Stamp, Verification

FORMAT = "ktp-el-approval/1"


@dataclass(frozen=True, slots=True)
class Approval:
    format: str
    enrollment_id: str
    notice_version: str
    person: Person | None
    identified_by: str
    biodata_remarks: tuple[str, ...]
    samples: tuple[Sample, ...]
    approval: Sample | None
    exceptions: tuple[BiometricException, ...]
    verifications: tuple[Verification, ...]
    device_chain: tuple[ChainLink, ...]
    officer: str
    override: str
    finalised: Stamp | None


def statement_of(enrollment: Enrollment) -> bytes:
    """The statement of a finalised record: JSON in UTF-8, keys sorted, no spaces; the same bytes ever after."""
    approval = Approval(
        format=FORMAT,
        enrollment_id=enrollment.id,
        notice_version=enrollment.notice_version,
        person=enrollment.person,
        identified_by=enrollment.identified_by,
        biodata_remarks=enrollment.biodata_remarks,
        samples=enrollment.samples,
        approval=enrollment.approval,
        exceptions=enrollment.exceptions,
        verifications=enrollment.verifications,
        device_chain=enrollment.links,
        officer=enrollment.officer,
        override=enrollment.override,
        finalised=enrollment.finalised,
    )
    written = json.dumps(to_json(approval), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return written.encode()


def challenge_of(statement: bytes) -> bytes:
    """The line the card signs. It says what it is, so that no sign-in can be passed off as an approval."""
    return f"{FORMAT}\n{hashlib.sha256(statement).hexdigest()}\n".encode()
