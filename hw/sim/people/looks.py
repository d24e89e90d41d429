"""What a drawn person looks like: drawn once, then painted by `portrait`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

Colour = tuple[float, float, float]
"""RGB, 0..1."""


class Hair(Enum):
    SHORT = "short"
    LONG = "long"
    HIJAB = "hijab"


@dataclass(frozen=True, slots=True)
class Looks:
    """Lengths in inter-eye distances; age in years."""

    hair: Hair
    age: int
    skin: Colour
    hair_colour: Colour
    cloth: Colour
    scarf: Colour
    lips: Colour
    jaw: float
    nose: float
    mouth: float
    eye_opening: float
    brow: float
    moustache: bool
    glasses: bool


_SKIN: tuple[Colour, ...] = ((0.86, 0.68, 0.55), (0.79, 0.60, 0.46), (0.70, 0.51, 0.38), (0.63, 0.45, 0.33))
_PLAIN: tuple[Colour, ...] = (
    (0.92, 0.92, 0.90),
    (0.20, 0.24, 0.30),
    (0.62, 0.66, 0.70),
    (0.30, 0.42, 0.34),
    (0.80, 0.74, 0.62),
    (0.36, 0.28, 0.24),
)
"""Clothes and scarves: none as red, blue or orange as a backdrop."""


def draw_looks(rng: np.random.Generator, *, woman: bool) -> Looks:
    """A grown person of 17 to 80, as often met at a registry office in Java."""
    age = int(rng.choice([rng.integers(17, 30), rng.integers(30, 55), rng.integers(55, 80)]))
    depth = rng.uniform(0, len(_SKIN) - 1)
    skin = np.array([np.interp(depth, range(len(_SKIN)), channel) for channel in zip(*_SKIN, strict=True)])
    hair = Hair.SHORT if not woman else Hair.HIJAB if rng.random() < 0.7 else Hair.LONG
    grey = np.clip((age - 45) / 40, 0, 0.75) * rng.uniform(0.5, 1.2)
    shade = 0.07 + 0.5 * grey
    lips = skin * (0.82, 0.58, 0.58)
    cloth, scarf = rng.choice(len(_PLAIN), 2, replace=False)
    return Looks(
        hair=hair,
        age=age,
        skin=_colour(skin),
        hair_colour=(shade * 1.05, shade * 0.98, shade * 0.95),
        cloth=_PLAIN[int(cloth)],
        scarf=_PLAIN[int(scarf)],
        lips=_colour(lips),
        jaw=rng.uniform(0.94, 1.06) * (0.96 if woman else 1.02),
        nose=rng.uniform(0.9, 1.1),
        mouth=rng.uniform(0.92, 1.08),
        eye_opening=rng.uniform(0.15, 0.185),
        brow=rng.uniform(0.8, 1.1) * (0.75 if woman else 1.1),
        moustache=not woman and rng.random() < 0.3,
        glasses=rng.random() < 0.06,
    )


def _colour(values: np.ndarray) -> Colour:
    red, green, blue = (float(value) for value in values)
    return (red, green, blue)
