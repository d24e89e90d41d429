"""What the rules ask the world to do. The controller runs them; answers come back as events."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from kiosk.enrollment.facts import Fact
from kiosk.enrollment.person import BackgroundColour
from kiosk.enrollment.positions import CaptureStep, Position
from kiosk.enrollment.record import ImageRef
from kiosk.enrollment.stick_events import StickTask


class Purpose(StrEnum):
    """ENROLL keeps samples, VERIFY compares a finger or the face with the first, APPROVE takes a signature."""

    ENROLL = "enroll"
    VERIFY = "verify"
    APPROVE = "approve"


class Signal(StrEnum):
    """States of the whole kiosk that its panel and hall screen may show."""

    IDLE = "idle"
    GUIDING = "guiding"
    CAPTURING = "capturing"
    CAPTURED = "captured"
    CALL_OFFICER = "call_officer"
    FAULT = "fault"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Record:
    """Append to the journal. Everything after it may rely on it being on disk."""

    enrollment_id: str
    fact: Fact


@dataclass(frozen=True, slots=True)
class LookUp:
    code: str


@dataclass(frozen=True, slots=True)
class StartCapture:
    """task: number that every event of this capture carries, so that late ones are told apart."""

    task: int
    enrollment_id: str
    purpose: Purpose
    step: CaptureStep
    positions: tuple[Position, ...]
    attempt: int
    previous_hash: str
    """The session's last chain hash, empty at its start."""
    background: BackgroundColour | None = None
    """The cloth the photo must show."""
    first_sample: str = ""
    """For VERIFY: content hash of the image to compare with."""


@dataclass(frozen=True, slots=True)
class CaptureNow:
    task: int


@dataclass(frozen=True, slots=True)
class StopCapture:
    task: int


@dataclass(frozen=True, slots=True)
class SearchGallery:
    """Looks for these fingers among the earlier records on this unit. Nobody waits for the answer."""

    enrollment_id: str
    fingers: tuple[ImageRef, ...]


@dataclass(frozen=True, slots=True)
class SignIn:
    number: str
    pin: str


@dataclass(frozen=True, slots=True)
class SignInByCard:
    """The card signs a fresh challenge; whose certificate it is decides who signed in."""

    pin: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignApproval:
    """The card of this very officer signs `challenge`, see `approval`."""

    enrollment_id: str
    officer: str
    challenge: bytes
    pin: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SelfTestDevice:
    """The device's own self-test, seconds long."""

    url: str


@dataclass(frozen=True, slots=True)
class DoStickTask:
    """officer: number of who answers for it."""

    task: StickTask
    officer: str


@dataclass(frozen=True, slots=True)
class Seal:
    enrollment_id: str


@dataclass(frozen=True, slots=True)
class PrintSlip:
    enrollment_id: str


@dataclass(frozen=True, slots=True)
class Destroy:
    """The session key first, then the session's images."""

    enrollment_id: str


@dataclass(frozen=True, slots=True)
class Purge:
    """Only after a receipt whose signature and hash were checked."""

    enrollment_id: str


@dataclass(frozen=True, slots=True)
class Show:
    signal: Signal


Effect = (
    Record
    | LookUp
    | StartCapture
    | CaptureNow
    | StopCapture
    | SearchGallery
    | SignIn
    | SignInByCard
    | SignApproval
    | SelfTestDevice
    | DoStickTask
    | Seal
    | PrintSlip
    | Destroy
    | Purge
    | Show
)
