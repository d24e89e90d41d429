"""1:1 comparison of two impressions by their minutiae (ISO/IEC 2382-37: comparison, comparison score)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kiosk.enrollment.minutiae import Template
from kiosk.matching.kernels_matching import WORDS, Room, best_score, describe, room_for

MATCHER = "minutiae-surroundings/1"

THRESHOLD = 6.5
"""Score from which two impressions are called the same finger.

Measured: 4,447 pairs of different fingers among 162 simulated impressions reach 5.4 at most, 164 pairs of
different real fingers 5.7. Of 162 pairs of one finger, two thirds of them with one print cut by half, 88 %
score more; of 7 real ones all.
"""

MOST_MINUTIAE = 80
"""The strongest of each template that are compared; more only add false ones."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """score: 0 upwards, in matcher units. matched: it reaches THRESHOLD. pairs: minutiae laid on minutiae."""

    score: float
    matched: bool
    pairs: int


@dataclass(frozen=True, slots=True, eq=False)
class Described:
    """A template made ready for comparisons: points (n, 3) x, y, angle; codes (n, WORDS); weights (n,)."""

    points: NDArray[np.int64]
    codes: NDArray[np.uint64]
    weights: NDArray[np.int64]


def describe_template(template: Template) -> Described:
    minutiae = template.minutiae[:MOST_MINUTIAE]
    points = np.array([(m.x, m.y, m.angle) for m in minutiae], np.int64).reshape(-1, 3)
    codes = np.empty((len(minutiae), WORDS), np.uint64)
    weights = np.empty(len(minutiae), np.int64)
    describe(points, codes, weights)
    return Described(points, codes, weights)


def compare(probe: Template, reference: Template) -> Comparison:
    """Same finger or not. Templates without minutiae score 0. Minutiae are taken in order, best first."""
    return compare_described(describe_template(probe), describe_template(reference))


def comparison_room() -> Room:
    """What comparisons work in, one after another. One thread at a time."""
    return room_for(MOST_MINUTIAE, MOST_MINUTIAE)


def compare_described(probe: Described, reference: Described, *, room: Room | None = None) -> Comparison:
    """As `compare`, for templates that are compared more than once.

    Both directions are tried and the better one counts, so the score is symmetric. room: a caller with more
    than one comparison keeps one and passes it.
    """
    room = room or comparison_room()
    forward, pairs = _one_way(probe, reference, room)
    backward, pairs_back = _one_way(reference, probe, room)
    score, count = max((forward, pairs), (backward, pairs_back))
    return Comparison(score=score, matched=score >= THRESHOLD, pairs=count)


def _one_way(probe: Described, reference: Described, room: Room) -> tuple[float, int]:
    partner = np.empty(len(probe.points), np.int64)
    score = best_score(
        probe.points,
        probe.codes,
        probe.weights,
        reference.points,
        reference.codes,
        reference.weights,
        partner,
        room,
    )
    return float(score), int((partner >= 0).sum())
