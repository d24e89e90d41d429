"""The people a simulation can call up: read from a folder, or made from a seed, each when first wanted."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hw.api import CaptureSet, PenPoint
from hw.sim.people import Cloth, PersonSubject, SimPerson, load_people
from hw.sim.people.eye import dark_field
from hw.sim.people.scene import hang
from hw.sim.people.slap import clean_platen
from hw.sim.people.synthesize import synthesize
from hw.sim.subject import Subject

SYNTHESIZED = 8

log = logging.getLogger(__name__)


class UnknownPersonError(LookupError):
    """Somebody who is not in the crowd."""


@dataclass(frozen=True, slots=True)
class Resident:
    """name: empty for a person who has not been made yet."""

    index: int
    name: str


class Crowd:
    """Safe between threads; a person is made once, while others wait."""

    def __init__(self, *, folder: Path | None = None, seed: int = 1) -> None:
        """folder: see `hw.sim.people.load_people`; without one SYNTHESIZED people come from the seed.

        Raises PersonFolderError for a folder that holds nobody.
        """
        self._seed = seed
        self._given: tuple[SimPerson, ...] = load_people(folder) if folder is not None else ()
        self._size = len(self._given) or SYNTHESIZED
        self._subjects: dict[int, PersonSubject] = {}
        self._seated: dict[tuple[int, Cloth], PersonSubject] = {}
        self._lock = threading.Lock()

    def residents(self) -> tuple[Resident, ...]:
        """Does not wait for a person who is being made."""
        made = dict(self._subjects)
        names = {index: person.name for index, person in enumerate(self._given)}
        names.update({index: subject.name for index, subject in made.items()})
        return tuple(Resident(index, names.get(index, "")) for index in range(self._size))

    def subject(self, index: int, cloth: Cloth | None = None) -> Subject:
        """The person before a cloth; None leaves the one that hangs there. Takes seconds the first time.

        Raises UnknownPersonError.
        """
        if not 0 <= index < self._size:
            raise UnknownPersonError(f"the crowd has people 0 to {self._size - 1}, not {index}")
        with self._lock:
            if index not in self._subjects:
                self._subjects[index] = self._make(index)
            subject = self._subjects[index]
            if cloth is None:
                return subject
            if (index, cloth) not in self._seated:
                self._seated[index, cloth] = PersonSubject(subject.person, seed=self._seed + index, cloth=cloth)
            return self._seated[index, cloth]

    def _make(self, index: int) -> PersonSubject:
        begun = time.monotonic()
        person = self._given[index] if self._given else synthesize(self._seed + index)
        cloth = Cloth.RED if index % 2 else Cloth.BLUE
        subject = PersonSubject(person, seed=self._seed + index, cloth=cloth)
        log.info("person %d (%s) made in %.1f s", index, person.name, time.monotonic() - begun)
        return subject


class Nobody:
    """What idle sensors see."""

    def __init__(self, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        platen = clean_platen(rng)
        self._views = {
            CaptureSet.FACE: hang(Cloth.RED, rng),
            CaptureSet.RIGHT_SLAP: platen,
            CaptureSet.LEFT_SLAP: platen,
            CaptureSet.THUMBS: platen,
            CaptureSet.BOTH_IRISES: dark_field(rng),
        }

    @property
    def name(self) -> str:
        return ""

    def preview(self, capture_set: CaptureSet, elapsed_s: float) -> NDArray[np.uint8]:
        del elapsed_s
        return self._views[capture_set].copy()

    def sample(self, capture_set: CaptureSet, position: int) -> NDArray[np.uint8]:
        raise KeyError(f"nobody has a position {position} of {capture_set}")

    def signature(self) -> tuple[PenPoint, ...]:
        return ()
