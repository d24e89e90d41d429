"""A signature in a hand of its own: loops, a long stroke, perhaps a dot and a line below."""

from __future__ import annotations

import numpy as np

from hw.api import PenPoint
from hw.sim.people.pen import Path, fit_to_pad, write


def sign(rng: np.random.Generator) -> tuple[PenPoint, ...]:
    """A new person's signature, in ePadLink units."""
    strokes = [_capital(rng), _letters(rng)]
    if rng.random() < 0.7:
        strokes.append(_underline(rng, strokes))
    if rng.random() < 0.5:
        right = strokes[1][:, 0].max() - rng.uniform(0.2, 1.4)
        strokes.append(
            np.array([[right, -1.0], [right + 0.05, -0.96], [right + 0.1, -0.9], [right + 0.12, -0.82]])
        )
    lean = rng.uniform(0.0, 0.45)
    slanted = [np.stack([s[:, 0] - lean * s[:, 1], s[:, 1]], axis=1) for s in strokes]
    return write(
        fit_to_pad(slanted, fill=rng.uniform(0.6, 0.85)),
        speed_per_s=rng.uniform(2600, 4200),
        press=rng.uniform(0.55, 0.9),
        lift_s=rng.uniform(0.08, 0.2),
    )


def _capital(rng: np.random.Generator) -> Path:
    """A large opening letter: an arc of an ellipse that turns back into itself."""
    start, sweep = rng.uniform(-0.6, 0.6), rng.uniform(1.3, 1.9) * np.pi
    t = np.linspace(0, 1, 120)
    angle = start - sweep * t
    grow = 1 - 0.45 * t
    x = -1.3 + rng.uniform(0.7, 1.1) * grow * np.cos(angle) + 0.6 * t
    y = -0.5 + rng.uniform(1.2, 1.7) * grow * np.sin(angle)
    return np.stack([x, y], axis=1)


def _letters(rng: np.random.Generator) -> Path:
    """Small letters run together: an oscillation whose height, width and turn change letter by letter,
    fading into a tail (Hollerbach: Biological Cybernetics 39, 1981)."""
    letters = int(rng.integers(5, 10))
    knots = np.arange(letters + 1)
    t = np.linspace(0, letters, 60 * letters)
    height = np.interp(t, knots, rng.choice([0.35, 0.45, 0.5, 1.3], letters + 1, p=[0.3, 0.3, 0.2, 0.2]))
    height *= 1 - 0.7 * (t / letters) ** 2
    turn = np.interp(t, knots, rng.uniform(0.3, 0.65, letters + 1))
    phase = np.interp(t, knots, np.cumsum(rng.normal(0, 0.25, letters + 1)))
    x = 0.62 * t - 0.4 + turn * np.cos(2 * np.pi * t + phase) * 0.45
    y = -0.5 * height * (1 + np.sin(2 * np.pi * t + phase)) + 0.5
    return np.stack([x, y], axis=1)


def _underline(rng: np.random.Generator, strokes: list[Path]) -> Path:
    """Back below the name and out again."""
    left, right = strokes[0][:, 0].min(), strokes[1][:, 0].max()
    t = np.linspace(0, 1, 80)
    x = right - (right - left) * np.sin(np.pi * t**0.8) * rng.uniform(0.8, 1.0) + 0.8 * t
    y = 0.75 + 0.35 * np.sin(np.pi * t) + rng.uniform(-0.5, 0.1) * t
    return np.stack([x, y], axis=1)
