"""Where the kiosk stands: one screen at a time, each with just the state it needs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from kiosk.enrollment.effects import Purpose
from kiosk.enrollment.events import NO_GUIDANCE, CardPresence, CardTrouble, Guidance, Staff
from kiosk.enrollment.faults import Fault
from kiosk.enrollment.person import Person
from kiosk.enrollment.policy import Policy
from kiosk.enrollment.positions import CaptureStep, Position
from kiosk.enrollment.record import Enrollment, ExceptionReason, Sample, Stamp
from kiosk.enrollment.standing import Delivery, DeviceStanding, DeviceTest, UnitStanding
from kiosk.enrollment.stick_events import StickOutcome, StickTask


@dataclass(frozen=True, slots=True)
class Attract:
    pass


@dataclass(frozen=True, slots=True)
class AtNotice:
    enrollment_id: str


class Asked(StrEnum):
    CODE = "code"
    BIRTH_DATE = "birth_date"


@dataclass(frozen=True, slots=True)
class Identifying:
    """asked BIRTH_DATE: a family card named several people; the date tells them apart without showing them."""

    enrollment_id: str
    asked: Asked = Asked.CODE
    entry: str = ""
    message: str = ""
    candidates: tuple[Person, ...] = ()
    kind: str = ""
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Confirming:
    enrollment_id: str


@dataclass(frozen=True, slots=True)
class Capturing:
    """One placement under way. best: the best sample of each position so far, over all attempts.

    fault: the device is away; the step goes on by itself when it is back.
    """

    enrollment_id: str
    task: int
    purpose: Purpose
    step: CaptureStep
    positions: tuple[Position, ...]
    attempt: int = 1
    best: tuple[Sample, ...] = ()
    guidance: Guidance = NO_GUIDANCE
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Reviewing:
    enrollment_id: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """The resident is done; the officer is called."""

    enrollment_id: str


@dataclass(frozen=True, slots=True)
class Resuming:
    """After a power loss: the same person types the code again."""

    enrollment_id: str
    entry: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class SignInForm:
    """number: empty until it was entered; then the entry is the PIN. wait_s: seconds of lockout left."""

    number: str = ""
    entry: str = ""
    message: str = ""
    wait_s: int = 0


EMPTY_FORM = SignInForm()


@dataclass(frozen=True, slots=True)
class CardForm:
    """PIN of the card in the reader. asking: the card is at work. tries_left: None where it does not say."""

    entry: str = field(default="", repr=False)
    asking: bool = False
    message: str = ""
    tries_left: int | None = None
    trouble: CardTrouble | None = None


EMPTY_CARD_FORM = CardForm()


@dataclass(frozen=True, slots=True)
class OfficerSigningIn:
    back: Screen
    form: SignInForm | CardForm = EMPTY_FORM


@dataclass(frozen=True, slots=True)
class OfficerQueue:
    staff: Staff


@dataclass(frozen=True, slots=True)
class OfficerDiagnosing:
    """standing: None until it was looked at. chosen: a device's URL, `unit`, or empty for the list.

    testing: URLs of the devices still to test, the first under way; asked: how many there were.
    """

    staff: Staff
    standing: UnitStanding | None = None
    chosen: str = ""
    testing: tuple[str, ...] = ()
    asked: int = 0
    results: tuple[DeviceTest, ...] = ()

    @property
    def devices(self) -> tuple[DeviceStanding, ...]:
        return self.standing.devices if self.standing is not None else ()


@dataclass(frozen=True, slots=True)
class OfficerAtStick:
    """task: under way, None while one is chosen. share_done: None while not known. outcome: of the last."""

    staff: Staff
    task: StickTask | None = None
    share_done: float | None = None
    outcome: StickOutcome | None = None


@dataclass(frozen=True, slots=True)
class OfficerRecord:
    staff: Staff
    enrollment_id: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class OfficerReturning:
    staff: Staff
    enrollment_id: str


@dataclass(frozen=True, slots=True)
class OfficerExcepting:
    staff: Staff
    enrollment_id: str
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class SupervisorApproving:
    """A second person signs in to approve what the first attested."""

    staff: Staff
    enrollment_id: str
    position: Position
    reason: ExceptionReason
    form: SignInForm | CardForm = EMPTY_FORM


@dataclass(frozen=True, slots=True)
class OfficerApproving:
    """The officer's card signs what is being finalised; nothing is recorded before it has."""

    staff: Staff
    enrollment_id: str
    override: str
    at: Stamp
    form: CardForm = EMPTY_CARD_FORM


@dataclass(frozen=True, slots=True)
class Finalising:
    staff: Staff
    enrollment_id: str
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """Sealed. printed: the slip is out; fault: why it is not."""

    staff: Staff
    enrollment_id: str
    printed: bool = False
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class PoweringDown:
    """The battery is nearly empty. enrollment_id: of whoever was at work, empty for nobody."""

    enrollment_id: str


@dataclass(frozen=True, slots=True)
class ConfirmingStop:
    back: Screen


@dataclass(frozen=True, slots=True)
class HelpComing:
    back: Screen


@dataclass(frozen=True, slots=True)
class StillThere:
    back: Screen


Screen = (
    Attract
    | AtNotice
    | Identifying
    | Confirming
    | Capturing
    | Reviewing
    | Waiting
    | Resuming
    | OfficerSigningIn
    | OfficerQueue
    | OfficerDiagnosing
    | OfficerAtStick
    | OfficerRecord
    | OfficerReturning
    | OfficerExcepting
    | SupervisorApproving
    | OfficerApproving
    | Finalising
    | Finished
    | PoweringDown
    | ConfirmingStop
    | HelpComing
    | StillThere
)
Overlay = ConfirmingStop | HelpComing | StillThere


@dataclass(frozen=True, slots=True)
class Kiosk:
    """The whole state of a unit. enrollments: all that are not over, oldest first.

    prints: there is a printer. printing: id of the record whose slip is under way, empty for none.
    """

    unit: str
    policy: Policy = field(default_factory=Policy)
    screen: Screen = field(default_factory=Attract)
    enrollments: tuple[Enrollment, ...] = ()
    next_number: int = 1
    next_task: int = 1
    card: CardPresence = CardPresence.NOT_USED
    power_low: bool = False
    prints: bool = True
    printing: str = ""
    deliveries: tuple[Delivery, ...] = ()

    def delivery(self, enrollment_id: str) -> Delivery | None:
        return next((one for one in self.deliveries if one.enrollment_id == enrollment_id), None)

    @property
    def slips_due(self) -> tuple[str, ...]:
        """Ids of the records whose slip is still to come out, oldest first."""
        return tuple(enrollment.id for enrollment in self.enrollments if enrollment.slip_due)

    def enrollment(self, enrollment_id: str) -> Enrollment:
        """Raises KeyError for an id this unit does not hold."""
        for enrollment in self.enrollments:
            if enrollment.id == enrollment_id:
                return enrollment
        raise KeyError(enrollment_id)

    def holds(self, enrollment_id: str) -> bool:
        return any(enrollment.id == enrollment_id for enrollment in self.enrollments)

    def with_enrollment(self, enrollment: Enrollment) -> Kiosk:
        others = [item for item in self.enrollments if item.id != enrollment.id]
        place = next((i for i, item in enumerate(self.enrollments) if item.id == enrollment.id), len(others))
        return replace(self, enrollments=(*others[:place], enrollment, *others[place:]))

    def without(self, enrollment_id: str) -> Kiosk:
        return replace(self, enrollments=tuple(e for e in self.enrollments if e.id != enrollment_id))
