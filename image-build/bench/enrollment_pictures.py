"""What a rehearsal leaves behind: for each screen its head, and where its buttons are."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""BGR (height, width, 3)."""

Box = tuple[slice, slice]
"""Rows and columns of a picture."""

HEAD_PX = 112
"""Progress and title: on a screen of 800 lines everything below is the screen's own business."""

SURE = 0.93
"""Correlation of a head with the same one. Measured: heads of different screens have at most 0.86."""


@dataclass(slots=True)
class Rehearsed:
    """Pixels from the top left. heads: file name -> screen. buttons: screen -> button -> place.
    pads: screen -> left, top, width, height of the field to sign on. typed: screen -> for each
    number that was typed there its pictures: before, and after each digit."""

    heads: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, dict[str, tuple[float, float]]] = field(default_factory=dict)
    pads: dict[str, tuple[float, float, float, float]] = field(default_factory=dict)
    typed: dict[str, list[list[str]]] = field(default_factory=dict)

    def save(self, folder: Path) -> None:
        (folder / "rehearsed.json").write_text(json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def load(cls, folder: Path) -> Rehearsed:
        return cls(**json.loads((folder / "rehearsed.json").read_text()))


class Heads:
    """Tells screens apart by their heads."""

    def __init__(self, folder: Path, rehearsed: Rehearsed) -> None:
        self._heads = [(screen, read(folder / file)) for file, screen in rehearsed.heads.items()]

    def screen(self, shown: Picture) -> str:
        """Empty for one that is like none of them."""
        likeness, screen = max((alike(head, shown[:HEAD_PX]), screen) for screen, head in self._heads)
        return screen if likeness >= SURE else ""


def read(file: Path) -> Picture:
    """Raises OSError."""
    picture = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if picture is None:
        raise OSError(f"no picture in {file}")
    return np.asarray(picture, dtype=np.uint8)


def write(file: Path, picture: Picture) -> None:
    if not cv2.imwrite(str(file), picture):
        raise OSError(f"could not write {file}")


def alike(one: Picture, other: Picture) -> float:
    """Correlation of grey values at half the size: 1 for equal pictures, 0 when one alone is of one colour."""
    grey = []
    for picture in (one, other):
        half = cv2.resize(
            cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA
        )
        grey.append(half.astype(np.float64) - half.mean())
    spread = float(np.sqrt((grey[0] ** 2).sum() * (grey[1] ** 2).sum()))
    if not spread:
        return float(not grey[0].any() and not grey[1].any())
    return float((grey[0] * grey[1]).sum() / spread)


def changed_box(before: Picture, after: Picture) -> Box:
    """Rows and columns that hold all that is different. Raises ValueError when nothing is."""
    rows, columns = np.nonzero(cv2.absdiff(before, after).max(axis=2) > 32)
    if not rows.size:
        raise ValueError("nothing has changed")
    margin = 8
    return (
        slice(max(int(rows.min()) - margin, 0), int(rows.max()) + margin),
        slice(max(int(columns.min()) - margin, 0), int(columns.max()) + margin),
    )
