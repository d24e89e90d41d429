"""What a speaker is, and the one that makes no sound."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from kiosk.enrollment.record import Language


class SpokenText(Protocol):
    """A text id with values for its places; `kiosk.app.views.Text` is one."""

    @property
    def id(self) -> str: ...

    @property
    def args(self) -> Mapping[str, object]: ...


OnSpoken = Callable[[tuple[str, ...]], None]
"""Told the ids of what was begun: for the log, without any values."""


def nothing(_: tuple[str, ...]) -> None:
    """Nobody listens."""


class Speaker(Protocol):
    def say(self, texts: Sequence[SpokenText], language: Language, volume_percent: int) -> None:
        """Speaks the texts in order, in place of whatever is being spoken. Returns at once."""

    def stop(self) -> None:
        """Falls silent at once. Idempotent; `say` may follow."""


class SilentSpeaker:
    """For a unit without a synthesiser: reports what would be spoken."""

    def __init__(self, *, on_spoken: OnSpoken = nothing) -> None:
        self._on_spoken = on_spoken

    def say(self, texts: Sequence[SpokenText], language: Language, volume_percent: int) -> None:  # noqa: ARG002
        self._on_spoken(tuple(text.id for text in texts))

    def stop(self) -> None:
        """There is never anything to end."""
