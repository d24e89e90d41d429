"""Fingers as sets of minutiae, and further impressions of them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from kiosk.enrollment.minutiae import Minutia, MinutiaType, Template

SHARED = Path(__file__).parents[3] / "shared" / "data"
WIDTH, HEIGHT = 320, 440


def made_finger(seed: int, *, count: int = 50) -> Template:
    """Minutiae at least 12 px apart whose angles follow a loop, as real ones do."""
    rng = np.random.default_rng(seed)
    core_x, core_y = rng.uniform(120, 200), rng.uniform(180, 260)
    minutiae: list[Minutia] = []
    while len(minutiae) < count:
        x, y = rng.uniform(10, WIDTH - 10), rng.uniform(10, HEIGHT - 10)
        if all(math.hypot(x - other.x, y - other.y) > 12 for other in minutiae):
            ridge = math.atan2(core_x - x, core_y - y) * 128 / math.pi + 128 * rng.integers(2)
            angle = round(ridge + rng.normal(0, 12)) & 255
            quality = int(rng.integers(30, 100))
            minutiae.append(Minutia(round(x), round(y), angle, MinutiaType(1 + rng.integers(2)), quality))
    return Template(tuple(minutiae), WIDTH, HEIGHT)


def impression(
    template: Template,
    seed: int,
    *,
    degrees: float = 0.0,
    shift: tuple[float, float] = (0.0, 0.0),
    jitter: float = 3.0,
    lost: float = 0.2,
    false: int = 8,
    keep_below: float = 1.0,
) -> Template:
    """The same finger again: turned counter-clockwise, shifted, displaced by `jitter` pixels, some lost
    and some false. keep_below: share of the height that touched, from the top."""
    rng = np.random.default_rng(seed)
    turn = math.radians(degrees)
    minutiae = []
    for minutia in template.minutiae:
        if rng.random() < lost or minutia.y > keep_below * template.height:
            continue
        x, y = minutia.x - template.width / 2, minutia.y - template.height / 2
        minutiae.append(
            Minutia(
                round(math.cos(turn) * x + math.sin(turn) * y + WIDTH / 2 + shift[0] + rng.normal(0, jitter)),
                round(math.cos(turn) * y - math.sin(turn) * x + HEIGHT / 2 + shift[1] + rng.normal(0, jitter)),
                round(minutia.angle + degrees * 256 / 360 + rng.normal(0, 4)) & 255,
                minutia.type,
                minutia.quality,
            )
        )
    minutiae += made_finger(seed + 90_000, count=false).minutiae
    return Template(tuple(minutiae), template.width, template.height)
