"""The same person recorded on this unit before, under another NIK: looked for when the last finger is there.

It blocks no one. The answer comes while the resident goes on; what it finds is the officer's to judge.
"""

from __future__ import annotations

from collections.abc import Iterable

from kiosk.enrollment.effects import SearchGallery
from kiosk.enrollment.events import GallerySearched
from kiosk.enrollment.facts import FingersSearched
from kiosk.enrollment.positions import Modality
from kiosk.enrollment.record import Enrollment, ImageRef, Stage
from kiosk.enrollment.screens import Kiosk
from kiosk.enrollment.transitions import Result, record, stay

PROBES = 4
"""The best fingers that are looked for: two of them must be known, and all ten would take longer."""

_STAGES = (Stage.CAPTURE, Stage.VERIFY, Stage.REVIEW, Stage.APPROVE, Stage.AWAIT_OFFICER)


def probes(enrollment: Enrollment) -> tuple[ImageRef, ...]:
    """The fingers to look for; none while some are still to come, or once the search has answered."""
    if enrollment.gallery_search is not None or enrollment.stage not in _STAGES:
        return ()
    if any(step.modality is Modality.FINGERPRINT for step in enrollment.pending):
        return ()
    fingers = [sample for sample in enrollment.samples if sample.position.modality is Modality.FINGERPRINT]
    best = sorted(fingers, key=lambda sample: -(sample.report.score or 0))[:PROBES]
    return tuple(sample.image for sample in best)


def searches(before: Kiosk, after: Kiosk) -> tuple[SearchGallery, ...]:
    """The searches that one step made due, each once."""
    if before.enrollments is after.enrollments:
        return ()
    asked = due(before.enrollments)
    return tuple(search for search in due(after.enrollments) if search not in asked)


def due(enrollments: Iterable[Enrollment]) -> tuple[SearchGallery, ...]:
    found = ((enrollment.id, probes(enrollment)) for enrollment in enrollments)
    return tuple(SearchGallery(enrollment_id, fingers) for enrollment_id, fingers in found if fingers)


def answered(kiosk: Kiosk, answer: GallerySearched) -> Result:
    """An answer for fingers that were replaced since says nothing."""
    asked = due(enrollment for enrollment in kiosk.enrollments if enrollment.id == answer.enrollment_id)
    if SearchGallery(answer.enrollment_id, answer.fingers) not in asked:
        return stay(kiosk)
    return record(kiosk, answer.enrollment_id, FingersSearched(answer.search))
