"""One subject's line in the table, and how its process tells it."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from tests.hw.holdings import Holdings
from tests.hw.soak.subjects import Subject
from tests.hw.soak.wear import Held, Wear, measure

GROWN_BYTES = 4_000_000
"""No more may stay: 4 kB for each of a thousand openings, 0.4 kB for each of ten thousand frames. A picture in
use at one reading and not at the other is 1 MB."""

HEADER = (
    f"{'':<30}{'cycles':>7}{'threads':>9}{'descriptors':>13}{'resident MB':>16}{'grown MB':>10}{'seconds':>9}"
)


@dataclass(frozen=True)
class Outcome:
    """wear: None when there is no measurement, and `wrong` or `skipped` says why."""

    name: str
    wear: Wear | None = None
    wrong: str = ""
    skipped: str = ""

    @property
    def line(self) -> str:
        if self.wear is None:
            return f"{self.name:<30}{f'skipped: {self.skipped}' if self.skipped else f'WRONG: {self.wrong}'}"
        before, after = self.wear.before, self.wear.after
        threads = f"{before.holdings.threads} > {after.holdings.threads}"
        descriptors = f"{before.holdings.descriptors} > {after.holdings.descriptors}"
        resident = f"{before.resident_bytes / 1e6:.1f} > {after.resident_bytes / 1e6:.1f}"
        numbers = f"{self.wear.cycles:>7}{threads:>9}{descriptors:>13}{resident:>16}"
        numbers += f"{self.wear.grown_bytes / 1e6:>10.2f}{self.wear.seconds:>9.0f}"
        return f"{self.name:<30}{numbers}{f'  WRONG: {self.wrong}' if self.wrong else ''}"


def tell(subject: Subject, *, cycles: int, rest_s: float) -> None:
    """Measures, and prints what `outcome_of` reads. An exception, on standard error, is the outcome, too."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            wear = measure(subject, Path(folder), cycles=cycles, rest_s=rest_s)
        except pytest.skip.Exception as reason:
            print(json.dumps({"skipped": str(reason)}))
        else:
            print(json.dumps({"wear": asdict(wear)}))


def outcome_of(name: str, told: bytes, *, log: Path) -> Outcome:
    """told: empty when the process broke off; its log ends with the reason."""
    if not told.strip():
        last = log.read_text(errors="replace").strip().rpartition("\n")[2]
        return Outcome(name, wrong=last or f"broke off without a word: see {log}")
    answer = json.loads(told.splitlines()[-1])
    if "skipped" in answer:
        return Outcome(name, skipped=answer["skipped"])
    figures = answer["wear"]
    before, after = (
        Held(Holdings(**figures[when]["holdings"]), figures[when]["resident_bytes"])
        for when in ("before", "after")
    )
    return judged(name, Wear(figures["cycles"], before, after, figures["seconds"]))


def judged(name: str, wear: Wear) -> Outcome:
    grown = wear.grown_bytes > GROWN_BYTES
    return Outcome(name, wear, wrong=f"more than {GROWN_BYTES / 1e6:.0f} MB" if grown else "")
