"""Sizes in millimetres and colours with a proven contrast.

Anchors: VVSG 2.0 7.1-G (capital letters 3.5 to 9 mm) and 7.1-I (10:1 contrast), EN 301 549 5.1.4;
touch targets are wider than VVSG's 12.7 mm for unsteady hands.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

CAPITALS_MM = (3.5, 5.0, 7.0, 9.0)
"""Height of a capital letter at each text step."""

TITLE_FACTOR = (1.35, 1.25, 1.1, 1.0)
TARGET_MM = 15.0
GAP_MM = 3.0
MARGIN_MM = 3.0
CORNER_MM = 31.0
CAP_HEIGHT_EM = 0.711
"""Height of Roboto's capital H over its em (1456/2048)."""

Colour = tuple[float, float, float, float]


def rgb(code: str) -> Colour:
    return (int(code[1:3], 16) / 255, int(code[3:5], 16) / 255, int(code[5:7], 16) / 255, 1.0)


def luminance(colour: Colour) -> float:
    """Relative luminance, WCAG 2.2."""

    def linear(channel: float) -> float:
        return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(channel) for channel in colour[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    """Contrast ratio, WCAG 2.2: 1 to 21."""
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


class Role(Enum):
    """A surface and what is written on it."""

    PAGE = "page"
    CARD = "card"
    PRIMARY = "primary"
    SECONDARY = "secondary"
    QUIET = "quiet"
    STOP = "stop"
    GOOD = "good"
    ADVICE = "advice"


@dataclass(frozen=True, slots=True)
class Surface:
    """fill: the ground; ink: text and drawings on it, at least 10:1; edge: its outline."""

    fill: Colour
    ink: Colour
    edge: Colour


@dataclass(frozen=True, slots=True)
class Palette:
    surfaces: dict[Role, Surface]
    muted: Colour
    """Quieter words on the page and on cards, still 10:1."""
    focus: Colour
    mark_now: Colour
    mark_good: Colour
    mark_mend: Colour
    mark_waiting: Colour

    def __getitem__(self, role: Role) -> Surface:
        return self.surfaces[role]


NORMAL = Palette(
    surfaces={
        Role.PAGE: Surface(rgb("#F6F1E7"), rgb("#14212B"), rgb("#14212B")),
        Role.CARD: Surface(rgb("#FFFFFF"), rgb("#14212B"), rgb("#C9BFAB")),
        Role.PRIMARY: Surface(rgb("#0B3F52"), rgb("#FFFFFF"), rgb("#062B39")),
        Role.SECONDARY: Surface(rgb("#FFFFFF"), rgb("#0A3342"), rgb("#0B3F52")),
        Role.QUIET: Surface(rgb("#EAE2D3"), rgb("#14212B"), rgb("#8C8370")),
        Role.STOP: Surface(rgb("#FFFFFF"), rgb("#7A0C12"), rgb("#7A0C12")),
        Role.GOOD: Surface(rgb("#DDF0DF"), rgb("#0A3A18"), rgb("#1F6B35")),
        Role.ADVICE: Surface(rgb("#FDEBC2"), rgb("#2E2104"), rgb("#B97A00")),
    },
    muted=rgb("#28343D"),
    focus=rgb("#C2410C"),
    mark_now=rgb("#1565C0"),
    mark_good=rgb("#1F6B35"),
    mark_mend=rgb("#B45309"),
    mark_waiting=rgb("#6B7280"),
)

HIGH_CONTRAST = Palette(
    surfaces={
        Role.PAGE: Surface(rgb("#000000"), rgb("#FFFFFF"), rgb("#FFFFFF")),
        Role.CARD: Surface(rgb("#000000"), rgb("#FFFFFF"), rgb("#FFFFFF")),
        Role.PRIMARY: Surface(rgb("#FFD60A"), rgb("#000000"), rgb("#FFD60A")),
        Role.SECONDARY: Surface(rgb("#000000"), rgb("#FFFFFF"), rgb("#FFFFFF")),
        Role.QUIET: Surface(rgb("#000000"), rgb("#FFFFFF"), rgb("#8A8A8A")),
        Role.STOP: Surface(rgb("#FFFFFF"), rgb("#000000"), rgb("#FFFFFF")),
        Role.GOOD: Surface(rgb("#FFFFFF"), rgb("#000000"), rgb("#FFFFFF")),
        Role.ADVICE: Surface(rgb("#000000"), rgb("#FFD60A"), rgb("#FFD60A")),
    },
    muted=rgb("#FFFFFF"),
    focus=rgb("#00E5FF"),
    mark_now=rgb("#00E5FF"),
    mark_good=rgb("#FFFFFF"),
    mark_mend=rgb("#FFD60A"),
    mark_waiting=rgb("#B8B8B8"),
)


@dataclass(frozen=True, slots=True)
class Theme:
    """One resident's look on one screen. px_per_mm: pixels of the panel per millimetre."""

    px_per_mm: float
    text_step: int = 1
    high_contrast: bool = False

    @property
    def palette(self) -> Palette:
        return HIGH_CONTRAST if self.high_contrast else NORMAL

    def px(self, mm: float) -> int:
        return round(mm * self.px_per_mm)

    def font(self, capitals_mm: float) -> int:
        """Font size in pixels whose capital letters are this high."""
        return round(capitals_mm * self.px_per_mm / CAP_HEIGHT_EM)

    @property
    def body_mm(self) -> float:
        return CAPITALS_MM[self.text_step]

    @property
    def title_mm(self) -> float:
        return self.body_mm * TITLE_FACTOR[self.text_step]

    @property
    def small_mm(self) -> float:
        """Labels beside the main words: one step smaller."""
        return CAPITALS_MM[max(0, self.text_step - 1)]

    @property
    def least_mm(self) -> float:
        return CAPITALS_MM[0]

    @property
    def gap(self) -> int:
        return math.ceil(GAP_MM * self.px_per_mm)

    @property
    def target(self) -> int:
        return math.ceil(TARGET_MM * self.px_per_mm)

    @property
    def margin(self) -> int:
        return self.px(MARGIN_MM)
