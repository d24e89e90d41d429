"""Where the keypad's arrows lead: the nearest target in that direction. Pure geometry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class Direction(Enum):
    LEFT = (-1, 0)
    RIGHT = (1, 0)
    UP = (0, 1)
    DOWN = (0, -1)


@dataclass(frozen=True, slots=True)
class Spot:
    """The middle of a target, pixels, origin bottom left."""

    id: str
    x: float
    y: float


def following(ids: Sequence[str], current: str, step: int) -> str:
    """The next (1) or previous (-1) target in reading order, round in a circle."""
    if current not in ids:
        return ids[0 if step > 0 else -1]
    return ids[(ids.index(current) + step) % len(ids)]


def towards(spots: Sequence[Spot], current: str, direction: Direction) -> str:
    """The nearest target that lies that way; the next one in reading order when none does.

    Distance across the direction counts double, so that a row is followed to its end first.
    """
    ids = [spot.id for spot in spots]
    here = next((spot for spot in spots if spot.id == current), None)
    forward = direction in (Direction.RIGHT, Direction.DOWN)
    if here is None:
        return following(ids, current, 1 if forward else -1)
    along_x, along_y = direction.value

    def cost(spot: Spot) -> float:
        dx, dy = spot.x - here.x, spot.y - here.y
        along = dx * along_x + dy * along_y
        across = abs(dx * along_y) + abs(dy * along_x)
        return along + 2 * across if along > 1 and along * 2 > across else float("inf")

    best = min(spots, key=cost)
    return best.id if cost(best) < float("inf") else following(ids, current, 1 if forward else -1)
