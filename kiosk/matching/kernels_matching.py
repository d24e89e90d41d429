"""Loops of the comparison: what surrounds each minutia, and how two sets lie on each other.

Points are rows (x, y, angle): pixels at 500 ppi, y downwards, and 256ths of a turn counter-clockwise.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

RINGS = 5
RING_PX = 28
NEAREST_PX = 6
BEARINGS = 10
LEANS = 6
WORDS = 5
"""64-bit words of a surroundings code: 5 rings of 28 px, 10 bearings, 6 leans; 300 of 320 bits used."""

REACH_PX = NEAREST_PX + RINGS * RING_PX

SEEDS = 24
"""How many pairs of most similar surroundings are tried as the common point."""

LARGEST_TURN = 64
"""256ths of a turn: fingers are laid within 90 degrees of each other."""

NEAR_PX = 15
NEAR_ANGLE = 18
"""Two minutiae are one when nearer than 0.76 mm and 25 degrees: skin stretches that much between touches."""

FAR_PX = 20.0
FAR_ANGLE = 24.0
LEAST_LIKENESS = 0.15
"""A pair weighs by how much its likeness is over chance, and falls off to nothing at this distance and turn:
mates lie close, strangers fall anywhere within reach."""


@njit("int64(uint64)", nogil=True, cache=True)
def count_bits(word: np.uint64) -> int:
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    # LLVM knows this product, which wraps, and makes one instruction of the whole function
    return int((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@njit("void(int64[:, ::1], uint64[:, ::1], int64[::1])", nogil=True, cache=True)
def describe(points: NDArray[np.int64], codes: NDArray[np.uint64], weights: NDArray[np.int64]) -> None:
    """codes (n, WORDS): bits for where other minutiae lie and lean as seen from each, blurred by half a cell.

    weights (n,): how many bits are set.
    """
    count = points.shape[0]
    codes[:] = 0
    for one in range(count):
        for other in range(count):
            if one == other:
                continue
            dx = points[other, 0] - points[one, 0]
            dy = points[other, 1] - points[one, 1]
            distance = math.sqrt(dx * dx + dy * dy)
            if distance < NEAREST_PX or distance >= REACH_PX:
                continue
            turn = math.atan2(-dy, dx) * (128.0 / math.pi) - points[one, 2]
            ring = (distance - NEAREST_PX) / RING_PX - 0.5
            bearing = (turn % 256.0) * (BEARINGS / 256.0) - 0.5
            lean = ((points[other, 2] - points[one, 2]) % 256) * (LEANS / 256.0) - 0.5
            for near in range(8):
                ring_at = math.floor(ring) + (near & 1)
                if ring_at < 0 or ring_at >= RINGS:
                    continue
                bearing_at = (math.floor(bearing) + (near >> 1 & 1)) % BEARINGS
                lean_at = (math.floor(lean) + (near >> 2)) % LEANS
                bit = (ring_at * BEARINGS + bearing_at) * LEANS + lean_at
                codes[one, bit >> 6] |= np.uint64(1) << np.uint64(bit & 63)
        total = 0
        for word in range(WORDS):
            total += count_bits(codes[one, word])
        weights[one] = total


@njit("float64(uint64[::1], int64, uint64[::1], int64)", nogil=True, cache=True)
def likeness(one: NDArray[np.uint64], one_weight: int, other: NDArray[np.uint64], other_weight: int) -> float:
    """Dice's coefficient of two surroundings codes, 0 to 1."""
    if one_weight + other_weight == 0:
        return 0.0
    common = 0
    for word in range(WORDS):
        common += count_bits(one[word] & other[word])
    return 2.0 * common / (one_weight + other_weight)


@njit("int64(int64)", nogil=True, cache=True)
def angle_between(turn: int) -> int:
    turn = turn & 255
    return min(turn, 256 - turn)


@njit(
    "int64(int64[:, ::1], int64[:, ::1], float64[::1], int64, int64[::1], uint8[::1])", nogil=True, cache=True
)
def pair_up(  # noqa: PLR0917 - kernels take no keywords
    probe: NDArray[np.int64],
    reference: NDArray[np.int64],
    motion: NDArray[np.float64],
    near_px: int,
    partner: NDArray[np.int64],
    taken: NDArray[np.uint8],
) -> int:
    """Moves the probe by motion (cosine, sine, shift x, shift y, turn in 256ths) and gives each of its minutiae
    the nearest free one of the reference within reach, or -1. Gives how many found one. taken, as long as the
    reference at least: scratch."""
    cosine, sine, shift_x, shift_y, turn = motion[0], motion[1], motion[2], motion[3], motion[4]
    taken[: reference.shape[0]] = 0
    whole_turn = int(np.rint(turn))
    pairs = 0
    for one in range(probe.shape[0]):
        x = cosine * probe[one, 0] - sine * probe[one, 1] + shift_x
        y = sine * probe[one, 0] + cosine * probe[one, 1] + shift_y
        angle = probe[one, 2] - whole_turn
        nearest = float(near_px * near_px)
        partner[one] = -1
        for other in range(reference.shape[0]):
            dx = reference[other, 0] - x
            dy = reference[other, 1] - y
            apart = dx * dx + dy * dy
            if (
                apart <= nearest
                and not taken[other]
                and angle_between(reference[other, 2] - angle) <= NEAR_ANGLE
            ):
                nearest = apart
                partner[one] = other
        if partner[one] >= 0:
            taken[partner[one]] = 1
            pairs += 1
    return pairs


