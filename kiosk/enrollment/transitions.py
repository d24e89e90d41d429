"""Moves shared by the resident's and the officer's flow."""

from __future__ import annotations

from dataclasses import replace

from kiosk.enrollment.effects import Effect, PrintSlip, Purpose, Record, StartCapture
from kiosk.enrollment.events import EntryCleared, Event, KeyErased, KeyTyped
from kiosk.enrollment.facts import Fact, apply
from kiosk.enrollment.positions import CaptureStep, Position, step_of
from kiosk.enrollment.record import Enrollment, Sample, Stage
from kiosk.enrollment.screens import (
    AtNotice,
    Attract,
    Capturing,
    Confirming,
    Identifying,
    Kiosk,
    Reviewing,
    Screen,
    Waiting,
)

Result = tuple[Kiosk, tuple[Effect, ...]]

ENTRY_LENGTH = 20
"""A NIK has 16 digits; printed codes carry dots or spaces."""

_AFTER_THE_PHOTO = (Stage.CAPTURE, Stage.VERIFY, Stage.REVIEW, Stage.APPROVE)


def stay(kiosk: Kiosk) -> Result:
    return kiosk, ()


def show(kiosk: Kiosk, screen: Screen, *effects: Effect) -> Result:
    return replace(kiosk, screen=screen), effects


def record(kiosk: Kiosk, enrollment_id: str, fact: Fact) -> Result:
    """Applies one fact and asks for it to be journaled."""
    enrollment = apply(kiosk.enrollment(enrollment_id), fact)
    kiosk = kiosk.without(enrollment_id) if enrollment.over else kiosk.with_enrollment(enrollment)
    return kiosk, (Record(enrollment_id, fact),)


def record_and_enter(kiosk: Kiosk, enrollment_id: str, fact: Fact) -> Result:
    kiosk, recorded = record(kiosk, enrollment_id, fact)
    kiosk, entered = enter(kiosk, enrollment_id)
    return kiosk, recorded + entered


def enter(kiosk: Kiosk, enrollment_id: str) -> Result:
    """The resident's screen for the stage the enrollment stands at."""
    enrollment = kiosk.enrollment(enrollment_id)
    match enrollment.stage:
        case Stage.NOTICE:
            return show(kiosk, AtNotice(enrollment_id))
        case Stage.IDENTIFY:
            return show(kiosk, Identifying(enrollment_id))
        case Stage.CONFIRM_BIODATA:
            return show(kiosk, Confirming(enrollment_id))
        case Stage.CAPTURE:
            step = enrollment.pending[0]
            return begin_capture(kiosk, enrollment, Purpose.ENROLL, step, enrollment.expected(step))
        case Stage.VERIFY:
            done = {item.position for item in enrollment.verifications}
            position = next(item for item in enrollment.to_verify if item not in done)
            return begin_capture(kiosk, enrollment, Purpose.VERIFY, step_of(position), (position,))
        case Stage.REVIEW:
            return show(kiosk, Reviewing(enrollment_id))
        case Stage.APPROVE if not enrollment.face_checked and _photo_stands(enrollment):
            return _verify_face(kiosk, enrollment)
        case Stage.APPROVE:
            signing = (Position.SIGNATURE,)
            return begin_capture(kiosk, enrollment, Purpose.APPROVE, CaptureStep.SIGNATURE, signing)
        case Stage.AWAIT_OFFICER:
            return show(kiosk, Waiting(enrollment_id))
        case _:
            return show(kiosk, Attract())


def resume(kiosk: Kiosk, enrollment_id: str) -> Result:
    """As `enter`, when whoever sits there may be somebody else than before: the photo tells."""
    enrollment = kiosk.enrollment(enrollment_id)
    if enrollment.stage in _AFTER_THE_PHOTO and _photo_stands(enrollment):
        return _verify_face(kiosk, enrollment)
    return enter(kiosk, enrollment_id)


def _photo_stands(enrollment: Enrollment) -> bool:
    return enrollment.sample(Position.FACE) is not None and CaptureStep.PHOTO not in enrollment.pending


def _verify_face(kiosk: Kiosk, enrollment: Enrollment) -> Result:
    return begin_capture(kiosk, enrollment, Purpose.VERIFY, CaptureStep.PHOTO, (Position.FACE,))


def begin_capture(
    kiosk: Kiosk,
    enrollment: Enrollment,
    purpose: Purpose,
    step: CaptureStep,
    positions: tuple[Position, ...],
    *,
    attempt: int = 1,
    best: tuple[Sample, ...] = (),
) -> Result:
    task = kiosk.next_task
    screen = Capturing(enrollment.id, task, purpose, step, positions, attempt=attempt, best=best)
    previous_hash = enrollment.links[-1].chain_hash if enrollment.links else ""
    first = enrollment.sample(positions[0]) if purpose is Purpose.VERIFY else None
    start = StartCapture(
        task,
        enrollment.id,
        purpose,
        step,
        positions,
        attempt,
        previous_hash,
        background=enrollment.person.background if enrollment.person else None,
        first_sample=first.image.sha256 if first else "",
    )
    return replace(kiosk, screen=screen, next_task=task + 1), (start,)


def return_to(kiosk: Kiosk, screen: Screen) -> Result:
    """Shows a screen again that an overlay had covered; a covered capture starts anew, keeping its best."""
    if isinstance(screen, Capturing):
        return begin_capture(
            kiosk,
            kiosk.enrollment(screen.enrollment_id),
            screen.purpose,
            screen.step,
            screen.positions,
            attempt=screen.attempt,
            best=screen.best,
        )
    return show(kiosk, screen)


def edited(entry: str, event: Event, *, length: int = ENTRY_LENGTH) -> str | None:
    """The keypad's text after a key event, None for any other event."""
    match event:
        case KeyTyped(character):
            return (entry + character)[:length]
        case KeyErased():
            return entry[:-1]
        case EntryCleared():
            return ""
        case _:
            return None


def print_slip(kiosk: Kiosk, enrollment_id: str) -> Result:
    return replace(kiosk, printing=enrollment_id), (PrintSlip(enrollment_id),)
