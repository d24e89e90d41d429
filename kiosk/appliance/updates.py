"""Whether an offered image is to be installed, and what a start after an installation means. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import total_ordering

COMPATIBLE = "ktp-el-kiosk"
_VERSION = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9}){0,5}")


class VersionError(ValueError):
    """Not numbers with dots between them."""


@total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """Such as 1.12.0; 1.12 equals 1.12.0, and 1.9 is older than 1.12."""

    text: str

    def __post_init__(self) -> None:
        if not _VERSION.fullmatch(self.text):
            raise VersionError(f"{self.text!r} is no version; allowed: numbers with dots between them")

    @property
    def _numbers(self) -> tuple[int, ...]:
        numbers = [int(word) for word in self.text.split(".")]
        while numbers and not numbers[-1]:
            numbers.pop()
        return tuple(numbers)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self._numbers == other._numbers

    def __lt__(self, other: Version) -> bool:
        return self._numbers < other._numbers

    def __hash__(self) -> int:
        return hash(self._numbers)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Offer:
    """What a bundle whose signature holds says of itself."""

    compatible: str
    version: Version


@dataclass(frozen=True, slots=True)
class Trial:
    """An installation that waits for its verdict. boot_id: of the start in which it was installed."""

    version: Version
    boot_id: str


@dataclass(frozen=True, slots=True)
class History:
    """What this unit remembers of updates. refused: versions that were tried and did not get ready."""

    trial: Trial | None = None
    refused: frozenset[Version] = frozenset()


class Decision(StrEnum):
    INSTALL = "install"
    OTHER_MACHINE = "other_machine"
    NOT_NEWER = "not_newer"
    REFUSED_BEFORE = "refused_before"
    ON_TRIAL = "on_trial"


def decide(offer: Offer, *, running: Version, history: History) -> Decision:
    """A downgrade is refused, signed or not: an old image may have an old hole."""
    if offer.compatible != COMPATIBLE:
        return Decision.OTHER_MACHINE
    if offer.version <= running:
        return Decision.NOT_NEWER
    if offer.version in history.refused:
        return Decision.REFUSED_BEFORE
    if history.trial is not None and history.trial.version == offer.version:
        return Decision.ON_TRIAL
    return Decision.INSTALL


def newest(versions: Iterable[Version], *, running: Version, history: History) -> Version | None:
    """Which of the store's images to fetch."""
    wanted = [
        v
        for v in versions
        if decide(Offer(COMPATIBLE, v), running=running, history=history) is Decision.INSTALL
    ]
    return max(wanted, default=None)


class Verdict(StrEnum):
    NOTHING = "nothing"
    """No image is on trial: nothing to keep, nothing to leave."""
    PENDING = "pending"
    """Installed, not started yet."""
    KEEP = "keep"
    """The running image is the one on trial and is ready."""
    LEAVE = "leave"
    """The running image is the one on trial and is not ready: start the one before."""
    FELL_BACK = "fell_back"
    """The one before runs again: the tried one never got ready."""


def verdict(history: History, *, running: Version, boot_id: str, ready: bool) -> Verdict:
    """What this start tells of the image on trial."""
    if history.trial is None:
        return Verdict.NOTHING
    if history.trial.version == running:
        return Verdict.KEEP if ready else Verdict.LEAVE
    return Verdict.PENDING if history.trial.boot_id == boot_id else Verdict.FELL_BACK


def after(history: History, judged: Verdict) -> History:
    """LEAVE remembers nothing yet: only the start of the image before it proves that the unit got out."""
    if history.trial is None or judged in (Verdict.NOTHING, Verdict.PENDING, Verdict.LEAVE):
        return history
    if judged is Verdict.KEEP:
        return History()
    return replace(history, trial=None, refused=history.refused | {history.trial.version})
