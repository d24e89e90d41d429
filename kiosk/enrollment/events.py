"""Everything that can happen to the kiosk: a closed union of plain values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kiosk.enrollment.faults import Fault
from kiosk.enrollment.person import Person
from kiosk.enrollment.positions import CaptureStep, Position
from kiosk.enrollment.quality_report import Defect
from kiosk.enrollment.record import (
    ChainLink,
    Enrollment,
    ExceptionReason,
    GallerySearch,
    ImageRef,
    Language,
    OfficerSignature,
    Sample,
    Verification,
)
from kiosk.enrollment.standing import Delivery, SelfTestLine, UnitStanding
from kiosk.enrollment.stick_events import StickAsked, StickProgressed, StickTaskChosen, StickTaskEnded


class Role(StrEnum):
    OFFICER = "officer"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Staff:
    """Who signed in. number: the staff number, the only identity the journal keeps. by_card: with the card
    that shall also sign what is finalised."""

    number: str
    role: Role
    by_card: bool = False


class CardPresence(StrEnum):
    """What is known of the officer's card. NOT_USED: this unit has no card reader configured."""

    NOT_USED = "not_used"
    READER_AWAY = "reader_away"
    ABSENT = "absent"
    PRESENT = "present"
    UNREADABLE = "unreadable"


class CardTrouble(StrEnum):
    """What stands between an officer and a signature. All but BLOCKED and NOT_KNOWN heal by themselves."""

    PULLED = "pulled"
    READER_AWAY = "reader_away"
    UNREADABLE = "unreadable"
    BLOCKED = "blocked"
    NOT_KNOWN = "not_known"
    """The card is nobody's in this unit's roster of officers."""
    NOT_YOURS = "not_yours"
    """The card is that of another officer than the one who finalises."""


# --- the resident's touches -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LanguageChosen:
    language: Language


@dataclass(frozen=True, slots=True)
class Continued:
    """The screen's one forward button: notice read, review right, wait understood."""


@dataclass(frozen=True, slots=True)
class KeyTyped:
    character: str


@dataclass(frozen=True, slots=True)
class KeyErased:
    pass


@dataclass(frozen=True, slots=True)
class EntryCleared:
    pass


@dataclass(frozen=True, slots=True)
class EntrySubmitted:
    pass


@dataclass(frozen=True, slots=True)
class BiodataAccepted:
    pass


@dataclass(frozen=True, slots=True)
class BiodataQuestioned:
    pass


@dataclass(frozen=True, slots=True)
class CaptureAsked:
    """Take it now, without waiting for the automatic capture."""


@dataclass(frozen=True, slots=True)
class HelpAsked:
    pass


@dataclass(frozen=True, slots=True)
class StopAsked:
    pass


@dataclass(frozen=True, slots=True)
class StopConfirmed:
    pass


@dataclass(frozen=True, slots=True)
class WentBack:
    """Leaves an overlay (help, stop, still there) or an officer's screen for the one behind it."""


@dataclass(frozen=True, slots=True)
class IdleElapsed:
    """Nobody touched anything for the policy's idle time, or did not answer `still there`."""


# --- devices and capture ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CodeScanned:
    code: str


@dataclass(frozen=True, slots=True)
class Outline:
    """A box over the preview in preview pixels: upright size about its centre, turned by `angle_deg`."""

    position: Position
    x: float
    y: float
    width: float
    height: float
    angle_deg: float
    good: bool


@dataclass(frozen=True, slots=True)
class Guidance:
    """The newest judgement of the live picture. held: share of the still time that has passed, 0..1."""

    advice: Defect | None = None
    good: bool = False
    held: float = 0.0
    outlines: tuple[Outline, ...] = ()
    scores: tuple[tuple[Position, int | None], ...] = ()


NO_GUIDANCE = Guidance()


@dataclass(frozen=True, slots=True)
class GuidanceGiven:
    task: int
    guidance: Guidance


@dataclass(frozen=True, slots=True)
class SamplesTaken:
    """One attempt's samples, good or not, one for each position asked for; links: the device's chain."""

    task: int
    samples: tuple[Sample, ...]
    links: tuple[ChainLink, ...] = ()


@dataclass(frozen=True, slots=True)
class AttemptFailed:
    """No usable sample though the device works. advice: what to mend; links: what it signed all the same."""

    task: int
    advice: Defect
    links: tuple[ChainLink, ...] = ()


@dataclass(frozen=True, slots=True)
class SampleCompared:
    """A finger against its first capture; or the face against the photo, without links."""

    task: int
    verification: Verification
    links: tuple[ChainLink, ...] = ()


@dataclass(frozen=True, slots=True)
class DeviceFaulted:
    task: int
    fault: Fault


@dataclass(frozen=True, slots=True)
class DeviceHealed:
    task: int


# --- answers to effects ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RosterAnswered:
    """persons: whom the code names; already_recorded: a packet of this NIK was sealed before."""

    code: str
    kind: str
    persons: tuple[Person, ...]
    already_recorded: bool = False


@dataclass(frozen=True, slots=True)
class GallerySearched:
    """fingers: those that were looked for."""

    enrollment_id: str
    fingers: tuple[ImageRef, ...]
    search: GallerySearch


@dataclass(frozen=True, slots=True)
class SignInAnswered:
    """staff None: refused; message: text id of the reason; wait_s: seconds of lockout left."""

    staff: Staff | None
    message: str = ""
    wait_s: int = 0


