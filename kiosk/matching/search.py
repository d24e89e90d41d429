"""1:N: whose finger is this, among all that this unit has recorded (ISO/IEC 2382-37: identification search)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kiosk.enrollment.minutiae import Template
from kiosk.matching.compare import (
    MOST_MINUTIAE,
    THRESHOLD,
    Described,
    compare_described,
    comparison_room,
    describe_template,
)
from kiosk.matching.kernels_matching import SCREEN_PROBE, WORDS, look_through, score_chosen

SHORTLIST_SHARE = 0.05
SMALLEST_SHORTLIST = 200
"""How many fingers are looked at closely after a first look at all: of 162 simulated mates that the full
comparison knows, the first look put 1.4 % outside."""

FINALISTS = 50


@dataclass(frozen=True, slots=True)
class Candidate:
    """index: place in the gallery. score: as of `compare`. matched: it reaches the threshold."""

    index: int
    score: float
    matched: bool


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """Templates packed end to end: finger i has the rows bounds[i] .. bounds[i + 1]. About 5 kB a finger."""

    points: NDArray[np.int64]
    codes: NDArray[np.uint64]
    weights: NDArray[np.int64]
    bounds: NDArray[np.int64]

    @classmethod
    def of(cls, templates: Iterable[Template]) -> Gallery:
        described = [describe_template(template) for template in templates]
        counts = [len(one.points) for one in described]
        return cls(
            np.concatenate([np.empty((0, 3), np.int64), *(one.points for one in described)]),
            np.concatenate([np.empty((0, WORDS), np.uint64), *(one.codes for one in described)]),
            np.concatenate([np.empty(0, np.int64), *(one.weights for one in described)]),
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        )

    @classmethod
    def joined(cls, galleries: Sequence[Gallery]) -> Gallery:
        """One after the other. Raises ValueError for none."""
        counts = np.concatenate([np.diff(one.bounds) for one in galleries])
        return cls(
            np.concatenate([one.points for one in galleries]),
            np.concatenate([one.codes for one in galleries]),
            np.concatenate([one.weights for one in galleries]),
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        )

    def only(self, kept: NDArray[np.bool_]) -> Gallery:
        """Without the fingers that are not `kept` (n,); those that stay move up."""
        counts = np.diff(self.bounds)
        rows = np.repeat(kept, counts)
        bounds = np.concatenate([[0], np.cumsum(counts[kept])]).astype(np.int64)
        return Gallery(self.points[rows], self.codes[rows], self.weights[rows], bounds)

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def __getitem__(self, index: int) -> Described:
        rows = slice(self.bounds[index], self.bounds[index + 1])
        return Described(self.points[rows], self.codes[rows], self.weights[rows])


def search(probe: Template, gallery: Gallery, *, limit: int = 10, workers: int = 2) -> tuple[Candidate, ...]:
    """The best candidates, best first. workers: threads to share the work; the kernels let go of the GIL.

    A first look at all, the shortlist laid on one way, the best of those compared in full.
    """
    if not len(gallery) or not probe.minutiae:
        return ()
    described = describe_template(probe)
    seeker = (described.points, described.codes, described.weights)
    rows = (gallery.points, gallery.codes, gallery.weights)
    with ThreadPoolExecutor(workers) as pool:
        looks = np.empty(len(gallery))
        _share(
            pool,
            workers,
            len(gallery),
            lambda first, last: look_through(
                *seeker,
                *rows,
                gallery.bounds[first : last + 1],
                looks[first:last],
                np.empty((SCREEN_PROBE, 4)),
            ),
        )
        length = min(max(SMALLEST_SHORTLIST, round(SHORTLIST_SHARE * len(gallery))), len(gallery))
        shortlist = np.argpartition(-looks, length - 1)[:length]
        scores = np.empty(length)
        _share(
            pool,
            workers,
            length,
            lambda first, last: score_chosen(
                *seeker,
                *rows,
                gallery.bounds,
                shortlist[first:last],
                scores[first:last],
                np.empty(MOST_MINUTIAE, np.int64),
                comparison_room(),
            ),
        )
    finalists = shortlist[np.argsort(-scores)[: max(limit, FINALISTS)]].tolist()
    room = comparison_room()
    judged = ((index, compare_described(described, gallery[index], room=room)) for index in finalists)
    candidates = (Candidate(index, result.score, result.matched) for index, result in judged)
    return tuple(sorted(candidates, key=lambda candidate: (-candidate.score, candidate.index))[:limit])


def _share(pool: ThreadPoolExecutor, workers: int, count: int, work: Callable[[int, int], None]) -> None:
    """Gives each worker an equal run first .. last of the count."""
    cuts = np.linspace(0, count, workers + 1).astype(int).tolist()
    list(pool.map(work, cuts[:-1], cuts[1:]))


def found(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Those that reach the threshold."""
    return tuple(candidate for candidate in candidates if candidate.score >= THRESHOLD)
