"""Our own drawings, as strokes in a unit square (origin bottom left), so that one size serves all.

Pure data: `DRAWINGS[name]` is a tuple of shapes; the `Pictogram` widget turns them into canvas
instructions. Widths are shares of the square. No drawing relies on colour.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line with round ends through the points."""

    points: tuple[Point, ...]
    width: float = 0.07
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Disc:
    centre: Point
    radius: float


@dataclass(frozen=True, slots=True)
class Ring:
    """An ellipse's outline, or the part of it between two angles (degrees, anticlockwise from the right)."""

    centre: Point
    radii: Point
    width: float = 0.07
    start: float = 0.0
    end: float = 360.0


@dataclass(frozen=True, slots=True)
class Fill:
    """A convex polygon."""

    points: tuple[Point, ...]


Shape = Stroke | Disc | Ring | Fill


def arc(ring: Ring, steps: int = 48) -> tuple[Point, ...]:
    """Points along a ring's arc."""
    (x, y), (rx, ry) = ring.centre, ring.radii
    angles = (math.radians(ring.start + (ring.end - ring.start) * i / steps) for i in range(steps + 1))
    return tuple((x + rx * math.cos(angle), y + ry * math.sin(angle)) for angle in angles)


_FACE: tuple[Shape, ...] = (
    Ring((0.5, 0.5), (0.34, 0.42)),
    Disc((0.37, 0.57), 0.045),
    Disc((0.63, 0.57), 0.045),
    Ring((0.5, 0.38), (0.14, 0.1), 0.06, 200, 340),
)
_EYE: tuple[Shape, ...] = (
    Ring((0.5, 0.28), (0.5, 0.46), 0.07, 28, 152),
    Ring((0.5, 0.72), (0.5, 0.46), 0.07, 208, 332),
    Ring((0.5, 0.5), (0.15, 0.15)),
    Disc((0.5, 0.5), 0.06),
)
_FOUR_FINGERS: tuple[Shape, ...] = (
    Stroke(((0.2, 0.42), (0.2, 0.72)), 0.13),
    Stroke(((0.4, 0.42), (0.4, 0.86)), 0.13),
    Stroke(((0.6, 0.42), (0.6, 0.82)), 0.13),
    Stroke(((0.8, 0.42), (0.8, 0.68)), 0.13),
    Stroke(((0.2, 0.32), (0.24, 0.2), (0.76, 0.2), (0.8, 0.32)), 0.07),
)
_HAND: tuple[Shape, ...] = (
    Stroke(((0.34, 0.45), (0.3, 0.76)), 0.1),
    Stroke(((0.47, 0.45), (0.46, 0.86)), 0.1),
    Stroke(((0.6, 0.45), (0.62, 0.82)), 0.1),
    Stroke(((0.71, 0.42), (0.77, 0.68)), 0.1),
    Stroke(((0.38, 0.28), (0.16, 0.5)), 0.11),
    Fill(((0.32, 0.45), (0.76, 0.45), (0.72, 0.2), (0.62, 0.1), (0.46, 0.1), (0.36, 0.2))),
)
_THUMBS: tuple[Shape, ...] = (
    Stroke(((0.3, 0.2), (0.3, 0.72)), 0.2),
    Stroke(((0.7, 0.2), (0.7, 0.72)), 0.2),
    Stroke(((0.1, 0.1), (0.9, 0.1)), 0.06),
)
_SIGNATURE: tuple[Shape, ...] = (
    Stroke(((0.08, 0.14), (0.92, 0.14)), 0.05),
    Stroke(
        (
            (0.1, 0.3),
            (0.18, 0.46),
            (0.26, 0.5),
            (0.25, 0.34),
            (0.3, 0.28),
            (0.38, 0.42),
            (0.42, 0.3),
            (0.5, 0.34),
        ),
        0.06,
    ),
    Stroke(((0.56, 0.32), (0.62, 0.5), (0.86, 0.86), (0.94, 0.78), (0.7, 0.42), (0.56, 0.32)), 0.06),
)
_SPEAKER: tuple[Shape, ...] = (
    Fill(((0.08, 0.37), (0.26, 0.37), (0.26, 0.63), (0.08, 0.63))),
    Fill(((0.26, 0.37), (0.48, 0.16), (0.48, 0.84), (0.26, 0.63))),
    Ring((0.48, 0.5), (0.18, 0.2), 0.07, -50, 50),
    Ring((0.48, 0.5), (0.36, 0.38), 0.07, -50, 50),
)
_HELP: tuple[Shape, ...] = (
    Ring((0.5, 0.5), (0.43, 0.43)),
    Stroke(
        (
            *arc(Ring((0.5, 0.61), (0.15, 0.15), 0, 180, -40), 16),
            (0.52, 0.47),
            (0.5, 0.4),
        ),
        0.09,
    ),
    Disc((0.5, 0.26), 0.06),
)
_QUESTION: tuple[Shape, ...] = (
    Stroke(
        (
            (0.24, 0.06),
            (0.24, 0.22),
            *arc(Ring((0.5, 0.57), (0.42, 0.37), 0, 225, -75), 28),
        ),
        0.07,
        closed=True,
    ),
    Stroke((*arc(Ring((0.5, 0.66), (0.12, 0.12), 0, 180, -50), 16), (0.51, 0.5), (0.5, 0.46)), 0.07),
    Disc((0.5, 0.35), 0.05),
)
_PRINTER: tuple[Shape, ...] = (
    Stroke(((0.1, 0.34), (0.1, 0.64), (0.9, 0.64), (0.9, 0.34)), 0.07),
    Stroke(((0.1, 0.34), (0.26, 0.34)), 0.07),
    Stroke(((0.74, 0.34), (0.9, 0.34)), 0.07),
    Stroke(((0.26, 0.64), (0.26, 0.9), (0.74, 0.9), (0.74, 0.64)), 0.07),
    Stroke(((0.26, 0.42), (0.74, 0.42), (0.74, 0.1), (0.26, 0.1)), 0.07, closed=True),
    Stroke(((0.38, 0.3), (0.62, 0.3)), 0.05),
    Stroke(((0.38, 0.21), (0.54, 0.21)), 0.05),
)
_OFFICER: tuple[Shape, ...] = (
    Ring((0.5, 0.6), (0.2, 0.21)),
    Fill(((0.24, 0.78), (0.76, 0.78), (0.68, 0.92), (0.32, 0.92))),
    Stroke(((0.2, 0.77), (0.8, 0.77)), 0.07),
    Ring((0.5, 0.06), (0.4, 0.28), 0.07, 0, 180),
    Stroke(((0.1, 0.06), (0.9, 0.06)), 0.07),
)
_PERSON: tuple[Shape, ...] = (
    Ring((0.5, 0.7), (0.19, 0.2)),
    Ring((0.5, 0.08), (0.38, 0.34), 0.07, 0, 180),
    Stroke(((0.12, 0.08), (0.88, 0.08)), 0.07),
)
_OK: tuple[Shape, ...] = (Stroke(((0.14, 0.52), (0.4, 0.24), (0.88, 0.8)), 0.14),)
_HOURGLASS: tuple[Shape, ...] = (
    Stroke(((0.22, 0.93), (0.78, 0.93)), 0.08),
    Stroke(((0.22, 0.07), (0.78, 0.07)), 0.08),
    Stroke(((0.28, 0.93), (0.28, 0.74), (0.47, 0.5), (0.28, 0.26), (0.28, 0.07)), 0.06),
    Stroke(((0.72, 0.93), (0.72, 0.74), (0.53, 0.5), (0.72, 0.26), (0.72, 0.07)), 0.06),
    Fill(((0.36, 0.72), (0.64, 0.72), (0.5, 0.54))),
    Fill(((0.34, 0.12), (0.66, 0.12), (0.5, 0.32))),
)
_STOP: tuple[Shape, ...] = (
    Stroke(
        (
            (0.33, 0.93),
            (0.67, 0.93),
            (0.93, 0.67),
            (0.93, 0.33),
            (0.67, 0.07),
            (0.33, 0.07),
            (0.07, 0.33),
            (0.07, 0.67),
        ),
        0.07,
        closed=True,
    ),
    Stroke(((0.34, 0.34), (0.66, 0.66)), 0.1),
    Stroke(((0.66, 0.34), (0.34, 0.66)), 0.1),
)
_SETTINGS: tuple[Shape, ...] = (
    Stroke(((0.08, 0.8), (0.92, 0.8)), 0.06),
    Stroke(((0.08, 0.5), (0.92, 0.5)), 0.06),
    Stroke(((0.08, 0.2), (0.92, 0.2)), 0.06),
    Disc((0.68, 0.8), 0.1),
    Disc((0.3, 0.5), 0.1),
    Disc((0.58, 0.2), 0.1),
)
_NEXT: tuple[Shape, ...] = (Stroke(((0.36, 0.14), (0.7, 0.5), (0.36, 0.86)), 0.13),)
_BACK: tuple[Shape, ...] = (Stroke(((0.64, 0.14), (0.3, 0.5), (0.64, 0.86)), 0.13),)
_AGAIN: tuple[Shape, ...] = (
    Ring((0.5, 0.48), (0.36, 0.36), 0.09, 60, 360),
    Fill(((0.86, 0.68), (0.68, 0.42), (1.0, 0.42))),
)
_DELETE: tuple[Shape, ...] = (
    Stroke(((0.36, 0.78), (0.92, 0.78), (0.92, 0.22), (0.36, 0.22), (0.08, 0.5)), 0.07, closed=True),
    Stroke(((0.46, 0.36), (0.74, 0.64)), 0.07),
    Stroke(((0.74, 0.36), (0.46, 0.64)), 0.07),
)
_CLEAR: tuple[Shape, ...] = (
    Ring((0.5, 0.5), (0.4, 0.4), 0.08),
    Stroke(((0.35, 0.35), (0.65, 0.65)), 0.09),
    Stroke(((0.65, 0.35), (0.35, 0.65)), 0.09),
)
_START: tuple[Shape, ...] = (
    Ring((0.5, 0.5), (0.43, 0.43)),
    Fill(((0.4, 0.28), (0.74, 0.5), (0.4, 0.72))),
)
_CAMERA: tuple[Shape, ...] = (
    Stroke(
        (
            (0.07, 0.22),
            (0.07, 0.72),
            (0.3, 0.72),
            (0.38, 0.86),
            (0.62, 0.86),
            (0.7, 0.72),
            (0.93, 0.72),
            (0.93, 0.22),
        ),
        0.07,
        closed=True,
    ),
    Ring((0.5, 0.47), (0.17, 0.17)),
)
_CARD: tuple[Shape, ...] = (
    Stroke(((0.05, 0.2), (0.05, 0.8), (0.95, 0.8), (0.95, 0.2)), 0.06, closed=True),
    Disc((0.27, 0.56), 0.09),
    Ring((0.27, 0.3), (0.13, 0.13), 0.06, 0, 180),
    Stroke(((0.52, 0.62), (0.82, 0.62)), 0.06),
    Stroke(((0.52, 0.47), (0.82, 0.47)), 0.06),
    Stroke(((0.52, 0.32), (0.7, 0.32)), 0.06),
)
_CARD_IN: tuple[Shape, ...] = (
    Stroke(((0.1, 0.42), (0.1, 0.08), (0.9, 0.08), (0.9, 0.42)), 0.07),
    Stroke(((0.26, 0.2), (0.26, 0.5), (0.74, 0.5), (0.74, 0.2)), 0.06),
    Stroke(((0.5, 0.94), (0.5, 0.66)), 0.08),
    Stroke(((0.36, 0.76), (0.5, 0.62), (0.64, 0.76)), 0.08),
)
_LEAVE: tuple[Shape, ...] = (
    Stroke(((0.56, 0.9), (0.12, 0.9), (0.12, 0.1), (0.56, 0.1)), 0.07),
    Stroke(((0.36, 0.5), (0.9, 0.5)), 0.08),
    Stroke(((0.72, 0.68), (0.9, 0.5), (0.72, 0.32)), 0.08),
)
_SPEECH: tuple[Shape, ...] = (
    Stroke(
        ((0.08, 0.9), (0.92, 0.9), (0.92, 0.36), (0.5, 0.36), (0.26, 0.12), (0.26, 0.36), (0.08, 0.36)),
        0.07,
        True,
    ),
    Stroke(((0.26, 0.72), (0.74, 0.72)), 0.06),
    Stroke(((0.26, 0.54), (0.58, 0.54)), 0.06),
)
_KEYPAD: tuple[Shape, ...] = tuple(Disc((x, y), 0.1) for y in (0.84, 0.5, 0.16) for x in (0.16, 0.5, 0.84))
_FAMILY: tuple[Shape, ...] = (
    Disc((0.28, 0.72), 0.13),
    Disc((0.72, 0.72), 0.13),
    Disc((0.5, 0.46), 0.1),
    Ring((0.28, 0.22), (0.2, 0.32), 0.07, 90, 180),
    Ring((0.72, 0.22), (0.2, 0.32), 0.07, 0, 90),
    Ring((0.5, 0.08), (0.18, 0.22), 0.07, 0, 180),
    Stroke(((0.08, 0.08), (0.92, 0.08)), 0.07),
)
_TICKET: tuple[Shape, ...] = (
    Stroke(((0.06, 0.24), (0.06, 0.76), (0.94, 0.76), (0.94, 0.24)), 0.07, closed=True),
    Stroke(((0.64, 0.26), (0.64, 0.36)), 0.05),
    Stroke(((0.64, 0.45), (0.64, 0.55)), 0.05),
    Stroke(((0.64, 0.64), (0.64, 0.74)), 0.05),
    Stroke(((0.2, 0.58), (0.48, 0.58)), 0.06),
    Stroke(((0.2, 0.42), (0.48, 0.42)), 0.06),
)
_NOTICE: tuple[Shape, ...] = (
    Stroke(((0.2, 0.06), (0.2, 0.94), (0.62, 0.94), (0.82, 0.74), (0.82, 0.06)), 0.07, closed=True),
    Stroke(((0.34, 0.62), (0.68, 0.62)), 0.06),
    Stroke(((0.34, 0.46), (0.68, 0.46)), 0.06),
    Stroke(((0.34, 0.3), (0.56, 0.3)), 0.06),
)
_LOCK: tuple[Shape, ...] = (
    Stroke(((0.18, 0.08), (0.18, 0.54), (0.82, 0.54), (0.82, 0.08)), 0.07, closed=True),
    Ring((0.5, 0.54), (0.2, 0.34), 0.07, 0, 180),
    Disc((0.5, 0.35), 0.07),
    Stroke(((0.5, 0.34), (0.5, 0.2)), 0.06),
)
_PLUG: tuple[Shape, ...] = (
    Stroke(((0.36, 0.94), (0.36, 0.7)), 0.08),
    Stroke(((0.64, 0.94), (0.64, 0.7)), 0.08),
    Stroke(((0.2, 0.68), (0.8, 0.68)), 0.08),
    Ring((0.5, 0.66), (0.24, 0.34), 0.08, 180, 360),
    Stroke(((0.5, 0.32), (0.5, 0.06)), 0.08),
)
_STICK: tuple[Shape, ...] = (
    Stroke(((0.26, 0.06), (0.26, 0.6), (0.74, 0.6), (0.74, 0.06)), 0.08, closed=True),
    Stroke(((0.36, 0.62), (0.36, 0.94), (0.64, 0.94), (0.64, 0.62)), 0.07),
    Disc((0.44, 0.78), 0.035),
    Disc((0.56, 0.78), 0.035),
)
_TO_STICK: tuple[Shape, ...] = (
    Stroke(((0.5, 0.94), (0.5, 0.36)), 0.09),
    Stroke(((0.28, 0.54), (0.5, 0.32), (0.72, 0.54)), 0.09),
    Stroke(((0.12, 0.3), (0.12, 0.08), (0.88, 0.08), (0.88, 0.3)), 0.08),
)
_FROM_STICK: tuple[Shape, ...] = (
    Stroke(((0.5, 0.3), (0.5, 0.9)), 0.09),
    Stroke(((0.28, 0.72), (0.5, 0.94), (0.72, 0.72)), 0.09),
    Stroke(((0.12, 0.3), (0.12, 0.08), (0.88, 0.08), (0.88, 0.3)), 0.08),
)
_CONTRAST: tuple[Shape, ...] = (
    Ring((0.5, 0.5), (0.42, 0.42)),
    Fill(tuple(arc(Ring((0.5, 0.5), (0.4, 0.4), 0, 90, 270), 24))),
)
_LARGER: tuple[Shape, ...] = (
    Stroke(((0.08, 0.12), (0.36, 0.84), (0.64, 0.12)), 0.09),
    Stroke(((0.19, 0.38), (0.53, 0.38)), 0.08),
    Stroke(((0.82, 0.36), (0.82, 0.72)), 0.08),
    Stroke(((0.64, 0.54), (1.0, 0.54)), 0.08),
)
_SMALLER: tuple[Shape, ...] = (
    Stroke(((0.14, 0.12), (0.36, 0.66), (0.58, 0.12)), 0.08),
    Stroke(((0.23, 0.32), (0.49, 0.32)), 0.07),
    Stroke(((0.66, 0.54), (0.98, 0.54)), 0.08),
)
_PLUS: tuple[Shape, ...] = (Stroke(((0.5, 0.12), (0.5, 0.88)), 0.12), Stroke(((0.12, 0.5), (0.88, 0.5)), 0.12))
_MINUS: tuple[Shape, ...] = (Stroke(((0.12, 0.5), (0.88, 0.5)), 0.12),)
_LOUDER: tuple[Shape, ...] = (
    *_SPEAKER[:2],
    Stroke(((0.78, 0.32), (0.78, 0.68)), 0.08),
    Stroke(((0.6, 0.5), (0.96, 0.5)), 0.08),
)
_QUIETER: tuple[Shape, ...] = (*_SPEAKER[:2], Stroke(((0.6, 0.5), (0.96, 0.5)), 0.08))
_ADVICE: tuple[Shape, ...] = (Stroke(((0.5, 0.36), (0.5, 0.86)), 0.15), Disc((0.5, 0.13), 0.085))

