"""One packet after another at a store that may be gone, or may not take or give just one of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

LOST_IN_A_ROW = 2
"""One packet that the store does not take may be the cause itself; with the second it is the line."""
T = TypeVar("T")
R = TypeVar("R")


def in_turn(
    items: Sequence[T],
    step: Callable[[T], R],
    *,
    reached: Callable[[R], bool | None],
    sample: Callable[[Sequence[T], int], Sequence[T]] = random.sample,
) -> Iterator[R]:
    """What `step` made of each, until the store was out of reach LOST_IN_A_ROW times.

    reached: whether the store answered, None for a step that did not come so far. sample: so many of them in
    any order; after one is lost it is any other's turn. The next in order may be as unlucky each time, and
    those behind it would never have theirs.
    """
    left, lost = list(items), 0
    while left and lost < LOST_IN_A_ROW:
        result = step(left.pop(0))
        yield result
        answered = reached(result)
        if answered:
            lost = 0
        elif answered is False:
            lost += 1
            left = list(sample(left, len(left)))
