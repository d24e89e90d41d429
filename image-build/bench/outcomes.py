"""What a check found, and the report of all of them."""

from __future__ import annotations

import html
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path


class Verdict(StrEnum):
    PASS = "PASS"  # noqa: S105 - a word of the table
    FAIL = "FAIL"
    NOT_POSSIBLE = "NOT POSSIBLE"


@dataclass(frozen=True, slots=True)
class Outcome:
    """detail: what was seen, or the reason. pictures: file names beside the report."""

    name: str
    verdict: Verdict
    detail: str
    seconds: float = 0.0
    pictures: tuple[str, ...] = ()


class CheckFailedError(Exception):
    """What was to be seen was not."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a check that passed has to tell."""

    detail: str
    pictures: tuple[str, ...] = ()


def checked(
    name: str, check: Callable[[], Seen], *, pictured: Callable[[str], tuple[str, ...]] = lambda _: ()
) -> Outcome:
    """Runs a check; whatever goes wrong in it is its failure and not the end of the others.

    pictured: what is on the screen after a failure, as files beside the report, given the check's name.
    """
    began_s = time.monotonic()
    try:
        seen = check()
    except Exception as error:  # noqa: BLE001 - a failing check is a row of the report
        detail = f"{type(error).__name__}: {error}"
        try:
            pictures = pictured(name)
        except Exception as second:  # noqa: BLE001 - a machine that ended has no screen
            pictures, detail = (), f"{detail}; no picture: {second}"
        return Outcome(name, Verdict.FAIL, detail, round(time.monotonic() - began_s, 1), pictures)
    return Outcome(name, Verdict.PASS, seen.detail, round(time.monotonic() - began_s, 1), seen.pictures)


def write_report(folder: Path, outcomes: Sequence[Outcome], facts: Sequence[tuple[str, str]]) -> Path:
    """report.html with the pictures, report.md for reading, report.json for machines."""
    folder.mkdir(parents=True, exist_ok=True)
    listed = {"facts": dict(facts), "checks": [asdict(outcome) for outcome in outcomes]}
    (folder / "report.json").write_text(json.dumps(listed, indent=1) + "\n")
    (folder / "report.md").write_text(as_markdown(outcomes, facts))
    page = folder / "report.html"
    page.write_text(as_html(outcomes, facts))
    return page


def as_markdown(outcomes: Sequence[Outcome], facts: Sequence[tuple[str, str]]) -> str:
    lines = ["| check | result | seen | seconds |", "| --- | --- | --- | --- |"]
    for one in outcomes:
        detail = " ".join(one.detail.split()).replace("|", "\\|")
        lines.append(f"| {one.name} | {one.verdict} | {detail} | {one.seconds:.0f} |")
    return "\n".join([*(f"- {name}: {value}" for name, value in facts), "", *lines]) + "\n"


def as_html(outcomes: Sequence[Outcome], facts: Sequence[tuple[str, str]]) -> str:
    colours = {Verdict.PASS: "#175c2c", Verdict.FAIL: "#a01818", Verdict.NOT_POSSIBLE: "#555"}
    rows = []
    for one in outcomes:
        pictures = "".join(f'<br><img src="{html.escape(name)}" width="480">' for name in one.pictures)
        rows.append(
            f'<tr><td>{html.escape(one.name)}</td><td style="color:{colours[one.verdict]}">{one.verdict}</td>'
            f"<td>{html.escape(one.detail)}{pictures}</td><td>{one.seconds:.0f}</td></tr>"
        )
    told = "".join(f"<li>{html.escape(name)}: {html.escape(value)}</li>" for name, value in facts)
    return (
        "<!doctype html><meta charset=utf-8><title>The image on the bench</title>"
        "<style>body{font:16px sans-serif;margin:2em}td{border-top:1px solid #ccc;padding:.5em}"
        f"</style><h1>The image on the bench</h1><ul>{told}</ul><table>"
        "<tr><th>check<th>result<th>seen<th>seconds</tr>" + "\n".join(rows) + "</table>\n"
    )
