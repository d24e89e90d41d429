"""A person before the sensors, over time: arrives, settles, holds still."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count

import cv2
import numpy as np
from numpy.typing import NDArray

from hw.api import CaptureSet, Eye, Finger, PenPoint
from hw.sim.people.eye import dark_field, glance, pair
from hw.sim.people.impression import impress
from hw.sim.people.pen import MAX_PRESSURE, PAD_HEIGHT, PAD_WIDTH
from hw.sim.people.person import SLAP_FINGERS, Picture, SimPerson
from hw.sim.people.scene import Cloth, grain, hang, seat
from hw.sim.people.slap import PLATEN_HEIGHT, PLATEN_WIDTH, clean_platen, compose_slap

_SWAY_PX = 2
"""A hand at rest, or a head held still, drifts by a pixel or two."""

_MARGIN_PX = 64
"""How far off the middle someone may still be while settling."""


@dataclass(frozen=True, slots=True)
class Pace:
    """idle_s: nobody there yet; settle_s: arriving; after both the person holds still."""

    idle_s: float = 0.8
    settle_s: float = 1.6


@dataclass(frozen=True, slots=True, eq=False)
class PersonSubject:
    """`hw.sim.subject.Subject` for one person. Same person, seed and calls: the same bytes.

    All pictures are made once, on construction (about a second); a preview then only moves them. Safe
    to use from several threads.
    """

    person: SimPerson
    seed: int
    cloth: Cloth = Cloth.RED
    pace: Pace = field(default_factory=Pace)
    _idle: Mapping[CaptureSet, Picture] = field(init=False, repr=False)
    _still: Mapping[CaptureSet, Picture] = field(init=False, repr=False)
    _takes: count[int] = field(init=False, repr=False, default_factory=count)
    _lock: threading.Lock = field(init=False, repr=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        rng = np.random.default_rng((self.seed, 0))
        idle: dict[CaptureSet, Picture] = dict.fromkeys(SLAP_FINGERS, clean_platen(rng))
        idle[CaptureSet.FACE] = hang(self.cloth, rng)
        idle[CaptureSet.BOTH_IRISES] = dark_field(rng)
        still = {chosen: _laid(self.person, chosen, idle[chosen], rng) for chosen in SLAP_FINGERS}
        still[CaptureSet.FACE] = grain(seat(self.person, idle[CaptureSet.FACE]), rng)
        still[CaptureSet.BOTH_IRISES] = pair(self.person.irises, idle[CaptureSet.BOTH_IRISES], rng)
        object.__setattr__(self, "_idle", idle)
        object.__setattr__(self, "_still", {chosen: _with_margin(p) for chosen, p in still.items()})

    @property
    def name(self) -> str:
        return self.person.name

    def preview(self, capture_set: CaptureSet, elapsed_s: float) -> NDArray[np.uint8]:
        """One frame: see `Subject.preview`. Costs a copy, and a blur while the person arrives."""
        arrived = (elapsed_s - self.pace.idle_s) / self.pace.settle_s
        if arrived <= 0:
            return self._idle[capture_set].copy()
        still = self._still[capture_set]
        if arrived >= 1:
            sway = _SWAY_PX * np.sin(elapsed_s * np.array([1.7, 1.1]) + self.seed % 7)
            return _window(still, round(float(sway[0])), round(float(sway[1])))
        if capture_set in SLAP_FINGERS:
            return _landing(still, arrived)
        return _approaching(still, arrived)

    def sample(self, capture_set: CaptureSet, position: int) -> NDArray[np.uint8]:
        """A fresh picture of one position: see `Subject.sample`. Raises KeyError for one the person lacks."""
        with self._lock:
            rng = np.random.default_rng((self.seed, 1, next(self._takes)))
        if capture_set is CaptureSet.FACE:
            still = self._still[CaptureSet.FACE]
            dx, dy = rng.integers(-_SWAY_PX, _SWAY_PX + 1, 2)
            return grain(_window(still, int(dx), int(dy)), rng)
        if capture_set is CaptureSet.BOTH_IRISES:
            return glance(self.person.irises[Eye(position)], rng)
        return impress(self.person.fingers[Finger(position)], rng)

    def signature(self) -> tuple[PenPoint, ...]:
        """The person's signature, written once more: a little larger or smaller, leaning, faster."""
        with self._lock:
            rng = np.random.default_rng((self.seed, 2, next(self._takes)))
        scale, lean = rng.uniform(0.94, 1.0), rng.uniform(-0.03, 0.03)
        pace, press = rng.uniform(0.9, 1.1), rng.uniform(0.92, 1.05)
        return tuple(
            PenPoint(
                x=int(
                    np.clip(
                        PAD_WIDTH / 2 + scale * (p.x - PAD_WIDTH / 2) - lean * (p.y - PAD_HEIGHT / 2),
                        0,
                        PAD_WIDTH,
                    )
                ),
                y=int(np.clip(PAD_HEIGHT / 2 + scale * (p.y - PAD_HEIGHT / 2), 0, PAD_HEIGHT)),
                t_ns=int(p.t_ns * pace),
                pressure=0 if p.pressure == 0 else int(np.clip(p.pressure * press, 1, MAX_PRESSURE)),
            )
            for p in self.person.signature
        )


