"""Which hand lies on the platen, and which finger is which: tips compared with the build of a hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

import numpy as np

from kiosk.enrollment.positions import STEP_POSITIONS, CaptureStep, Position
from kiosk.quality.slap_segment import Segmentation, Tip


class Hand(StrEnum):
    RIGHT = "right"
    LEFT = "left"
    THUMBS = "thumbs"
    UNKNOWN = "unknown"


ACROSS_PX = (0.0, 350.0, 700.0, 1050.0)
"""Index, middle, ring, little: centre to centre about 18 mm when the fingers lie beside each other, 500 ppi."""

DROP_PX = (140.0, 0.0, 60.0, 330.0)
"""How far each tip stays below the middle finger's: 7, 0, 3 and 17 mm."""

AREA = (1.0, 1.0, 0.95, 0.65)
"""Contact area beside the index finger's."""

DROP_SPREAD_PX = 90.0
ACROSS_SPREAD_PX = 110.0
AREA_SPREAD = 0.35
"""How much hands differ from that build, as one standard deviation; of area: of its logarithm."""

DOUBT = 1.5
"""The other hand must fit better by this much before it is told; a matter of half a tip's spread."""

FOURS = {Hand.RIGHT: STEP_POSITIONS[CaptureStep.RIGHT_FOUR], Hand.LEFT: STEP_POSITIONS[CaptureStep.LEFT_FOUR]}
THUMBS = STEP_POSITIONS[CaptureStep.THUMBS]
ACROSS_PLATEN = FOURS[Hand.LEFT][::-1] + THUMBS + FOURS[Hand.RIGHT]
"""How fingers of both hands lie beside each other."""


@dataclass(frozen=True, slots=True)
class Naming:
    """hand: what lies there. named: tips with their positions, left to right. extra: tips beyond a hand's."""

    hand: Hand
    named: tuple[tuple[Position, Tip], ...]
    extra: int
    wrong_hand: bool


def name_tips(segmentation: Segmentation, expected: Sequence[Position]) -> Naming:
    """expected: the positions asked for, exceptions taken out; empty when nothing is known."""
    asked = hand_of(expected)
    if asked is Hand.THUMBS:
        return _name_thumbs(segmentation, tuple(position for position in THUMBS if position in expected))
    tips, extra = _plausible(segmentation.tips, len(expected) or 4)
    if asked is Hand.UNKNOWN and expected:
        names = tuple(position for position in ACROSS_PLATEN if position in expected)
        return Naming(Hand.UNKNOWN, tuple(zip(names, tips, strict=False)), extra, wrong_hand=False)
    if asked is Hand.UNKNOWN and len(tips) < 3:
        return _name_few(tips, extra)
    if not tips:
        return Naming(asked, (), extra, wrong_hand=False)
    fits = {hand: _best_fit(tips, segmentation.angle, hand, expected) for hand in FOURS}
    if asked is Hand.UNKNOWN:
        hand = min(fits, key=lambda each: fits[each][0])
    else:
        other = Hand.LEFT if asked is Hand.RIGHT else Hand.RIGHT
        told = len(tips) >= 3 and fits[other][0] + DOUBT < fits[asked][0]
        hand = other if told else asked
    names = fits[hand][1]
    return Naming(
        hand, tuple(zip(names, tips, strict=True)), extra, wrong_hand=asked not in (Hand.UNKNOWN, hand)
    )


def hand_of(positions: Sequence[Position]) -> Hand:
    """The hand all of them belong to; UNKNOWN for none or a mixture."""
    for hand, members in (*FOURS.items(), (Hand.THUMBS, THUMBS)):
        if positions and all(position in members for position in positions):
            return hand
    return Hand.UNKNOWN


def _plausible(tips: Sequence[Tip], most: int) -> tuple[list[Tip], int]:
    """At most `most` tips, those kept that are large and whole; how many others could be fingers too."""
    if len(tips) <= most:
        return list(tips), 0
    ranked = sorted(tips, key=lambda tip: tip.area * (0.3 if tip.at_side else 1.0), reverse=True)
    usual = float(np.median([tip.area for tip in ranked[:most]]))
    extra = sum(1 for tip in ranked[most:] if not tip.at_side and tip.area > 0.4 * usual)
    kept = ranked[:most]
    return [tip for tip in tips if tip in kept], extra


def _name_thumbs(segmentation: Segmentation, asked: tuple[Position, ...]) -> Naming:
    tips, extra = _plausible(segmentation.tips, len(asked))
    names = asked
    if len(tips) < len(asked):
        middle = segmentation.width / 2
        names = tuple(THUMBS[0] if tip.x < middle else THUMBS[1] for tip in tips)
    return Naming(Hand.THUMBS, tuple(zip(names, tips, strict=True)), extra, wrong_hand=False)


def _name_few(tips: Sequence[Tip], extra: int) -> Naming:
    if len(tips) == 2:
        return Naming(Hand.THUMBS, tuple(zip(THUMBS, tips, strict=True)), extra, wrong_hand=False)
    return Naming(Hand.UNKNOWN, (), extra, wrong_hand=False)


def _best_fit(
    tips: Sequence[Tip], angle: float, hand: Hand, expected: Sequence[Position]
) -> tuple[float, tuple[Position, ...]]:
    """Smallest misfit over the ways to give the tips names of this hand, and those names in platen order."""
    members = FOURS[hand]
    allowed = [position for position in members if position in expected]
    if len(allowed) < len(tips):
        allowed = list(members)
    best: tuple[float, tuple[Position, ...]] = (math.inf, ())
    for names in combinations(allowed, len(tips)):
        placed = names if hand is Hand.RIGHT else names[::-1]
        misfit = _misfit(tips, angle, [members.index(name) for name in placed], mirrored=hand is Hand.LEFT)
        if misfit < best[0]:
            best = (misfit, placed)
    return best


def _misfit(tips: Sequence[Tip], angle: float, fingers: Sequence[int], *, mirrored: bool) -> float:
    """Squared deviations from a hand's build, in units of its spread. fingers: 0 index .. 3 little, per tip."""
    sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    across = np.array([tip.x * cosine + tip.y * sine for tip in tips])
    drop = np.array([tip.y * cosine - tip.x * sine - tip.height / 2 for tip in tips])
    area = np.log([tip.area for tip in tips])
    built_across = np.array([ACROSS_PX[finger] for finger in fingers]) * (-1 if mirrored else 1)
    built_drop = np.array([DROP_PX[finger] for finger in fingers])
    built_area = np.log([AREA[finger] for finger in fingers])
    scale = float(np.clip(np.ptp(across) / max(np.ptp(built_across), 1.0), 0.7, 1.4))
    return sum(
        float(np.square((seen - seen.mean()) - (built - built.mean())).sum()) / spread**2
        for seen, built, spread in (
            (across, built_across * scale, ACROSS_SPREAD_PX),
            (drop, built_drop, DROP_SPREAD_PX),
            (area, built_area, AREA_SPREAD),
        )
    )
