"""The aggregate of one enrollment and its parts. Changes return new values."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from enum import StrEnum

from kiosk.enrollment.person import Person
from kiosk.enrollment.positions import CaptureStep, Position
from kiosk.enrollment.quality_report import QualityReport


class Language(StrEnum):
    INDONESIAN = "id"
    JAVANESE = "jv"
    ENGLISH = "en"


class ClockTrust(StrEnum):
    """Who vouches for the wall clock: the board has no battery."""

    UNTRUSTED = "untrusted"
    OFFICER = "officer"
    GPS = "gps"
    NETWORK = "network"


@dataclass(frozen=True, slots=True)
class Stamp:
    """Wall time with its trust, and the monotonic reading beside it."""

    at: dt.datetime
    trust: ClockTrust
    monotonic_ns: int


@dataclass(frozen=True, slots=True)
class ImageRef:
    """One stored image by content. sha256: lower-case hex of the stored bytes; dpi None without fixed scale."""

    sha256: str
    media_type: str
    width: int
    height: int
    dpi: int | None


@dataclass(frozen=True, slots=True)
class Capturer:
    """The device that took a sample."""

    make: str
    model: str
    serial: str


@dataclass(frozen=True, slots=True)
class Sample:
    """One accepted sample of one position.

    attempt: counts from 1 within its step. forced: accepted below the threshold after the last
    attempt. record_sha256 and chain_hash: the device's signed record and its place in the session's
    hash chain (lower- and upper-case hex), empty for devices without one. strokes: for signatures,
    the content hash of the stroke data (JSON) beside the picture.
    """

    position: Position
    image: ImageRef
    report: QualityReport
    attempt: int
    forced: bool
    capturer: Capturer
    record_sha256: str = ""
    chain_hash: str = ""
    strokes: ImageRef | None = None


@dataclass(frozen=True, slots=True)
class ChainLink:
    """One record in the devices' hash chain over the whole session, discarded attempts included.

    chain_hash = SHA-256(previous chain hash || record_sha256), upper-case hex; the first link
    follows SHA-256 of nothing (MOSIP SBI 0.9.5). record_sha256: lower-case hex.
    """

    position: Position
    record_sha256: str
    chain_hash: str


class ExceptionReason(StrEnum):
    AMPUTATED = "amputated"
    BANDAGED = "bandaged"
    SCARRED = "scarred"
    WORN_RIDGES = "worn_ridges"
    CANNOT_FLATTEN = "cannot_flatten"
    EYE_ABSENT = "eye_absent"
    BLIND = "blind"
    CANNOT_OPEN = "cannot_open"
    NYSTAGMUS = "nystagmus"
    CANNOT_FIXATE = "cannot_fixate"
    CANNOT_SIGN = "cannot_sign"
    REFUSED = "refused"
    DEVICE_FAULT = "device_fault"

    @property
    def temporary(self) -> bool:
        """Temporary reasons defer the position (call back) instead of excepting it for good."""
        return self in (ExceptionReason.BANDAGED, ExceptionReason.DEVICE_FAULT)


@dataclass(frozen=True, slots=True)
class BiometricException:
    """A position that is not captured, and who says so. approved_by must differ from attested_by."""

    position: Position
    reason: ExceptionReason
    attested_by: str
    approved_by: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """A chip finger or the face captured again and matched 1:1 with its first capture.

    score: matcher units. matcher: empty when nothing could be compared, as when nobody sat there.
    """

    position: Position
    score: float
    matched: bool
    matcher: str


@dataclass(frozen=True, slots=True)
class RecordedBefore:
    """An earlier record on this unit, under another NIK, with the same fingers. score: the best finger's, in
    matcher units; fingers: how many matched."""

    enrollment_id: str
    score: float
    fingers: int


@dataclass(frozen=True, slots=True)
class GallerySearch:
    """The fingers looked for among `records` earlier ones on this unit; hits: best first, mostly none."""

    matcher: str
    records: int
    hits: tuple[RecordedBefore, ...] = ()


@dataclass(frozen=True, slots=True)
class OfficerSignature:
    """The finalising officer's card over `approval.challenge_of(statement_of(enrollment))`.

    algorithm: `ecdsa-sha256` (DER ECDSA-Sig-Value, RFC 3279) or `rsa-pkcs1-sha256` (RFC 8017). signature and
    certificate (X.509, DER) in base64.
    """

    algorithm: str
    signature: str
    certificate: str


class Stage(StrEnum):
    """Where an enrollment stands. A restart resumes at the stage the journal last reached."""

    NOTICE = "notice"
    IDENTIFY = "identify"
    CONFIRM_BIODATA = "confirm_biodata"
    CAPTURE = "capture"
    VERIFY = "verify"
    REVIEW = "review"
    APPROVE = "approve"
    AWAIT_OFFICER = "await_officer"
    FINALISED = "finalised"
    SEALED = "sealed"
    RECEIVED = "received"
    PURGED = "purged"
    ABORTED = "aborted"


@dataclass(frozen=True, slots=True)
class Enrollment:
    """One resident's recording on this unit.

    samples: at most one per position, the best accepted. pending: capture steps still to do, in order.
    verifications: one for each chip finger, the last; every one of the face, in order. face_checked: before
    signing, the face was compared with the photo. gallery_search: of the fingers as they are now, None before
    it has answered.
    approval: the signature given under the reviewed data, after REVIEW. override: the finalising
    officer's reason for accepting forced samples or a failed verification. officer_signature: None where
    the officer signed in without a card.
    """

    id: str
    language: Language
    stage: Stage
    started: Stamp
    notice_version: str = ""
    person: Person | None = None
    identified_by: str = ""
    pending: tuple[CaptureStep, ...] = tuple(CaptureStep)
    samples: tuple[Sample, ...] = ()
    exceptions: tuple[BiometricException, ...] = ()
    to_verify: tuple[Position, ...] = ()
    verifications: tuple[Verification, ...] = ()
    face_checked: bool = False
    gallery_search: GallerySearch | None = None
    links: tuple[ChainLink, ...] = ()
    approval: Sample | None = None
    biodata_remarks: tuple[str, ...] = ()
    officer: str = ""
    returned: tuple[CaptureStep, ...] = ()
    finalised: Stamp | None = None
    override: str = ""
    officer_signature: OfficerSignature | None = None
    packet_sha256: str = ""
    slip_due: bool = False
    receipt_sha256: str = ""
    central_status: str = "UNREGISTERED"

    @property
    def over(self) -> bool:
        """Nothing is left to do for it here."""
        return self.stage is Stage.ABORTED or (self.stage is Stage.PURGED and not self.slip_due)

    def sample(self, position: Position) -> Sample | None:
        return next((sample for sample in self.samples if sample.position is position), None)

    def exception(self, position: Position) -> BiometricException | None:
        return next((item for item in self.exceptions if item.position is position), None)

    def expected(self, step: CaptureStep) -> tuple[Position, ...]:
        """The step's positions less the excepted ones."""
        return tuple(position for position in step.positions if self.exception(position) is None)

    def with_samples(self, samples: tuple[Sample, ...]) -> Enrollment:
        """Replaces the samples of the same positions."""
        new = {sample.position for sample in samples}
        kept = tuple(sample for sample in self.samples if sample.position not in new)
        order = list(Position)
        return replace(self, samples=tuple(sorted(kept + samples, key=lambda s: order.index(s.position))))
