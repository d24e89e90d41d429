"""How the ridges of a finger run: pattern class, singular points, orientation field."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from hw.sim.people.noise import Field

_GATHER = 0.8
_GATHER_REACH = 0.8
"""How much of a core's turn is gathered above it, and how far that reaches, in half widths of the finger."""


class Pattern(Enum):
    ARCH = "arch"
    TENTED_ARCH = "tented arch"
    ULNAR_LOOP = "ulnar loop"
    RADIAL_LOOP = "radial loop"
    WHORL = "whorl"
    TWIN_LOOP = "twin loop"


PATTERN_SHARE = {
    Pattern.ARCH: 0.037,
    Pattern.TENTED_ARCH: 0.029,
    Pattern.ULNAR_LOOP: 0.605,
    Pattern.RADIAL_LOOP: 0.05,
    Pattern.WHORL: 0.229,
    Pattern.TWIN_LOOP: 0.05,
}
"""Arches, loops and whorls as in Wilson, Candela, Watson (J. Artif. Neural Networks 1(2), 1993); of the
loops about one in twelve opens to the thumb side."""


@dataclass(frozen=True, slots=True)
class Singularities:
    """Cores and deltas, x rightwards and y upwards, in half widths of the finger from its middle."""

    cores: tuple[complex, ...] = ()
    deltas: tuple[complex, ...] = ()
    arch: float = 0.0
    """Rise of the ridges in the middle of a finger without singular points."""


def draw_pattern(rng: np.random.Generator) -> Pattern:
    """A pattern class by its share in the population."""
    shares = np.array(list(PATTERN_SHARE.values()))
    return list(PATTERN_SHARE)[int(rng.choice(shares.size, p=shares / shares.sum()))]


def place_singularities(rng: np.random.Generator, pattern: Pattern, *, opens_left: bool) -> Singularities:
    """Where the cores and deltas of a pattern lie, loops opening to the lower left when `opens_left`."""
    x, y = rng.uniform(-0.2, 0.2), rng.uniform(-0.12, 0.3)
    side = 1.0 if opens_left else -1.0
    core = complex(x, y)
    if pattern is Pattern.ARCH:
        return Singularities(arch=rng.uniform(0.7, 1.1))
    if pattern is Pattern.TENTED_ARCH:
        return Singularities(
            cores=(core,), deltas=(complex(x + rng.uniform(-0.04, 0.04), y - rng.uniform(0.45, 0.7)),)
        )
    if pattern in (Pattern.ULNAR_LOOP, Pattern.RADIAL_LOOP):
        delta = complex(x + side * rng.uniform(0.4, 0.8), y - rng.uniform(0.65, 1.1))
        return Singularities(cores=(core,), deltas=(delta,))
    half = rng.uniform(0.05, 0.28)
    lean = rng.uniform(-0.12, 0.12) if pattern is Pattern.WHORL else side * rng.uniform(0.2, 0.32)
    upper, lower = complex(x + lean, y + half), complex(x - lean, y - half)
    drop = rng.uniform(0.7, 0.95)
    left_delta = complex(x - rng.uniform(0.68, 0.85), y - drop)
    right_delta = complex(x + rng.uniform(0.68, 0.85), y - drop + rng.uniform(-0.12, 0.12))
    return Singularities(cores=(upper, lower), deltas=(left_delta, right_delta))


def ridge_flow(shape: tuple[int, int], points: Singularities) -> Field:
    """Ridge angle, radians anticlockwise from the x axis, float32 of `shape`.

    The zero-pole model (Sherlock, Monro: Pattern Recognition 26(7), 1993), mirrored at the crease
    below, where ridges lie level, and made steeper toward the tip, where they run parallel to the nail.
    """
    height, width = shape
    yy, xx = np.mgrid[0:height, 0:width]
    z = (xx - width / 2) / (width / 2) + 1j * (height / 2 - yy) / (width / 2)
    crease = -1.55 * height / width
    mirrored = z.conj() + 2j * crease
    angle = _turns(z, points) - _turns(mirrored, points)
    x, y = z.real, z.imag
    if not points.cores:
        width_of_rise = 0.5 + 0.5 / (1 + np.exp(5 * (y - 0.3)))
        rise = points.arch * np.exp(-0.5 * ((y - 0.05) / 0.75) ** 2)
        angle = -np.arctan(rise * np.sin(np.pi * np.clip(width_of_rise * x, -1, 1)))
    tip = np.clip((y + 0.2) / 1.6, 0, 1)
    return np.asarray(angle - 0.5 * tip * x, np.float32)


def _turns(z: NDArray[np.complex128], points: Singularities) -> NDArray[np.float64]:
    """Half a turn around each core, half a turn back around each delta.

    Around a core the turn is gathered above it, so that the legs of a loop run side by side: the
    correction of Vizcaya and Gerhardt (Pattern Recognition 29(7), 1996), fading with distance.
    """
    angle = sum((_half_turn(z, core) for core in points.cores), np.zeros(z.shape))
    angle = angle - sum((_half_turn(z, delta) for delta in points.deltas), np.zeros(z.shape))
    for core in points.cores:
        here = np.array(core)
        others = sum(float(_half_turn(here, other)) for other in points.cores if other != core)
        others -= sum(float(_half_turn(here, delta)) for delta in points.deltas)
        axis = 2 * others
        around = (z - core) * np.exp(-1j * axis)
        angle -= _GATHER * np.exp(-((np.abs(around) / _GATHER_REACH) ** 2)) * np.sin(np.angle(around)) / 2
    return angle


def _half_turn(z: NDArray[np.complex128], point: complex) -> NDArray[np.float64]:
    return np.asarray(np.angle(z - point) / 2)
