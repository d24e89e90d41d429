"""Who sits there: a code from the keypad or the scanner, matched in the roster.

Look-ups happen only inside a session, are counted, and never show anybody but the one person.
"""

from __future__ import annotations

from dataclasses import replace

from kiosk.enrollment.effects import Destroy, LookUp
from kiosk.enrollment.events import CodeScanned, EntrySubmitted, Event, RosterAnswered, WentBack
from kiosk.enrollment.facts import Aborted, Identified
from kiosk.enrollment.person import Person
from kiosk.enrollment.record import Enrollment, Stage, Stamp
from kiosk.enrollment.screens import Asked, Attract, HelpComing, Identifying, Kiosk, Resuming
from kiosk.enrollment.transitions import Result, edited, record, record_and_enter, resume, show, stay

TRIES_ALLOWED = 5
"""Unknown codes in one session before the officer is called: nobody may go fishing for a NIK."""

_ENDED = (Stage.FINALISED, Stage.SEALED, Stage.RECEIVED, Stage.PURGED)


def step(kiosk: Kiosk, screen: Identifying | Resuming, event: Event, now: Stamp) -> Result:
    entry = edited(screen.entry, event)
    if entry is not None:
        return show(kiosk, replace(screen, entry=entry, message=""))
    match event:
        case CodeScanned(code) if not (isinstance(screen, Identifying) and screen.asked is Asked.BIRTH_DATE):
            return show(kiosk, replace(screen, entry=code, message=""), LookUp(code))
        case EntrySubmitted() if not screen.entry:
            return stay(kiosk)
        case EntrySubmitted():
            if isinstance(screen, Identifying) and screen.asked is Asked.BIRTH_DATE:
                return _narrowed(kiosk, screen, now)
            return kiosk, (LookUp(screen.entry),)
        case RosterAnswered(code=code) if code == screen.entry:
            if isinstance(screen, Resuming):
                return _resumed(kiosk, screen, event)
            return _looked_up(kiosk, screen, event, now)
        case WentBack() if isinstance(screen, Resuming):
            return show(kiosk, Attract())
        case WentBack() if isinstance(screen, Identifying) and screen.asked is Asked.BIRTH_DATE:
            return show(kiosk, Identifying(screen.enrollment_id, tries=screen.tries))
        case _:
            return stay(kiosk)


def _looked_up(kiosk: Kiosk, screen: Identifying, answer: RosterAnswered, now: Stamp) -> Result:
    if answer.already_recorded:
        return show(kiosk, replace(screen, message="identify.already_recorded"))
    if len(answer.persons) > 1:
        asked = replace(
            screen, asked=Asked.BIRTH_DATE, entry="", message="", candidates=answer.persons, kind=answer.kind
        )
        return show(kiosk, asked)
    if not answer.persons:
        return _unknown(kiosk, screen, "identify.not_found")
    return _identified(kiosk, screen, answer.persons[0], answer.kind, now)


def _narrowed(kiosk: Kiosk, screen: Identifying, now: Stamp) -> Result:
    """Entry is a birth date, DDMMYYYY."""
    matching = [person for person in screen.candidates if f"{person.birth_date:%d%m%Y}" == screen.entry]
    if len(matching) != 1:
        return _unknown(kiosk, screen, "identify.date_not_found")
    return _identified(kiosk, screen, matching[0], screen.kind, now)


def _unknown(kiosk: Kiosk, screen: Identifying, message: str) -> Result:
    tries = screen.tries + 1
    if tries >= TRIES_ALLOWED:
        return show(kiosk, HelpComing(back=Identifying(screen.enrollment_id, message="identify.locked")))
    return show(kiosk, replace(screen, entry="", message=message, tries=tries))


def _identified(kiosk: Kiosk, screen: Identifying, person: Person, kind: str, now: Stamp) -> Result:
    known = _recorded_before(kiosk, person, screen.enrollment_id)
    if known is not None and known.stage in _ENDED:
        return show(kiosk, replace(screen, message="identify.already_recorded"))
    if known is not None:
        kiosk, recorded = record(kiosk, screen.enrollment_id, Aborted("resumed_elsewhere"))
        kiosk, entered = resume(kiosk, known.id)
        return kiosk, (*recorded, Destroy(screen.enrollment_id), *entered)
    if not kiosk.policy.old_enough(person, now.at.date()):
        return show(kiosk, replace(screen, message="identify.too_young"))
    return record_and_enter(kiosk, screen.enrollment_id, Identified(person, kind))


def _recorded_before(kiosk: Kiosk, person: Person, enrollment_id: str) -> Enrollment | None:
    for enrollment in kiosk.enrollments:
        if enrollment.id != enrollment_id and enrollment.person and enrollment.person.nik == person.nik:
            return enrollment
    return None


def _resumed(kiosk: Kiosk, screen: Resuming, answer: RosterAnswered) -> Result:
    person = kiosk.enrollment(screen.enrollment_id).person
    if person is not None and any(found.nik == person.nik for found in answer.persons):
        return resume(kiosk, screen.enrollment_id)
    return show(kiosk, replace(screen, entry="", message="resume.other_person"))
