"""What a fingerprint comparison works on: the minutiae of one impression."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class MinutiaType(IntEnum):
    """ISO/IEC 19794-2:2011 minutia type codes."""

    OTHER = 0
    ENDING = 1
    BIFURCATION = 2


@dataclass(frozen=True, slots=True)
class Minutia:
    """x, y: pixels at 500 ppi from the top left. angle: 256ths of a turn, counter-clockwise from the right,
    along the ridge into the minutia (ISO/IEC 19794-2:2011, 6.5). quality: 1 to 100, 0 when unknown."""

    x: int
    y: int
    angle: int
    type: MinutiaType
    quality: int


@dataclass(frozen=True, slots=True)
class Template:
    """width, height: size in pixels of the image the minutiae were found in, 500 ppi. Best minutiae first."""

    minutiae: tuple[Minutia, ...]
    width: int
    height: int
