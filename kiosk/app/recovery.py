"""The state after a start: the open enrollments replayed from the journal, those that ended forgotten.

Records that only wait for their receipt rest in the journal, so that a start costs the same after months; the
newest of them are replayed for the officer's queue, any other when its answer has come.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kiosk.enrollment.fact_versions import fact_from_line
from kiosk.enrollment.facts import replay
from kiosk.enrollment.record import Enrollment, Stage
from kiosk.storage.journal import Journal

ENDED = (Stage.PURGED, Stage.ABORTED)
"""Nothing can follow, and nobody is served by what the facts say: the journal forgets them."""
_WITHOUT_IMAGES = (*ENDED, Stage.SEALED, Stage.RECEIVED)
SEALED_SHOWN = 20
"""Records at rest that the queue shows after a start: those that residents still ask for."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """next_number: the first enrollment number never used. interrupted: id journaled last, empty for none."""

    enrollments: tuple[Enrollment, ...]
    next_number: int
    interrupted: str


def recover(journal: Journal, *, known: Iterable[str] = ()) -> Recovered:
    """known: enrollments of packets and images. A journal restored from a backup may be behind them, and no
    number is given twice: the second record would be taken for the first, which is sealed.

    Raises FactError, CodecError or JournalDamagedError when the journal does not add up.
    """
    enrollments = [replayed(journal, one) for one in journal.resting(newest=SEALED_SHOWN)]
    for enrollment_id in journal.enrollments():
        enrollment = replayed(journal, enrollment_id)
        if enrollment.stage in ENDED:
            journal.forget(enrollment_id)  # the power went between the last fact and this
        elif may_rest(enrollment):
            journal.rest(enrollment_id)
        enrollments.append(enrollment)
    number = max(int(last.rpartition("-")[2] or 0) for last in (journal.begun_last(), *known))
    return Recovered(tuple(sorted(enrollments, key=lambda e: e.id)), number + 1, journal.written_last())


def left_behind(recovered: Recovered, pictured: Iterable[str]) -> tuple[str, ...]:
    """Which of the enrollments that have images need none: the power went between their end, or their sealing,
    and the destruction."""
    needed = {enrollment.id for enrollment in recovered.enrollments if enrollment.stage not in _WITHOUT_IMAGES}
    return tuple(enrollment_id for enrollment_id in pictured if enrollment_id not in needed)


def replayed(journal: Journal, enrollment_id: str) -> Enrollment:
    """Raises as `recover` does."""
    return replay(fact_from_line(event.event) for event in journal.events(enrollment_id))


def may_rest(enrollment: Enrollment) -> bool:
    """Sealed, the slip settled, no answer yet: nothing here can happen to it before its receipt comes."""
    unanswered = enrollment.stage is Stage.SEALED and not enrollment.receipt_sha256
    return unanswered and not enrollment.slip_due
