"""Whose finger is this, among all that were recorded here."""

from __future__ import annotations

import pytest
from made_templates import impression, made_finger

from kiosk.enrollment.minutiae import Template
from kiosk.matching.search import Gallery, found, search

FINGERS = [made_finger(seed) for seed in range(400)]
GALLERY = Gallery.of(FINGERS)
EMPTY = Template((), 320, 440)


@pytest.mark.parametrize("index", [0, 199, 200, 399])
def test_a_known_finger_comes_first(index):
    candidates = search(impression(FINGERS[index], index + 5, degrees=12, shift=(10, 20)), GALLERY)
    assert candidates[0].index == index
    assert found(candidates) == candidates[:1]


def test_an_unknown_finger_is_found_nowhere():
    assert found(search(made_finger(5000), GALLERY)) == ()


def test_candidates_are_sorted_and_limited():
    candidates = search(FINGERS[3], GALLERY, limit=4)
    assert len(candidates) == 4
    assert [candidate.score for candidate in candidates] == sorted((c.score for c in candidates), reverse=True)


@pytest.mark.parametrize("workers", [1, 3])
def test_sharing_the_work_changes_nothing(workers):
    probe = impression(FINGERS[7], 1)
    assert search(probe, GALLERY, workers=workers) == search(probe, GALLERY)


def test_empty_sides_give_nothing():
    assert search(EMPTY, GALLERY) == ()
    assert search(FINGERS[0], Gallery.of([])) == ()
    (candidate,) = search(FINGERS[0], Gallery.of([EMPTY]))
    assert candidate.score == 0.0


def test_a_gallery_keeps_its_fingers_apart():
    assert len(GALLERY) == 400
    assert GALLERY[5].points.tolist() == [[m.x, m.y, m.angle] for m in FINGERS[5].minutiae]
