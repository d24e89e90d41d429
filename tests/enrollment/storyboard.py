"""Plays the resident, the devices and the officer against the rules, one line each."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from kiosk.enrollment import flow
from kiosk.enrollment.effects import Effect, LookUp, Purpose, Record, SignIn, SignInByCard
from kiosk.enrollment.events import (
    BiodataAccepted,
    Continued,
    EntrySubmitted,
    Event,
    KeyTyped,
    LanguageChosen,
    OfficerCalled,
    RecordOpened,
    Role,
    RosterAnswered,
    SampleCompared,
    SamplesTaken,
    SignInAnswered,
    Staff,
)
from kiosk.enrollment.person import Person
from kiosk.enrollment.record import Enrollment, Language, Verification
from kiosk.enrollment.screens import Capturing, Kiosk, Screen
from tests.enrollment.people import NOW, RESIDENT, sample

S = TypeVar("S", bound=Screen)


class Storyboard:
    """kiosk: the state so far; effects: those of the last event; facts: all journaled so far."""

    def __init__(self, kiosk: Kiosk | None = None) -> None:
        self.kiosk = kiosk or Kiosk(unit="UNIT")
        self.effects: tuple[Effect, ...] = ()
        self.facts: list[tuple[str, object]] = []

    def happens(self, *events: Event) -> Storyboard:
        for event in events:
            self.kiosk, self.effects = flow.step(self.kiosk, event, NOW)
            self.facts += [(e.enrollment_id, e.fact) for e in self.effects if isinstance(e, Record)]
        return self

    def on(self, screen: type[S]) -> S:
        assert isinstance(self.kiosk.screen, screen), f"on {self.kiosk.screen}"
        return self.kiosk.screen

    @property
    def record(self) -> Enrollment:
        return self.kiosk.enrollments[-1]

    # --- the resident --------------------------------------------------------------------------

    def starts(self, language: Language = Language.INDONESIAN) -> Storyboard:
        return self.happens(LanguageChosen(language))

    def hears_the_notice(self) -> Storyboard:
        return self.happens(Continued())

    def types(self, text: str) -> Storyboard:
        return self.happens(*(KeyTyped(character) for character in text), EntrySubmitted())

    def is_found(self, *persons: Person, already: bool = False) -> Storyboard:
        look_up = next(effect for effect in self.effects if isinstance(effect, LookUp))
        return self.happens(RosterAnswered(look_up.code, "ticket", persons, already_recorded=already))

    def identifies(self, person: Person = RESIDENT) -> Storyboard:
        return self.types(person.ticket).is_found(person)

    def confirms(self) -> Storyboard:
        return self.happens(BiodataAccepted())

    def is_captured(self, score: int = 80) -> Storyboard:
        screen = self.on(Capturing)
        taken = tuple(sample(position, score, attempt=screen.attempt) for position in screen.positions)
        return self.happens(SamplesTaken(screen.task, taken))

    def is_compared(self, *, matched: bool = True) -> Storyboard:
        screen = self.on(Capturing)
        verification = Verification(screen.positions[0], 90.0 if matched else 1.0, matched, "test/1")
        return self.happens(SampleCompared(screen.task, verification))

    def reaches_capture(self) -> Storyboard:
        return self.starts().hears_the_notice().identifies().confirms()

    def is_captured_whole(self) -> Storyboard:
        while isinstance(self.kiosk.screen, Capturing) and self.kiosk.screen.purpose is Purpose.ENROLL:
            self.is_captured()
        return self

    def reaches_the_officer(self) -> Storyboard:
        self.reaches_capture().is_captured_whole().is_compared().is_compared()
        return self.happens(Continued()).is_compared().is_captured()

    # --- the officer ---------------------------------------------------------------------------

    def staff_signs_in(self, number: str = "1001", role: Role = Role.OFFICER) -> Storyboard:
        self.types(number).types("482917")
        assert any(isinstance(effect, SignIn) for effect in self.effects)
        return self.happens(SignInAnswered(Staff(number, role)))

    def officer_signs_in_by_card(self, number: str = "1001", role: Role = Role.OFFICER) -> Storyboard:
        self.happens(OfficerCalled()).types("123456")
        assert any(isinstance(effect, SignInByCard) for effect in self.effects)
        return self.happens(SignInAnswered(Staff(number, role, by_card=True)))

    def officer_opens_the_record(self) -> Storyboard:
        return self.happens(OfficerCalled()).staff_signs_in().happens(RecordOpened(self.record.id))


def with_policy(**changes: object) -> Kiosk:
    kiosk = Kiosk(unit="UNIT")
    return replace(kiosk, policy=replace(kiosk.policy, **changes))
