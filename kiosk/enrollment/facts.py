"""What happened to one enrollment: journaled, never changed, replayed after a restart.

`apply` folds one fact into the aggregate. A fact that does not fit its stage is a bug in the flow or
a damaged journal, and raises `FactError`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from kiosk.enrollment.person import Person
from kiosk.enrollment.policy import chip_fingers
from kiosk.enrollment.positions import CaptureStep, Modality, Position
from kiosk.enrollment.record import (
    BiometricException,
    ChainLink,
    Enrollment,
    GallerySearch,
    Language,
    OfficerSignature,
    Sample,
    Stage,
    Stamp,
    Verification,
)


class FactError(Exception):
    """A fact that cannot follow what went before it."""


@dataclass(frozen=True, slots=True)
class Started:
    enrollment_id: str
    language: Language
    at: Stamp
    steps: tuple[CaptureStep, ...]


@dataclass(frozen=True, slots=True)
class NoticeGiven:
    version: str


@dataclass(frozen=True, slots=True)
class Identified:
    """by: `ticket`, `kk` or `nik`, whichever code matched the roster."""

    person: Person
    by: str


@dataclass(frozen=True, slots=True)
class BiodataConfirmed:
    pass


@dataclass(frozen=True, slots=True)
class BiodataDisputed:
    """The resident says something is wrong; the officer settles it at the review with a document."""

    remark: str


@dataclass(frozen=True, slots=True)
class RecordsTaken:
    """A device signed these records, whether or not their samples are kept."""

    links: tuple[ChainLink, ...]


@dataclass(frozen=True, slots=True)
class StepCaptured:
    step: CaptureStep
    samples: tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class PositionsExcepted:
    exceptions: tuple[BiometricException, ...]


@dataclass(frozen=True, slots=True)
class FingerVerified:
    verification: Verification


@dataclass(frozen=True, slots=True)
class FaceVerified:
    """Whether the person before the camera is the one in the photo."""

    verification: Verification


@dataclass(frozen=True, slots=True)
class FingersSearched:
    """Whether the same person was recorded on this unit before."""

    search: GallerySearch


@dataclass(frozen=True, slots=True)
class ReviewConfirmed:
    pass


@dataclass(frozen=True, slots=True)
class DataApproved:
    signature: Sample


@dataclass(frozen=True, slots=True)
class ModalityReturned:
    """The officer wants this step again."""

    step: CaptureStep
    officer: str


@dataclass(frozen=True, slots=True)
class Finalised:
    """override: the officer's reason for accepting forced samples or a failed verification. signature: of the
    officer's card, None without one."""

    officer: str
    at: Stamp
    override: str = ""
    signature: OfficerSignature | None = None


@dataclass(frozen=True, slots=True)
class PacketSealed:
    """slip_due: this unit prints, and the resident's slip is still to come out."""

    packet_sha256: str
    slip_due: bool = False


@dataclass(frozen=True, slots=True)
class SlipSettled:
    """printed False: the officer says it is not wanted any more."""

    printed: bool


@dataclass(frozen=True, slots=True)
class ReceiptAccepted:
    receipt_sha256: str
    central_status: str


@dataclass(frozen=True, slots=True)
class PacketRejected:
    """The receiver refused the packet and signed why; the unit keeps its copy."""

    receipt_sha256: str
    central_status: str


@dataclass(frozen=True, slots=True)
class PacketPurged:
    pass


@dataclass(frozen=True, slots=True)
class Aborted:
    """reason: `stopped`, `resumed_elsewhere`, `too_young`, `superseded`."""

    reason: str


Fact = (
    Started
    | NoticeGiven
    | Identified
    | BiodataConfirmed
    | BiodataDisputed
    | RecordsTaken
    | StepCaptured
    | PositionsExcepted
    | FingerVerified
    | FaceVerified
    | FingersSearched
    | ReviewConfirmed
    | DataApproved
    | ModalityReturned
    | Finalised
    | PacketSealed
    | SlipSettled
    | ReceiptAccepted
    | PacketRejected
    | PacketPurged
    | Aborted
)

_OPEN = frozenset(Stage) - {Stage.FINALISED, Stage.SEALED, Stage.RECEIVED, Stage.PURGED, Stage.ABORTED}

_ALLOWED: dict[type, frozenset[Stage]] = {
    NoticeGiven: frozenset({Stage.NOTICE}),
    Identified: frozenset({Stage.IDENTIFY}),
    BiodataConfirmed: frozenset({Stage.CONFIRM_BIODATA}),
    BiodataDisputed: frozenset({Stage.CONFIRM_BIODATA}),
    RecordsTaken: frozenset({Stage.CAPTURE, Stage.VERIFY}),
    StepCaptured: frozenset({Stage.CAPTURE}),
    PositionsExcepted: frozenset({Stage.CAPTURE, Stage.VERIFY, Stage.REVIEW, Stage.AWAIT_OFFICER}),
    FingerVerified: frozenset({Stage.VERIFY}),
    FaceVerified: frozenset({Stage.CAPTURE, Stage.VERIFY, Stage.REVIEW, Stage.APPROVE}),
    FingersSearched: frozenset({Stage.CAPTURE, Stage.VERIFY, Stage.REVIEW, Stage.APPROVE, Stage.AWAIT_OFFICER}),
    ReviewConfirmed: frozenset({Stage.REVIEW}),
    DataApproved: frozenset({Stage.APPROVE}),
    ModalityReturned: frozenset({Stage.AWAIT_OFFICER}),
    Finalised: frozenset({Stage.AWAIT_OFFICER}),
    PacketSealed: frozenset({Stage.FINALISED}),
    SlipSettled: frozenset({Stage.SEALED, Stage.RECEIVED, Stage.PURGED}),
    ReceiptAccepted: frozenset({Stage.SEALED}),
    PacketRejected: frozenset({Stage.SEALED}),
    PacketPurged: frozenset({Stage.RECEIVED}),
    Aborted: _OPEN,
}


