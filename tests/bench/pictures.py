"""The images everything is measured on: real ones beside the checkout when they are there, and made ones.

The made ones come from fixed seeds that nothing was fitted on, and lie in a scratch folder as PNG, so that
ours and the peers read the same files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from hw.api import CaptureSet, Eye, Finger
from hw.sim.people import SLAP_FINGERS, Cloth, SimPerson, Touch, compose_slap, impress, synthesize
from hw.sim.people.scene import grain, hang, seat

Gray = NDArray[np.uint8]

SHARED = Path(__file__).parents[3] / "shared" / "data"
FIRST_SEED = 9001
PEOPLE = 4
"""Synthesized for this bench alone."""

_TOUCHES = (
    Touch(),
    Touch(pressure=0.5, rotation_deg=12, shift_px=12, stretch_px=4),
    Touch(dryness=0.7, pressure=-0.3, rotation_deg=18, shift_px=16, stretch_px=5),
)
"""An ordinary touch, a heavy and turned one, a dry and light one."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """finger: names the finger it is an impression of. real: taken from a person or a published sample."""

    path: Path
    gray: Gray
    finger: str
    real: bool


@dataclass(eq=False)
class Pictures:
    """folder: scratch space for the made ones. Everything is made when first asked for."""

    folder: Path
    _number: Iterator[int] = field(default_factory=count)

    @cached_property
    def people(self) -> tuple[SimPerson, ...]:
        return tuple(synthesize(FIRST_SEED + number) for number in range(PEOPLE))

    @cached_property
    def real_fingers(self) -> tuple[Picture, ...]:
        folders = [SHARED / "fingerprints", SHARED / "people" / "p1"]
        names = ("_thumb", "_index", "_middle", "_ring", "_little")
        paths = [path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir())]
        chosen = [path for path in paths if path.parent.name != "p1" or path.stem.endswith(names)]
        return tuple(Picture(path, _read(path), _finger_of(path), real=True) for path in chosen)

    @cached_property
    def made_fingers(self) -> tuple[Picture, ...]:
        """Three touches of each finger of each person."""
        return tuple(
            self.keep(
                impress(gray, np.random.default_rng((FIRST_SEED, number, finger, place)), touch=touch),
                finger=f"made_{number}_{finger.name}",
            )
            for number, person in enumerate(self.people)
            for finger, gray in person.fingers.items()
            for place, touch in enumerate(_TOUCHES)
        )

    @cached_property
    def spoilt_fingers(self) -> tuple[Picture, ...]:
        """Made fingers blurred, noisy, faded, smeared or cut, to fill the lower end of the scale."""
        rng = np.random.default_rng(FIRST_SEED)
        chosen = self.made_fingers[::4]
        return tuple(
            self.keep(_spoil(picture.gray, place % 5, rng), finger=picture.finger)
            for place, picture in enumerate(chosen)
        )

    @cached_property
    def fingers(self) -> tuple[Picture, ...]:
        return (*self.real_fingers, *self.made_fingers, *self.spoilt_fingers)

    def sized_finger(self, *, width: int, height: int) -> Picture:
        """A finger that fills the picture, so that trimming takes nothing away."""
        gray = impress(self.people[0].fingers[Finger.RIGHT_THUMB], np.random.default_rng(FIRST_SEED))
        inner = gray[24:-24, 24:-24]
        scale = max(width / inner.shape[1], height / inner.shape[0])
        grown = cv2.resize(inner, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        cut = np.ascontiguousarray(grown[:height, :width])
        cut[[0, -1]] = np.minimum(cut[[0, -1]], 240)
        cut[:, [0, -1]] = np.minimum(cut[:, [0, -1]], 240)
        return self.keep(cut, finger="sized")

    @cached_property
    def slap(self) -> Picture:
        person, rng = self.people[0], np.random.default_rng(FIRST_SEED)
        fingers = {f: impress(person.fingers[f], rng) for f in SLAP_FINGERS[CaptureSet.RIGHT_SLAP]}
        return self.keep(compose_slap(fingers, CaptureSet.RIGHT_SLAP, rotation_deg=4)[0], finger="slap")

    @cached_property
    def eye(self) -> Picture:
        return self.keep(self.people[0].irises[Eye.RIGHT], finger="eye")

    @cached_property
    def face(self) -> Gray:
        """RGB 1280x720."""
        rng = np.random.default_rng(FIRST_SEED)
        return grain(seat(self.people[0], hang(Cloth.RED, rng)), rng)

    def keep(self, gray: Gray, *, finger: str) -> Picture:
        path = self.folder / f"{next(self._number):04d}.png"
        cv2.imwrite(str(path), gray)
        return Picture(path, gray, finger, real=False)


def _read(path: Path) -> Gray:
    gray = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if gray is None:
        raise ValueError(f"{path.name} is no image")
    return np.asarray(gray, np.uint8)


def _finger_of(path: Path) -> str:
    """p1_1, p1_2 and p1_3 are impressions of one finger, and so are safis_probe and safis_matching."""
    name, _, impression = path.stem.rpartition("_")
    return name if impression.isdigit() or impression in ("probe", "matching") else path.stem


def _spoil(gray: Gray, kind: int, rng: np.random.Generator) -> Gray:
    height, width = gray.shape
    shade = 255.0 - gray
    spoilt = (
        lambda: cv2.GaussianBlur(gray, (0, 0), 1.6),
        lambda: gray + rng.normal(0, 40, gray.shape),
        lambda: 255 - 0.35 * shade,
        lambda: cv2.blur(gray, (9, 1)),
        lambda: gray[height // 4 :, : width * 2 // 3],
    )[kind]()
    return np.ascontiguousarray(np.clip(spoilt, 0, 255).astype(np.uint8))