@dataclass(frozen=True, slots=True)
class CardRefused:
    """The card did not sign. tries_left: None where it does not say; trouble None: only the PIN was wrong."""

    tries_left: int | None = None
    trouble: CardTrouble | None = None


@dataclass(frozen=True, slots=True)
class ApprovalSigned:
    """challenge: what was signed, as the effect gave it: it stands for the record and for this one attempt."""

    enrollment_id: str
    challenge: bytes
    signature: OfficerSignature


@dataclass(frozen=True, slots=True)
class PowerChanged:
    """low: on battery, and that is nearly empty."""

    low: bool


@dataclass(frozen=True, slots=True)
class Sealed:
    enrollment_id: str
    packet_sha256: str


@dataclass(frozen=True, slots=True)
class SealingFailed:
    enrollment_id: str
    fault: Fault


@dataclass(frozen=True, slots=True)
class SlipPrinted:
    enrollment_id: str


@dataclass(frozen=True, slots=True)
class PrintingFailed:
    enrollment_id: str
    fault: Fault


@dataclass(frozen=True, slots=True)
class PrinterReady:
    """The printer can print: said again and again while slips are due."""


@dataclass(frozen=True, slots=True)
class DeliveriesSeen:
    """How all sealed packets stand now, one each."""

    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True)
class Recalled:
    """A sealed record that rested in the journal comes back, because something is known of its packet."""

    enrollment: Enrollment


@dataclass(frozen=True, slots=True)
class ReceiptArrived:
    """A receipt whose signature and packet hash were checked. accepted: the receiver keeps the packet."""

    enrollment_id: str
    receipt_sha256: str
    central_status: str
    accepted: bool


@dataclass(frozen=True, slots=True)
class Purged:
    enrollment_id: str


# --- the officer -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CardChanged:
    """A card was put into the reader or pulled, or the reader itself came or went."""

    presence: CardPresence


@dataclass(frozen=True, slots=True)
class NumberChosen:
    """Signing in by staff number and PIN instead of the card."""


@dataclass(frozen=True, slots=True)
class CardChosen:
    """Signing in by the card in the reader instead of the number."""


@dataclass(frozen=True, slots=True)
class SignatureSkipped:
    """Finalising without the card's signature; the packet says so by having none."""


@dataclass(frozen=True, slots=True)
class OfficerCalled:
    """The sign-in button or the key switch."""


@dataclass(frozen=True, slots=True)
class DiagnosticsAsked:
    """The officer wants to see how the unit and its devices stand."""


@dataclass(frozen=True, slots=True)
class UnitExamined:
    standing: UnitStanding


@dataclass(frozen=True, slots=True)
class DeviceChosen:
    url: str


@dataclass(frozen=True, slots=True)
class UnitChosen:
    """The unit itself: store, disk, clock, version."""


@dataclass(frozen=True, slots=True)
class SelfTestsAsked:
    """These devices shall test themselves, in this order."""

    urls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeviceTested:
    url: str
    lines: tuple[SelfTestLine, ...]


@dataclass(frozen=True, slots=True)
class RecordOpened:
    enrollment_id: str


@dataclass(frozen=True, slots=True)
class HandedBack:
    """The officer gives the opened record back to the resident, who goes on where it stopped."""


@dataclass(frozen=True, slots=True)
class ReturnAsked:
    pass


@dataclass(frozen=True, slots=True)
class StepReturned:
    step: CaptureStep


@dataclass(frozen=True, slots=True)
class ExceptionAsked:
    pass


@dataclass(frozen=True, slots=True)
class ExceptionPositionChosen:
    position: Position


@dataclass(frozen=True, slots=True)
class ExceptionReasonChosen:
    reason: ExceptionReason


@dataclass(frozen=True, slots=True)
class FinaliseAsked:
    """override: why forced samples or a failed verification are accepted, empty when there are none."""

    override: str = ""


@dataclass(frozen=True, slots=True)
class PrintAsked:
    pass


@dataclass(frozen=True, slots=True)
class SlipWaived:
    """The resident does not want the slip any more."""


@dataclass(frozen=True, slots=True)
class SignedOut:
    pass


Event = (
    LanguageChosen
    | Continued
    | KeyTyped
    | KeyErased
    | EntryCleared
    | EntrySubmitted
    | BiodataAccepted
    | BiodataQuestioned
    | CaptureAsked
    | HelpAsked
    | StopAsked
    | StopConfirmed
    | WentBack
    | IdleElapsed
    | CodeScanned
    | GuidanceGiven
    | SamplesTaken
    | AttemptFailed
    | SampleCompared
    | DeviceFaulted
    | DeviceHealed
    | RosterAnswered
    | GallerySearched
    | SignInAnswered
    | CardRefused
    | ApprovalSigned
    | CardChanged
    | PowerChanged
    | NumberChosen
    | CardChosen
    | SignatureSkipped
    | Sealed
    | SealingFailed
    | SlipPrinted
    | PrintingFailed
    | PrinterReady
    | DeliveriesSeen
    | Recalled
    | ReceiptArrived
    | Purged
    | OfficerCalled
    | DiagnosticsAsked
    | UnitExamined
    | DeviceChosen
    | UnitChosen
    | SelfTestsAsked
    | DeviceTested
    | StickAsked
    | StickTaskChosen
    | StickProgressed
    | StickTaskEnded
    | RecordOpened
    | HandedBack
    | ReturnAsked
    | StepReturned
    | ExceptionAsked
    | ExceptionPositionChosen
    | ExceptionReasonChosen
    | FinaliseAsked
    | PrintAsked
    | SlipWaived
    | SignedOut
)