@njit("void(int64[::1], int64[::1], float64[::1])", nogil=True, cache=True)
def motion_between(one: NDArray[np.int64], other: NDArray[np.int64], motion: NDArray[np.float64]) -> None:
    """The motion that lays minutia `one` on `other`, angle on angle."""
    turn = float(((one[2] - other[2] + 128) & 255) - 128)
    motion[0] = math.cos(turn * math.pi / 128.0)
    motion[1] = math.sin(turn * math.pi / 128.0)
    motion[2] = other[0] - (motion[0] * one[0] - motion[1] * one[1])
    motion[3] = other[1] - (motion[1] * one[0] + motion[0] * one[1])
    motion[4] = turn


@njit("void(int64[:, ::1], int64[:, ::1], int64[::1], float64[::1])", nogil=True, cache=True)
def fit_motion(
    probe: NDArray[np.int64],
    reference: NDArray[np.int64],
    partner: NDArray[np.int64],
    motion: NDArray[np.float64],
) -> None:
    """Least-squares turn and shift over the pairs; leaves the motion alone with fewer than two."""
    count = 0
    probe_x = probe_y = reference_x = reference_y = 0.0
    for one in range(probe.shape[0]):
        if partner[one] >= 0:
            count += 1
            probe_x += probe[one, 0]
            probe_y += probe[one, 1]
            reference_x += reference[partner[one], 0]
            reference_y += reference[partner[one], 1]
    if count < 2:
        return
    probe_x /= count
    probe_y /= count
    reference_x /= count
    reference_y /= count
    along = across = 0.0
    for one in range(probe.shape[0]):
        if partner[one] >= 0:
            x, y = probe[one, 0] - probe_x, probe[one, 1] - probe_y
            to_x = reference[partner[one], 0] - reference_x
            to_y = reference[partner[one], 1] - reference_y
            along += x * to_x + y * to_y
            across += x * to_y - y * to_x
    length = math.sqrt(along * along + across * across)
    if length == 0.0:
        return
    motion[0] = along / length
    motion[1] = across / length
    motion[2] = reference_x - (motion[0] * probe_x - motion[1] * probe_y)
    motion[3] = reference_y - (motion[1] * probe_x + motion[0] * probe_y)
    motion[4] = math.atan2(motion[1], motion[0]) * 128.0 / math.pi


@njit("UniTuple(int64, 2)(int64[:, ::1], int64[:, ::1], float64[::1])", nogil=True, cache=True)
def overlap(
    probe: NDArray[np.int64], reference: NDArray[np.int64], motion: NDArray[np.float64]
) -> tuple[int, int]:
    """How many minutiae of either lie within the box around the other's, once the probe is moved."""
    probe_inside, reference_inside = 0, 0
    for side in range(2):
        points = probe if side == 0 else reference
        frame = reference if side == 0 else probe
        low_x = low_y = 1e9
        high_x = high_y = -1e9
        for one in range(frame.shape[0]):
            low_x, high_x = min(low_x, frame[one, 0]), max(high_x, frame[one, 0])
            low_y, high_y = min(low_y, frame[one, 1]), max(high_y, frame[one, 1])
        for one in range(points.shape[0]):
            x, y = float(points[one, 0]), float(points[one, 1])
            if side == 0:
                x, y = (
                    motion[0] * x - motion[1] * y + motion[2],
                    motion[1] * x + motion[0] * y + motion[3],
                )
            else:
                x, y = x - motion[2], y - motion[3]
                x, y = motion[0] * x + motion[1] * y, motion[0] * y - motion[1] * x
            if low_x - NEAR_PX <= x <= high_x + NEAR_PX and low_y - NEAR_PX <= y <= high_y + NEAR_PX:
                if side == 0:
                    probe_inside += 1
                else:
                    reference_inside += 1
    return probe_inside, reference_inside


