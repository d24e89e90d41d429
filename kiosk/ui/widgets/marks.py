"""How each `Mark` looks: always a shape as well as a colour."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.app.views import Mark
from kiosk.ui.theme import Colour, Palette, Role


@dataclass(frozen=True, slots=True)
class MarkLook:
    """fill None: outlined only. sign: the pictogram drawn on it, empty for none."""

    fill: Colour | None
    edge: Colour
    sign: str
    sign_colour: Colour
    edge_mm: float


def look_of(mark: Mark, palette: Palette) -> MarkLook:
    card = palette[Role.CARD].fill
    match mark:
        case Mark.WAITING:
            return MarkLook(None, palette.mark_waiting, "", palette.mark_waiting, 0.35)
        case Mark.NOW:
            return MarkLook(palette.mark_now, palette.mark_now, "", card, 0.9)
        case Mark.GOOD:
            return MarkLook(palette.mark_good, palette.mark_good, "ok", card, 0.6)
        case Mark.MEND:
            return MarkLook(card, palette.mark_mend, "again", palette.mark_mend, 0.9)
        case Mark.EXCEPTED:
            return MarkLook(None, palette.mark_waiting, "minus", palette.mark_waiting, 0.35)
