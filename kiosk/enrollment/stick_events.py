"""The officer and the USB stick: what is asked, how far it is, how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class StickTask(StrEnum):
    """HAND_OUT: sealed packets go along with a courier. RECEIPTS: the centre's answers come back.
    ROSTER: the office's list of residents is taken over.
    """

    HAND_OUT = "hand_out"
    RECEIPTS = "receipts"
    ROSTER = "roster"


@dataclass(frozen=True, slots=True)
class StickOutcome:
    """done: packets handed over, receipts believed, residents added or changed. refused: packets that are not
    whole, receipts that are not believed, rows that are wrong. fault: a code, empty when it went to its end;
    what was done before it stands. detail: technical, English.
    """

    task: StickTask
    done: int = 0
    refused: int = 0
    fault: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class StickAsked:
    """The officer wants to use the stick."""


@dataclass(frozen=True, slots=True)
class StickTaskChosen:
    task: StickTask


@dataclass(frozen=True, slots=True)
class StickProgressed:
    """done of total packets are on the stick."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class StickTaskEnded:
    """The stick may be pulled."""

    outcome: StickOutcome
