"""What the office decides: thresholds, attempts, ages, waiting times. All of it is configuration."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from kiosk.enrollment.person import Person
from kiosk.enrollment.positions import CaptureStep, Modality, Position
from kiosk.enrollment.record import Enrollment, Sample


@dataclass(frozen=True, slots=True)
class Policy:
    """minimum_scores: quality 0..100 below which a sample is taken again.

    Default thresholds: NFIQ 2 at least 30 is the usual floor for enrolment (NIST IR 8382, section 6);
    the iris, face and signature scores are this project's own scale, see docs/quality.md.
    officer_card_required: a record is finalised with the officer's card alone; a PIN still signs in.
    """

    min_capture_age_years: int = 16
    min_print_age_years: int = 17
    attempts_allowed: int = 3
    minimum_scores: Mapping[Modality, int] = field(
        default_factory=lambda: MappingProxyType(
            {Modality.FACE: 40, Modality.SIGNATURE: 20, Modality.FINGERPRINT: 30, Modality.IRIS: 40}
        )
    )
    hold_still_s: float = 0.8
    capture_timeout_s: float = 20.0
    idle_s: float = 120.0
    still_there_s: float = 45.0
    keep_received_s: float = 0.0
    officer_card_required: bool = False
    step_order: tuple[CaptureStep, ...] = tuple(CaptureStep)
    notice_version: str = "2026-1"

    def old_enough(self, person: Person, day: dt.date) -> bool:
        return person.age_on(day) >= self.min_capture_age_years

    def good_enough(self, sample: Sample) -> bool:
        score = sample.report.score
        return score is not None and score >= self.minimum_scores[sample.position.modality]


_CHIP_FINGERS = (Position.RIGHT_INDEX, Position.LEFT_INDEX)
_SUBSTITUTES = ("middle", "thumb", "ring", "little")


def chip_fingers(enrollment: Enrollment) -> tuple[Position, ...]:
    """The two fingers the card will hold: both index, else the best of middle, thumb, ring, little.

    Substitutes of one kind are tried on the missing index's own hand first, then by score. With
    fewer than two fingers captured there are fewer to verify, down to none.
    """
    captured = {
        s.position: s.report.score or 0
        for s in enrollment.samples
        if s.position.modality is Modality.FINGERPRINT
    }
    chosen = [finger for finger in _CHIP_FINGERS if finger in captured]
    missing_hands = [finger.split("_")[0] for finger in _CHIP_FINGERS if finger not in captured]
    for hand in missing_hands:
        rest = [finger for finger in captured if finger not in chosen]
        if rest:
            chosen.append(
                min(
                    rest,
                    key=lambda finger: (
                        not finger.startswith(hand),
                        _SUBSTITUTES.index(finger.split("_")[1]),
                        -captured[finger],
                    ),
                )
            )
    return tuple(chosen)