def apply(enrollment: Enrollment | None, fact: Fact) -> Enrollment:
    """The enrollment after `fact`. Raises FactError when it cannot follow."""
    if isinstance(fact, Started):
        if enrollment is not None:
            raise FactError(f"enrollment {enrollment.id} was started twice")
        return Enrollment(
            id=fact.enrollment_id,
            language=fact.language,
            stage=Stage.NOTICE,
            started=fact.at,
            pending=fact.steps,
        )
    if enrollment is None:
        raise FactError(f"{type(fact).__name__} before Started")
    if enrollment.stage not in _ALLOWED[type(fact)]:
        allowed = ", ".join(sorted(_ALLOWED[type(fact)]))
        raise FactError(
            f"enrollment {enrollment.id}: {type(fact).__name__} cannot follow stage {enrollment.stage}; "
            f"it may follow {allowed}"
        )
    return _applied(enrollment, fact)


def replay(facts: Iterable[Fact]) -> Enrollment:
    """The enrollment that `facts`, oldest first, add up to. Raises FactError."""
    enrollment: Enrollment | None = None
    for fact in facts:
        enrollment = apply(enrollment, fact)
    if enrollment is None:
        raise FactError("a journal without facts")
    return enrollment


def _applied(before: Enrollment, fact: Fact) -> Enrollment:
    match fact:
        case NoticeGiven(version):
            return replace(before, notice_version=version, stage=Stage.IDENTIFY)
        case Identified(person, by):
            return replace(before, person=person, identified_by=by, stage=Stage.CONFIRM_BIODATA)
        case BiodataConfirmed():
            return _continued(before)
        case BiodataDisputed(remark):
            return _continued(replace(before, biodata_remarks=(*before.biodata_remarks, remark)))
        case RecordsTaken(links):
            return replace(before, links=(*before.links, *links))
        case StepCaptured(step, samples):
            pending = tuple(item for item in before.pending if item is not step)
            return _continued(
                _forget_stale_checks(replace(before.with_samples(samples), pending=pending), step)
            )
        case PositionsExcepted(exceptions):
            return _excepted(before, exceptions)
        case FingerVerified(verification):
            others = tuple(v for v in before.verifications if v.position is not verification.position)
            return _continued(replace(before, verifications=(*others, verification)))
        case FaceVerified(verification):
            return replace(
                before,
                verifications=(*before.verifications, verification),
                face_checked=before.stage is Stage.APPROVE,
            )
        case FingersSearched(search):
            return replace(before, gallery_search=search)
        case ReviewConfirmed():
            return replace(before, stage=Stage.APPROVE)
        case DataApproved(signature):
            return replace(before, approval=signature, stage=Stage.AWAIT_OFFICER)
        case ModalityReturned(step, officer):
            return replace(
                before,
                pending=(step,),
                returned=(*before.returned, step),
                officer=officer,
                approval=None,
                face_checked=False,
                stage=Stage.CAPTURE,
            )
        case Finalised(officer, at, override, signature):
            return replace(
                before,
                officer=officer,
                finalised=at,
                override=override,
                officer_signature=signature,
                stage=Stage.FINALISED,
            )
        case PacketSealed(packet_sha256, slip_due):
            return replace(
                before,
                packet_sha256=packet_sha256,
                slip_due=slip_due,
                central_status="BIO_CAPTURED",
                stage=Stage.SEALED,
            )
        case SlipSettled():
            return replace(before, slip_due=False)
        case ReceiptAccepted(receipt_sha256, central_status):
            return replace(
                before, receipt_sha256=receipt_sha256, central_status=central_status, stage=Stage.RECEIVED
            )
        case PacketRejected(receipt_sha256, central_status):
            return replace(before, receipt_sha256=receipt_sha256, central_status=central_status)
        case PacketPurged():
            return replace(before, stage=Stage.PURGED)
        case Aborted():
            return replace(before, stage=Stage.ABORTED)
        case Started():
            raise FactError("handled in apply")


def _continued(enrollment: Enrollment) -> Enrollment:
    """Moves to the first stage that still has something to do."""
    if enrollment.pending:
        return replace(enrollment, stage=Stage.CAPTURE)
    to_verify = chip_fingers(enrollment)
    enrollment = replace(enrollment, to_verify=to_verify)
    done = {item.position for item in enrollment.verifications}
    if any(position not in done for position in to_verify):
        return replace(enrollment, stage=Stage.VERIFY)
    return replace(enrollment, stage=Stage.REVIEW)


def _forget_stale_checks(enrollment: Enrollment, step: CaptureStep) -> Enrollment:
    """A finger captured anew must be verified, and looked for, anew."""
    kept = tuple(item for item in enrollment.verifications if item.position not in step.positions)
    search = None if step.modality is Modality.FINGERPRINT else enrollment.gallery_search
    return replace(enrollment, verifications=kept, gallery_search=search)


def _excepted(before: Enrollment, exceptions: tuple[BiometricException, ...]) -> Enrollment:
    gone: set[Position] = {item.position for item in exceptions}
    enrollment = replace(
        before,
        exceptions=(*(e for e in before.exceptions if e.position not in gone), *exceptions),
        samples=tuple(s for s in before.samples if s.position not in gone),
        verifications=tuple(v for v in before.verifications if v.position not in gone),
    )
    pending = tuple(step for step in enrollment.pending if enrollment.expected(step))
    enrollment = replace(enrollment, pending=pending)
    if before.stage in (Stage.CAPTURE, Stage.VERIFY):
        return _continued(enrollment)
    return enrollment
