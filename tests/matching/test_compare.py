"""Two impressions: one finger or two."""

from __future__ import annotations

import importlib.util
from itertools import combinations, product

import cv2
import numpy as np
import pytest
from made_templates import SHARED, impression, made_finger

from kiosk.enrollment.minutiae import Template
from kiosk.enrollment.positions import Position
from kiosk.matching.compare import MATCHER, THRESHOLD, compare
from kiosk.matching.repeated import repeated_fingers, swapped_fingers
from kiosk.quality.minutiae import extract

nist = pytest.mark.skipif(importlib.util.find_spec("nbis") is None, reason="NIST's own code is x86-64 only")
real_data = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared sample data is not here")
EMPTY = Template((), 320, 440)


@pytest.mark.parametrize("degrees", [-60, -25, 0, 10, 45])
@pytest.mark.parametrize("shift", [(0, 0), (60, -90)])
def test_one_finger_matches_however_it_is_laid(degrees, shift):
    finger = made_finger(1)
    result = compare(impression(finger, 2, degrees=degrees, shift=shift), finger)
    assert result.matched
    assert result.pairs >= 30


@pytest.mark.parametrize("seed", range(8))
def test_the_upper_part_of_a_finger_matches_the_whole(seed):
    finger = made_finger(seed, count=60)
    assert compare(
        impression(finger, seed + 50, degrees=8, keep_below=0.65, jitter=2, lost=0.1), finger
    ).matched


def test_different_fingers_do_not_match():
    fingers = [made_finger(seed) for seed in range(40)]
    scores = [compare(one, other).score for one, other in combinations(fingers, 2)]
    assert max(scores) < THRESHOLD


def test_the_score_does_not_depend_on_the_order():
    one = made_finger(3)
    other = impression(one, 4, degrees=15)
    assert compare(one, other) == compare(other, one)


def test_a_finger_matches_itself_best():
    finger = made_finger(5)
    scores = [
        compare(finger, impression(finger, 6, jitter=jitter, lost=0, false=0)).score for jitter in (0, 3, 6, 12)
    ]
    assert scores == sorted(scores, reverse=True)
    assert compare(finger, finger).score >= scores[0]


@pytest.mark.parametrize("few", range(4))
def test_too_few_minutiae_match_nothing(few):
    finger = made_finger(7)
    little = Template(finger.minutiae[:few], 320, 440)
    assert not compare(little, finger).matched
    assert not compare(little, little).matched
    assert compare(EMPTY, finger).score == 0.0


def test_the_matcher_has_a_name_and_a_version():
    assert MATCHER.partition("/")[2].isdigit()


@real_data
def test_real_fingers_are_told_apart():
    folder = SHARED / "fingerprints"
    templates = {
        path.stem: extract(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE))
        for path in sorted(folder.iterdir())
        if path.stem.startswith(("p1", "p2", "safis"))
    }
    for one, other in combinations(templates, 2):
        same = one[:3] == other[:3] if one[0] == "p" else {one, other} == {"safis_probe", "safis_matching"}
        assert compare(templates[one], templates[other]).matched == same, (one, other)


@nist
def test_no_worse_than_bozorth3_on_the_same_pairs(tmp_path):
    """Mates missed at the score that no pair of different fingers reaches."""
    import nbis  # noqa: PLC0415

    from hw.api import Finger  # noqa: PLC0415
    from hw.sim.people.impression import Touch, impress  # noqa: PLC0415
    from hw.sim.people.synthesize import synthesize  # noqa: PLC0415

    rng = np.random.default_rng(3)
    settings = nbis.NbisExtractorSettings(
        min_quality=0.0, get_center=False, check_fingerprint=False, compute_nfiq2=False, ppi=None
    )
    extractor = nbis.new_nbis_extractor(settings)
    fingers = synthesize(12).fingers
    ours, theirs = {}, {}
    for finger, number in product(list(Finger)[:8], range(2)):
        touch = Touch(dryness=0.3 * number, rotation_deg=10, shift_px=12, stretch_px=4)
        picture = impress(fingers[finger], rng, touch=touch)
        path = tmp_path / f"{finger}-{number}.png"
        assert cv2.imwrite(str(path), picture)
        ours[finger, number] = extract(picture)
        theirs[finger, number] = extractor.extract_minutiae_from_image_file(str(path))
    missed = []
    for samples, score in ((ours, lambda a, b: compare(a, b).score), (theirs, lambda a, b: a.compare(b))):
        pairs = [
            (one[0] == other[0], score(samples[one], samples[other])) for one, other in combinations(samples, 2)
        ]
        strangers = max(value for same, value in pairs if not same)
        missed.append(sum(value <= strangers for same, value in pairs if same))
    assert missed[0] <= missed[1]


def test_the_same_finger_given_twice_is_told():
    templates = {position: made_finger(number) for number, position in enumerate(list(Position)[2:8])}
    assert repeated_fingers(templates) == ()
    templates[Position.RIGHT_RING] = impression(templates[Position.RIGHT_INDEX], 70, degrees=5)
    assert repeated_fingers(templates) == ((Position.RIGHT_INDEX, Position.RIGHT_RING),)


def test_swapped_hands_are_told():
    earlier = {Position.RIGHT_INDEX: made_finger(1), Position.LEFT_INDEX: made_finger(2)}
    now = {
        Position.RIGHT_INDEX: impression(earlier[Position.LEFT_INDEX], 71),
        Position.LEFT_INDEX: impression(earlier[Position.RIGHT_INDEX], 72),
    }
    assert swapped_fingers(earlier, now) == (
        (Position.RIGHT_INDEX, Position.LEFT_INDEX),
        (Position.LEFT_INDEX, Position.RIGHT_INDEX),
    )
    assert swapped_fingers(earlier, earlier) == ()
