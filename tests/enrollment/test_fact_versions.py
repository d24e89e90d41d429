"""A journal written by any earlier version of the kiosk still reads; every format has a frozen line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest

from kiosk.enrollment.codec import CodecError
from kiosk.enrollment.fact_versions import FORMAT, UPGRADES, fact_from_line, fact_to_line, format_of
from kiosk.enrollment.facts import Aborted, Fact

LINES = [json.loads(line) for line in Path(__file__).with_name("journal_lines.jsonl").read_text().splitlines()]
KINDS = {kind.__name__ for kind in get_args(Fact)}


def formats_frozen(kind: str) -> list[int]:
    return sorted(line.get(FORMAT, 1) for line in LINES if line["type"] == kind)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_format_of_every_fact_has_a_frozen_line(kind):
    assert sorted(set(formats_frozen(kind))) == list(range(1, format_of(kind) + 1))


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line['type']}-{line.get(FORMAT, 1)}")
def test_a_frozen_line_is_read_and_the_newest_is_written_as_it_was(line):
    fact = fact_from_line(line)
    assert type(fact).__name__ == line["type"]
    if line.get(FORMAT, 1) == format_of(line["type"]):
        assert fact_to_line(fact) == line
    else:
        assert fact_from_line(fact_to_line(fact)) == fact


def test_upgrades_are_for_facts_there_are():
    assert set(UPGRADES) <= KINDS


def test_a_line_of_the_first_format_goes_through_every_upgrade_in_order():
    upgrades = {
        "Aborted": (
            lambda line: {"type": "Aborted", "why": line["cause"]},
            lambda line: {"type": "Aborted", "reason": line["why"]},
        )
    }
    old = {"type": "Aborted", "cause": "stopped"}
    assert fact_from_line(old, upgrades) == Aborted("stopped")
    assert fact_from_line({"type": "Aborted", "why": "stopped", FORMAT: 2}, upgrades) == Aborted("stopped")
    assert fact_from_line({"type": "Aborted", "reason": "stopped", FORMAT: 3}, upgrades) == Aborted("stopped")


@pytest.mark.parametrize("held", [0, 99, "1", True, None])
def test_a_line_of_an_unknown_format_is_not_guessed_at(held):
    with pytest.raises(CodecError, match="formats 1 to") as caught:
        fact_from_line({"type": "Aborted", "reason": "stopped", FORMAT: held})
    assert caught.value.path == FORMAT


def test_a_line_of_no_fact_is_named():
    with pytest.raises(CodecError, match="'Slept' is not one of"):
        fact_from_line({"type": "Slept"})