@njit(
    "float64(float64[:, ::1], int64[::1], int64[:, ::1], int64[:, ::1], float64[::1])", nogil=True, cache=True
)
def agreement(
    alike: NDArray[np.float64],
    partner: NDArray[np.int64],
    probe: NDArray[np.int64],
    reference: NDArray[np.int64],
    motion: NDArray[np.float64],
) -> float:
    """Sum over the pairs of likeness over chance, times nearness, times parallelness under this motion."""
    total = 0.0
    whole_turn = int(np.rint(motion[4]))
    for one in range(partner.size):
        other = partner[one]
        if other < 0:
            continue
        x = motion[0] * probe[one, 0] - motion[1] * probe[one, 1] + motion[2] - reference[other, 0]
        y = motion[1] * probe[one, 0] + motion[0] * probe[one, 1] + motion[3] - reference[other, 1]
        lean = angle_between(reference[other, 2] - probe[one, 2] + whole_turn)
        near = max(1.0 - (x * x + y * y) / (FAR_PX * FAR_PX), 0.0)
        parallel = max(1.0 - lean * lean / (FAR_ANGLE * FAR_ANGLE), 0.0)
        total += max(alike[one, other] - LEAST_LIKENESS, 0.0) * near * parallel
    return total


class Room(NamedTuple):
    """What one comparison works in. alike, untried (n,): n the largest probe's size times the largest
    reference's; trial as long as the probe, taken as the reference; motions (2, 5)."""

    alike: NDArray[np.float64]
    untried: NDArray[np.float64]
    trial: NDArray[np.int64]
    taken: NDArray[np.uint8]
    motions: NDArray[np.float64]


def room_for(probe: int, reference: int) -> Room:
    """For probes and references of at most so many minutiae."""
    return Room(
        alike=np.empty(probe * reference),
        untried=np.empty(probe * reference),
        trial=np.empty(probe, np.int64),
        taken=np.empty(reference, np.uint8),
        motions=np.empty((2, 5)),
    )


_POINTS, _CODES, _WHOLE = types.int64[:, ::1], types.uint64[:, ::1], types.int64[::1]
_FLOATS = types.float64[::1]
_ROOM = types.NamedTuple(  # type: ignore[no-untyped-call]
    [_FLOATS, _FLOATS, _WHOLE, types.uint8[::1], types.float64[:, ::1]], Room
)


@njit(
    types.float64(_POINTS, _CODES, _WHOLE, _POINTS, _CODES, _WHOLE, _WHOLE, _ROOM),
    nogil=True,
    cache=True,
)
def best_score(  # noqa: PLR0917 - kernels take no keywords
    probe: NDArray[np.int64],
    probe_codes: NDArray[np.uint64],
    probe_weights: NDArray[np.int64],
    reference: NDArray[np.int64],
    reference_codes: NDArray[np.uint64],
    reference_weights: NDArray[np.int64],
    partner: NDArray[np.int64],
    room: Room,
) -> float:
    """Lays the probe on the reference by its most alike surroundings and keeps the best fit.

    partner (n,): the reference minutia of each probe minutia under that fit, or -1. The score is the
    agreement of the pairs times the share of minutiae in the common area that have a partner.
    """
    rows, columns = probe.shape[0], reference.shape[0]
    partner[:] = -1
    if rows == 0 or columns == 0:
        return 0.0
    alike = room.alike[: rows * columns].reshape(rows, columns)
    untried = room.untried[: rows * columns]
    trial, taken = room.trial[:rows], room.taken
    motion, best_motion = room.motions[0], room.motions[1]
    motion[:] = 0.0
    for one in range(rows):
        for other in range(columns):
            alike[one, other] = likeness(
                probe_codes[one], probe_weights[one], reference_codes[other], reference_weights[other]
            )
            untried[one * columns + other] = alike[one, other]
    best = 0.0
    for _ in range(min(SEEDS, rows * columns)):
        seed = np.argmax(untried)
        one, other = seed // columns, seed % columns
        untried[seed] = -1.0
        motion_between(probe[one], reference[other], motion)
        if abs(motion[4]) > LARGEST_TURN:
            continue
        pair_up(probe, reference, motion, NEAR_PX, trial, taken)
        fit_motion(probe, reference, trial, motion)
        pair_up(probe, reference, motion, NEAR_PX, trial, taken)
        total = agreement(alike, trial, probe, reference, motion)
        if total > best:
            best = total
            best_motion[:] = motion
    if best == 0.0:
        return 0.0
    for _ in range(2):
        pair_up(probe, reference, best_motion, NEAR_PX, partner, taken)
        fit_motion(probe, reference, partner, best_motion)
    pairs = pair_up(probe, reference, best_motion, NEAR_PX, partner, taken)
    probe_common, reference_common = overlap(probe, reference, best_motion)
    return (
        agreement(alike, partner, probe, reference, best_motion)
        * 2.0
        * pairs
        / max(probe_common + reference_common, 1)
    )


COSINE = np.cos(np.arange(256) * np.pi / 128)
SINE = np.sin(np.arange(256) * np.pi / 128)