def _laid(person: SimPerson, chosen: CaptureSet, empty: Picture, rng: np.random.Generator) -> Picture:
    """The whole placement on the platen: the given slap, or one composed of fresh impressions."""
    if chosen in person.slaps:
        return _centred(person.slaps[chosen], empty)
    order = SLAP_FINGERS[chosen]
    fingers = {finger: impress(person.fingers[finger], rng) for finger in order if finger in person.fingers}
    missing = [finger for finger in order if finger not in fingers]
    laid, _ = compose_slap(fingers, chosen, rotation_deg=float(rng.uniform(-3, 3)), missing=missing)
    return np.minimum(laid, empty)


def _centred(slap: Picture, empty: Picture) -> Picture:
    """A slap of any size in the middle of the platen; what does not fit is cut off."""
    top, left = (slap.shape[0] - PLATEN_HEIGHT) // 2, (slap.shape[1] - PLATEN_WIDTH) // 2
    cut = slap[max(top, 0) : max(top, 0) + PLATEN_HEIGHT, max(left, 0) : max(left, 0) + PLATEN_WIDTH]
    laid = empty.copy()
    y, x = max(-top, 0), max(-left, 0)
    place = laid[y : y + cut.shape[0], x : x + cut.shape[1]]
    np.minimum(place, cut, out=place)
    return laid


def _with_margin(picture: Picture) -> Picture:
    m = _MARGIN_PX
    return np.asarray(cv2.copyMakeBorder(picture, m, m, m, m, cv2.BORDER_REPLICATE), np.uint8)


def _window(bordered: Picture, dx: int, dy: int) -> Picture:
    """The middle of a bordered picture, its content moved right by dx and down by dy."""
    m = _MARGIN_PX
    height, width = bordered.shape[0] - 2 * m, bordered.shape[1] - 2 * m
    return np.ascontiguousarray(bordered[m - dy : m - dy + height, m - dx : m - dx + width])


def _landing(still: Picture, arrived: float) -> Picture:
    """Fingertips first and lightly: only the tops of ridges show, then the whole hand, sliding a little."""
    off = round(_MARGIN_PX * (1 - arrived) ** 2)
    frame = _window(still, off, -off // 2)
    touched = round(frame.shape[0] * (0.35 + 0.65 * min(1.0, 1.4 * arrived)))
    frame[touched:] = 252
    levels = np.arange(256, dtype=np.float32)
    light = np.clip(252 - (200 - levels) * (0.25 + 0.75 * arrived), levels, 252).astype(np.uint8)
    return np.asarray(cv2.LUT(frame, light), np.uint8)


def _approaching(still: Picture, arrived: float) -> Picture:
    """Off the middle and out of focus, then less and less so."""
    off = round(_MARGIN_PX * (1 - arrived) ** 1.5)
    frame = _window(still, off, off // 2)
    width = 2 * round(9 * (1 - arrived)) + 1
    return np.asarray(cv2.blur(frame, (width, width)), np.uint8)
