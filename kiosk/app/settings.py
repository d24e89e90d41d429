"""The resident's own settings, changed at any time and reset after each session."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from kiosk.app.views import Display
from kiosk.enrollment.record import Language

TEXT_STEPS = 4
VOLUME_STEP_PERCENT = 25
VOLUME_RANGE_PERCENT = (50, 200)
"""EN 301 549 and VVSG 2.0 as VotingWorks applies them: audio from 50 to 200 %."""


class Setting(StrEnum):
    OPENED = "opened"
    CLOSED = "closed"
    LARGER_TEXT = "larger_text"
    SMALLER_TEXT = "smaller_text"
    CONTRAST = "contrast"
    LOUDER = "louder"
    QUIETER = "quieter"
    REPEAT = "repeat"


@dataclass(frozen=True, slots=True)
class LanguageSet:
    language: Language


SettingEvent = Setting | LanguageSet


def changed(display: Display, event: SettingEvent) -> Display:
    """The display after one setting's button; limits hold."""
    low, high = VOLUME_RANGE_PERCENT
    match event:
        case LanguageSet(language):
            return replace(display, language=language)
        case Setting.LARGER_TEXT:
            return replace(display, text_step=min(display.text_step + 1, TEXT_STEPS - 1))
        case Setting.SMALLER_TEXT:
            return replace(display, text_step=max(display.text_step - 1, 0))
        case Setting.CONTRAST:
            return replace(display, high_contrast=not display.high_contrast)
        case Setting.LOUDER:
            return replace(display, volume_percent=min(display.volume_percent + VOLUME_STEP_PERCENT, high))
        case Setting.QUIETER:
            return replace(display, volume_percent=max(display.volume_percent - VOLUME_STEP_PERCENT, low))
        case _:
            return display