SCREEN_PROBE = 40
SCREEN_REFERENCE = 60
"""The strongest minutiae that a first look takes."""

SCREEN_LIKENESS = 0.35
SCREEN_TURN = 13
SCREEN_SHIFT_PX = 40.0
"""Two pairs of alike surroundings agree when they ask for the same motion within 18 degrees and 2 mm."""


@njit(
    "float64(int64[:, ::1], uint64[:, ::1], int64[::1], int64[:, ::1], uint64[:, ::1], int64[::1],"
    " float64[:, ::1])",
    nogil=True,
    cache=True,
)
def first_look(  # noqa: PLR0917 - kernels take no keywords
    probe: NDArray[np.int64],
    probe_codes: NDArray[np.uint64],
    probe_weights: NDArray[np.int64],
    reference: NDArray[np.int64],
    reference_codes: NDArray[np.uint64],
    reference_weights: NDArray[np.int64],
    votes: NDArray[np.float64],
) -> float:
    """How many alike surroundings agree on one motion, each weighed by its likeness. votes: room for 40 x 4."""
    count = 0
    for one in range(min(probe.shape[0], SCREEN_PROBE)):
        best = SCREEN_LIKENESS
        mate = -1
        for other in range(min(reference.shape[0], SCREEN_REFERENCE)):
            alike = likeness(
                probe_codes[one], probe_weights[one], reference_codes[other], reference_weights[other]
            )
            if alike > best:
                best = alike
                mate = other
        if mate < 0:
            continue
        turn = (probe[one, 2] - reference[mate, 2]) & 255
        if LARGEST_TURN < turn < 256 - LARGEST_TURN:
            continue
        votes[count, 0] = turn
        votes[count, 1] = reference[mate, 0] - (COSINE[turn] * probe[one, 0] - SINE[turn] * probe[one, 1])
        votes[count, 2] = reference[mate, 1] - (SINE[turn] * probe[one, 0] + COSINE[turn] * probe[one, 1])
        votes[count, 3] = best - SCREEN_LIKENESS + 0.1
        count += 1
    strongest = 0.0
    for one in range(count):
        total = 0.0
        for other in range(count):
            if (
                angle_between(int(votes[one, 0] - votes[other, 0])) <= SCREEN_TURN
                and abs(votes[one, 1] - votes[other, 1]) < SCREEN_SHIFT_PX
                and abs(votes[one, 2] - votes[other, 2]) < SCREEN_SHIFT_PX
            ):
                total += votes[other, 3]
        strongest = max(strongest, total)
    return strongest


@njit(
    types.void(_POINTS, _CODES, _WHOLE, _POINTS, _CODES, _WHOLE, _WHOLE, _FLOATS, types.float64[:, ::1]),
    nogil=True,
    cache=True,
)
def look_through(  # noqa: PLR0917 - kernels take no keywords
    probe: NDArray[np.int64],
    probe_codes: NDArray[np.uint64],
    probe_weights: NDArray[np.int64],
    points: NDArray[np.int64],
    codes: NDArray[np.uint64],
    weights: NDArray[np.int64],
    bounds: NDArray[np.int64],
    looks: NDArray[np.float64],
    votes: NDArray[np.float64],
) -> None:
    """looks (n,): first look at each of n fingers; finger i has the rows bounds[i] .. bounds[i + 1].

    votes (SCREEN_PROBE, 4): scratch."""
    for finger in range(looks.size):
        first, last = bounds[finger], bounds[finger + 1]
        looks[finger] = first_look(
            probe,
            probe_codes,
            probe_weights,
            points[first:last],
            codes[first:last],
            weights[first:last],
            votes,
        )


@njit(
    types.void(_POINTS, _CODES, _WHOLE, _POINTS, _CODES, _WHOLE, _WHOLE, _WHOLE, _FLOATS, _WHOLE, _ROOM),
    nogil=True,
    cache=True,
)
def score_chosen(  # noqa: PLR0917 - kernels take no keywords
    probe: NDArray[np.int64],
    probe_codes: NDArray[np.uint64],
    probe_weights: NDArray[np.int64],
    points: NDArray[np.int64],
    codes: NDArray[np.uint64],
    weights: NDArray[np.int64],
    bounds: NDArray[np.int64],
    chosen: NDArray[np.int64],
    scores: NDArray[np.float64],
    partner: NDArray[np.int64],
    room: Room,
) -> None:
    """scores (n,): the probe laid on each of n chosen fingers; finger i has rows bounds[i] .. bounds[i + 1].

    partner, as long as the probe, and room, for the largest of these fingers: scratch."""
    for place in range(chosen.size):
        first, last = bounds[chosen[place]], bounds[chosen[place] + 1]
        scores[place] = best_score(
            probe,
            probe_codes,
            probe_weights,
            points[first:last],
            codes[first:last],
            weights[first:last],
            partner,
            room,
        )
