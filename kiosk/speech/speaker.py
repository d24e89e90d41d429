"""What the kiosk needs of a voice."""

from __future__ import annotations

from typing import Protocol

from kiosk.enrollment.record import Language
from kiosk.i18n import Phrase


class Speaker(Protocol):
    def say(self, texts: tuple[Phrase, ...], language: Language, volume_percent: int) -> None:
        """Returns at once. Words still being said are cut off: what is on the screen now is said."""

    def stop(self) -> None:
        """Silence, now. Idempotent."""


class SilentSpeaker:
    """For a unit without a voice."""

    def say(self, texts: tuple[Phrase, ...], language: Language, volume_percent: int) -> None:
        del texts, language, volume_percent

    def stop(self) -> None:
        """There is nothing to end."""
