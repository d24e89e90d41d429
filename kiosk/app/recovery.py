"""The state after a start: every enrollment replayed from the journal."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.enrollment.fact_versions import fact_from_line
from kiosk.enrollment.facts import replay
from kiosk.enrollment.record import Enrollment
from kiosk.storage.journal import Journal


@dataclass(frozen=True, slots=True)
class Recovered:
    """next_number: the first enrollment number never used. interrupted: id journaled last, empty for none."""

    enrollments: tuple[Enrollment, ...]
    next_number: int
    interrupted: str


def recover(journal: Journal) -> Recovered:
    """Raises FactError, CodecError or JournalDamagedError when the journal does not add up."""
    enrollments: list[Enrollment] = []
    number, last_sequence, interrupted = 0, 0, ""
    for enrollment_id in journal.enrollments():
        events = journal.events(enrollment_id)
        enrollments.append(replay(fact_from_line(event.event) for event in events))
        number = max(number, int(enrollment_id.rpartition("-")[2]))
        if events[-1].sequence > last_sequence:
            last_sequence, interrupted = events[-1].sequence, enrollment_id
    return Recovered(tuple(sorted(enrollments, key=lambda e: e.id)), number + 1, interrupted)
