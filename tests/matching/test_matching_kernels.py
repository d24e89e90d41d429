"""Each matching kernel beside a plain way to the same answer."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from made_templates import impression, made_finger

from kiosk.matching import kernels_matching as kernels
from kiosk.matching.compare import comparison_room, describe_template

# counting bits multiplies until the product wraps, of which NumPy warns where the compiler is off
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered in scalar multiply")
with warnings.catch_warnings():
    warnings.simplefilter("ignore", RuntimeWarning)
    ONE = describe_template(made_finger(1, count=18))
    OTHER = describe_template(impression(made_finger(1, count=18), 2, degrees=9, lost=0.1, false=3))


def plain(kernel):
    return getattr(kernel, "py_func", kernel)


def test_bits_are_counted():
    rng = np.random.default_rng(1)
    for word in [0, 1, 2**64 - 1, *rng.integers(0, 2**63, 50).tolist()]:
        assert kernels.count_bits(np.uint64(word)) == bin(word).count("1")


def codes_in_words(points):
    codes = []
    for x, y, angle in points.tolist():
        bits = set()
        for other_x, other_y, other_angle in points.tolist():
            distance = math.hypot(other_x - x, other_y - y)
            if not kernels.NEAREST_PX <= distance < kernels.REACH_PX:
                continue
            bearing = (
                math.degrees(math.atan2(y - other_y, other_x - x)) * 256 / 360 - angle
            ) % 256 / 25.6 - 0.5
            lean = (other_angle - angle) % 256 / (256 / 6) - 0.5
            ring = (distance - kernels.NEAREST_PX) / kernels.RING_PX - 0.5
            for at in (math.floor(ring), math.floor(ring) + 1):
                for towards in (math.floor(bearing), math.floor(bearing) + 1):
                    for leaning in (math.floor(lean), math.floor(lean) + 1):
                        if 0 <= at < 5:
                            bits.add((at * 10 + towards % 10) * 6 + leaning % 6)
        codes.append(bits)
    return codes


def test_surroundings_are_rings_bearings_and_leans():
    words = codes_in_words(ONE.points)
    for code, weight, bits in zip(ONE.codes, ONE.weights, words, strict=True):
        set_bits = {bit for bit in range(320) if int(code[bit // 64]) >> (bit % 64) & 1}
        assert set_bits == bits
        assert weight == len(bits)


def test_likeness_is_dices_coefficient():
    words = codes_in_words(ONE.points)
    for one in range(4):
        for other in range(4, 8):
            common = len(words[one] & words[other])
            expected = 2 * common / max(len(words[one]) + len(words[other]), 1)
            seen = kernels.likeness(ONE.codes[one], ONE.weights[one], ONE.codes[other], ONE.weights[other])
            assert seen == pytest.approx(expected)
    nothing = np.zeros(5, np.uint64)
    assert kernels.likeness(nothing, 0, nothing, 0) == 0.0


def test_the_fitted_motion_is_the_least_squares_one():
    rng = np.random.default_rng(2)
    turn = 0.3
    moved = ONE.points.copy()
    x, y = ONE.points[:, 0], ONE.points[:, 1]
    moved[:, 0] = np.rint(np.cos(turn) * x - np.sin(turn) * y + 40 + rng.normal(0, 2, len(x)))
    moved[:, 1] = np.rint(np.sin(turn) * x + np.cos(turn) * y - 25 + rng.normal(0, 2, len(x)))
    motion = np.zeros(5)
    kernels.fit_motion(ONE.points, moved, np.arange(len(x)), motion)
    source, target = ONE.points[:, :2] - ONE.points[:, :2].mean(0), moved[:, :2] - moved[:, :2].mean(0)
    u, _, vt = np.linalg.svd(source.T @ target)
    rotation = (u @ vt).T
    assert motion[:2] == pytest.approx([rotation[0, 0], rotation[1, 0]], abs=1e-9)
    shift = moved[:, :2].mean(0) - rotation @ ONE.points[:, :2].mean(0)
    assert motion[2:4] == pytest.approx(shift, abs=1e-6)
    assert motion[4] == pytest.approx(math.atan2(rotation[1, 0], rotation[0, 0]) * 128 / math.pi)


def test_a_minutia_is_laid_on_another_angle_on_angle():
    motion = np.zeros(5)
    kernels.motion_between(np.array([100, 50, 40]), np.array([30, 70, 24]), motion)
    turn = math.radians(16 * 360 / 256)
    laid = (
        motion[0] * 100 - motion[1] * 50 + motion[2],
        motion[1] * 100 + motion[0] * 50 + motion[3],
    )
    assert laid == pytest.approx((30, 70))
    assert motion[:2] == pytest.approx((math.cos(turn), math.sin(turn)))


def test_pairs_are_nearest_and_used_once():
    points = np.array([[10, 10, 0], [12, 10, 0], [200, 200, 0]])
    reference = np.array([[11, 10, 4], [300, 10, 0], [200, 203, 128]])
    partner = np.empty(3, np.int64)
    still = np.array([1.0, 0.0, 0.0, 0.0, 0.0])
    assert kernels.pair_up(points, reference, still, 15, partner, np.empty(3, np.uint8)) == 1
    assert partner.tolist() == [0, -1, -1]
    assert kernels.overlap(points, reference, still) == (3, 2)


def test_angles_are_the_shorter_way_apart():
    for turn in range(-300, 300):
        for kernel in (kernels.angle_between, plain(kernels.angle_between)):
            assert kernel(turn) == min(turn % 256, -turn % 256)


def test_agreement_weighs_each_pair_by_likeness_nearness_and_lean():
    rng = np.random.default_rng(3)
    count = len(ONE.points)
    motion = np.array([np.cos(0.1), np.sin(0.1), 4.0, -7.0, 0.1 * 128 / np.pi])
    laid = complex(*motion[:2]) * (ONE.points[:, 0] + 1j * ONE.points[:, 1]) + complex(*motion[2:4])
    reference = np.column_stack((laid.real, laid.imag, ONE.points[:, 2] - 4)) + rng.normal(0, 6, (count, 3))
    reference = np.rint(reference).astype(np.int64)
    alike, partner = rng.random((count, count)), np.where(rng.random(count) < 0.2, -1, np.arange(count))
    expected = 0.0
    for place in np.flatnonzero(partner >= 0):
        apart = abs(laid[place] - complex(*reference[place, :2]))
        lean = (reference[place, 2] - ONE.points[place, 2] + 4 + 128) % 256 - 128
        near, parallel = max(1 - apart**2 / 20**2, 0), max(1 - lean**2 / 24**2, 0)
        expected += max(alike[place, place] - 0.15, 0) * near * parallel
    assert expected > 1
    for kernel in (kernels.agreement, plain(kernels.agreement)):
        assert kernel(alike, partner, ONE.points, reference, motion) == pytest.approx(expected)


def test_kernels_are_the_same_without_the_compiler():
    votes = np.empty((kernels.SCREEN_PROBE, 4))
    sides = (ONE.points, ONE.codes, ONE.weights, OTHER.points, OTHER.codes, OTHER.weights)
    partner, again = np.empty(len(ONE.points), np.int64), np.empty(len(ONE.points), np.int64)
    room = comparison_room()
    score = kernels.best_score(*sides, partner, room)
    assert plain(kernels.best_score)(*sides, again, room) == pytest.approx(score)
    assert plain(kernels.first_look)(*sides, votes) == pytest.approx(kernels.first_look(*sides, votes))
    assert score > 0
    assert np.array_equal(partner, again)
    codes, weights = np.empty_like(ONE.codes), np.empty_like(ONE.weights)
    plain(kernels.describe)(ONE.points, codes, weights)
    assert np.array_equal(codes, ONE.codes)


def test_many_are_scored_as_one_is():
    points = np.concatenate([ONE.points, OTHER.points])
    codes, weights = np.concatenate([ONE.codes, OTHER.codes]), np.concatenate([ONE.weights, OTHER.weights])
    bounds = np.array([0, len(ONE.points), len(points)])
    seeker = (ONE.points, ONE.codes, ONE.weights)
    scores, looks = np.empty(2), np.empty(2)
    partner, room = np.empty(len(ONE.points), np.int64), comparison_room()
    votes = np.empty((kernels.SCREEN_PROBE, 4))
    kernels.score_chosen(*seeker, points, codes, weights, bounds, np.array([1, 0]), scores, partner, room)
    kernels.look_through(*seeker, points, codes, weights, bounds, looks, votes)
    for place, finger in ((0, OTHER), (1, ONE)):
        sides = (*seeker, finger.points, finger.codes, finger.weights)
        assert scores[place] == kernels.best_score(*sides, partner, room)
        assert looks[1 - place] == kernels.first_look(*sides, votes)
