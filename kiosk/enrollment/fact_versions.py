"""Facts as journal lines, in every format a unit may still hold.

A line is the fact's JSON. From its second format on it also carries `"format": n`; a line without is of
format 1. Whoever changes a fact, or a value inside one, appends an upgrade to its kind in `UPGRADES` and
a frozen line to `tests/enrollment/journal_lines.jsonl`. Lines already written are never changed: the
journal's digests cover them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias, cast

from kiosk.enrollment.codec import TAG, CodecError, Json, from_json, to_json
from kiosk.enrollment.facts import Fact

FORMAT = "format"
Upgrade: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]
"""The line of one format, without its `format`, as a line of the next."""

Upgrades: TypeAlias = Mapping[str, tuple[Upgrade, ...]]

UPGRADES: Upgrades = MappingProxyType(
    {
        "Finalised": (lambda line: line | {"signature": None},),
        "PacketSealed": (lambda line: line | {"slip_due": False},),
    }
)
"""By the fact's class name: the first upgrade makes format 2 of format 1, and so on."""


def format_of(kind: str, upgrades: Upgrades = UPGRADES) -> int:
    """The format in which facts of this class are written now."""
    return 1 + len(upgrades.get(kind, ()))


def fact_to_line(fact: Fact) -> dict[str, Json]:
    """Raises CodecError as `codec.to_json` does."""
    line = cast("dict[str, Json]", to_json(fact))
    written = format_of(type(fact).__name__)
    return line if written == 1 else line | {FORMAT: written}


def fact_from_line(line: Mapping[str, Any], upgrades: Upgrades = UPGRADES) -> Fact:
    """The fact of a line in any format up to the present one. Raises CodecError, also for a later format."""
    kind = line.get(TAG)
    held = line.get(FORMAT, 1)
    newest = format_of(kind, upgrades) if isinstance(kind, str) else 1
    if type(held) is not int or not 1 <= held <= newest:
        raise CodecError(f"{kind} is read in formats 1 to {newest}, not {held!r}", FORMAT)
    data = {name: value for name, value in line.items() if name != FORMAT}
    for upgrade in upgrades.get(cast(str, kind), ())[held - 1 :]:
        data = upgrade(data)
    fact: Fact = from_json(Fact, data)
    return fact
