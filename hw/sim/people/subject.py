"""A person before the sensors, over time: arrives, settles, holds still."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from itertools import count

import cv2
import numpy as np
from numpy.typing import NDArray

from hw.api import CaptureSet, Eye, Finger, PenPoint
from hw.sim.people.eye import dark_field, glance, pair
from hw.sim.people.impression import impress
from hw.sim.people.noise import to_pixels
from hw.sim.people.pen import again
from hw.sim.people.person import SLAP_FINGERS, Picture, SimPerson
from hw.sim.people.scene import Cloth, grain, hang, seat
from hw.sim.people.slap import PLATEN_HEIGHT, PLATEN_WIDTH, clean_platen, compose_slap

_SWAY_PX = 2
"""A hand at rest, or a head held still, drifts by a pixel or two."""

_MARGIN_PX = 64
"""How far off the middle someone may still be while settling."""

_UNTOUCHED = 252
"""Grey of the platen where no skin lies."""

_LAST_TOUCH_PX = 90
"""Between skin that lies flat and skin that does not touch yet."""


@dataclass(frozen=True, slots=True)
class Pace:
    """idle_s: nobody there yet; settle_s: arriving; after both the person holds still."""

    idle_s: float = 0.8
    settle_s: float = 1.6


class PersonSubject:
    """`hw.sim.subject.Subject` for one person. Same person, seed and calls: the same bytes.

    seed: 0 or more, of this visit: how the person lays the hand down, signs and looks this time.

    All pictures are made on construction (about half a second); a preview then only moves them. Safe
    to use from several threads.
    """

    def __init__(
        self, person: SimPerson, *, seed: int, cloth: Cloth = Cloth.RED, pace: Pace | None = None
    ) -> None:
        self.person = person
        self._seed = seed
        self._pace = pace or Pace()
        self._takes = count(1)
        self._lock = threading.Lock()
        rng = np.random.default_rng((seed, 0))
        idle: dict[CaptureSet, Picture] = dict.fromkeys(SLAP_FINGERS, clean_platen(rng))
        idle[CaptureSet.FACE] = hang(cloth, rng)
        idle[CaptureSet.BOTH_IRISES] = dark_field(rng)
        still = {chosen: _laid(person, chosen, idle[chosen], rng) for chosen in SLAP_FINGERS}
        still[CaptureSet.FACE] = grain(seat(person, idle[CaptureSet.FACE]), rng)
        still[CaptureSet.BOTH_IRISES] = pair(person.irises, idle[CaptureSet.BOTH_IRISES], rng)
        self._idle = idle
        self._still = {chosen: _with_margin(picture) for chosen, picture in still.items()}

    @property
    def name(self) -> str:
        return self.person.name

    def preview(self, capture_set: CaptureSet, elapsed_s: float) -> NDArray[np.uint8]:
        """One frame: see `Subject.preview`. Costs a copy, and a blur while the person arrives."""
        arrived = (elapsed_s - self._pace.idle_s) / self._pace.settle_s
        if arrived <= 0:
            return self._idle[capture_set].copy()
        still = self._still[capture_set]
        if arrived >= 1:
            sway = _SWAY_PX * np.sin(elapsed_s * np.array([1.7, 1.1]) + self._seed % 7)
            return _window(still, round(float(sway[0])), round(float(sway[1])))
        if capture_set in SLAP_FINGERS:
            return _landing(still, arrived)
        return _approaching(still, arrived)

    def sample(self, capture_set: CaptureSet, position: int) -> NDArray[np.uint8]:
        """A fresh picture of one position: see `Subject.sample`. Raises KeyError for one the person lacks."""
        rng = self._fresh()
        if capture_set is CaptureSet.FACE:
            still = self._still[CaptureSet.FACE]
            dx, dy = rng.integers(-_SWAY_PX, _SWAY_PX + 1, 2)
            return grain(_window(still, int(dx), int(dy)), rng)
        if capture_set is CaptureSet.BOTH_IRISES:
            return glance(self.person.irises[Eye(position)], rng)
        return impress(self.person.fingers[Finger(position)], rng, touch=self.person.touch)

    def signature(self) -> tuple[PenPoint, ...]:
        """The person's signature, written once more: see `Subject.signature`."""
        return again(self.person.signature, self._fresh())

    def _fresh(self) -> np.random.Generator:
        with self._lock:
            return np.random.default_rng((self._seed, next(self._takes)))


def _laid(person: SimPerson, chosen: CaptureSet, empty: Picture, rng: np.random.Generator) -> Picture:
    """The whole placement on the platen: the given slap, or one composed of fresh impressions."""
    if chosen in person.slaps:
        return _centred(person.slaps[chosen], empty)
    order = SLAP_FINGERS[chosen]
    fingers = {
        finger: impress(person.fingers[finger], rng, touch=person.touch)
        for finger in order
        if finger in person.fingers
    }
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
    levels = np.arange(256, dtype=np.float32)
    shows = 200 + (_UNTOUCHED - 200) * arrived
    pressed = to_pixels(np.clip(_UNTOUCHED - (shows - levels) * (0.25 + 0.75 * arrived), levels, _UNTOUCHED))
    frame = np.asarray(cv2.LUT(frame, pressed), np.uint8)
    touched = round(frame.shape[0] * (0.35 + 0.65 * min(1.0, 1.4 * arrived)))
    fade = np.linspace(1, 0, _LAST_TOUCH_PX, dtype=np.float32)[: frame.shape[0] - touched, None]
    rows = frame[touched : touched + _LAST_TOUCH_PX]
    rows[:] = to_pixels(_UNTOUCHED - fade * (_UNTOUCHED - rows.astype(np.float32)))
    frame[touched + _LAST_TOUCH_PX :] = _UNTOUCHED
    return frame


def _approaching(still: Picture, arrived: float) -> Picture:
    """Off the middle and out of focus, then less and less so."""
    off = round(_MARGIN_PX * (1 - arrived) ** 1.5)
    frame = _window(still, off, off // 2)
    width = 2 * round(9 * (1 - arrived)) + 1
    return np.asarray(cv2.blur(frame, (width, width)), np.uint8)