DRAWINGS: Mapping[str, tuple[Shape, ...]] = MappingProxyType(
    {
        "again": _AGAIN,
        "attention": _ADVICE,
        "back": _BACK,
        "camera": _CAMERA,
        "card": _CARD,
        "card_in": _CARD_IN,
        "clear": _CLEAR,
        "contrast": _CONTRAST,
        "delete": _DELETE,
        "eye": _EYE,
        "face": _FACE,
        "family": _FAMILY,
        "four_fingers": _FOUR_FINGERS,
        "from_stick": _FROM_STICK,
        "hand": _HAND,
        "help": _HELP,
        "hourglass": _HOURGLASS,
        "keypad": _KEYPAD,
        "larger": _LARGER,
        "leave": _LEAVE,
        "lock": _LOCK,
        "louder": _LOUDER,
        "minus": _MINUS,
        "next": _NEXT,
        "notice": _NOTICE,
        "officer": _OFFICER,
        "ok": _OK,
        "person": _PERSON,
        "plug": _PLUG,
        "plus": _PLUS,
        "printer": _PRINTER,
        "question": _QUESTION,
        "quieter": _QUIETER,
        "settings": _SETTINGS,
        "signature": _SIGNATURE,
        "smaller": _SMALLER,
        "speaker": _SPEAKER,
        "speech": _SPEECH,
        "start": _START,
        "stick": _STICK,
        "stop": _STOP,
        "thumbs": _THUMBS,
        "ticket": _TICKET,
        "to_stick": _TO_STICK,
    }
)
