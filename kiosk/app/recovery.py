"""The state after a start: every enrollment replayed from the journal, those that ended forgotten."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.enrollment.fact_versions import fact_from_line
from kiosk.enrollment.facts import replay
from kiosk.enrollment.record import Enrollment, Stage
from kiosk.storage.journal import Journal

ENDED = (Stage.PURGED, Stage.ABORTED)
"""Nothing can follow, and nobody is served by what the facts say: the journal forgets them."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """next_number: the first enrollment number never used. interrupted: id journaled last, empty for none."""

    enrollments: tuple[Enrollment, ...]
    next_number: int
    interrupted: str


def recover(journal: Journal) -> Recovered:
    """Raises FactError, CodecError or JournalDamagedError when the journal does not add up."""
    enrollments: list[Enrollment] = []
    for enrollment_id in journal.enrollments():
        enrollment = replay(fact_from_line(event.event) for event in journal.events(enrollment_id))
        if enrollment.stage in ENDED:
            journal.forget(enrollment_id)  # the power went between the last fact and this
        enrollments.append(enrollment)
    number = max((int(one.rpartition("-")[2]) for one in journal.begun()), default=0)
    return Recovered(tuple(sorted(enrollments, key=lambda e: e.id)), number + 1, journal.written_last())
