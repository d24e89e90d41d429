"""Network UPS Tools' text protocol (RFC 9271): lines to words, variables to a `PowerStatus`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from hw.api import PowerStatus

_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|([^\s"]+)')
_LINE = re.compile(rf"\s*(?:(?:{_WORD.pattern})(?:\s+|$))*")
_ESCAPED = re.compile(r"\\(.)")


class NutSyntaxError(ValueError):
    """A line or a value is none of NUT's."""


def words(line: str) -> tuple[str, ...]:
    """RFC 9271 section 4.1: words parted by blanks, quoted where they have any, `\\` the escape."""
    if not _LINE.fullmatch(line):
        raise NutSyntaxError(f"not a line of NUT: {line[:80]!r}")
    return tuple(bare or _ESCAPED.sub(r"\1", quoted) for quoted, bare in _WORD.findall(line))


def power_status(variables: Mapping[str, str], *, read_ns: int) -> PowerStatus:
    """ups.status is a list of tokens (RFC 9271 section 5.1). Raises NutSyntaxError."""
    tokens = set(variables.get("ups.status", "").split())
    charge = _number(variables, "battery.charge")
    return PowerStatus(
        on_mains="OB" not in tokens if tokens & {"OL", "OB"} else None,
        charge_percent=None if charge is None else min(charge, 100.0),
        runtime_s=_number(variables, "battery.runtime"),
        battery_low="LB" in tokens,
        battery_worn="RB" in tokens,
        shutting_down="FSD" in tokens,
        read_ns=read_ns,
    )


def _number(variables: Mapping[str, str], name: str) -> float | None:
    if (text := variables.get(name)) is None:
        return None
    try:
        number = float(text)
    except ValueError:
        raise NutSyntaxError(f"{name} is no number: {text[:40]!r}") from None
    if not math.isfinite(number) or number < 0:
        raise NutSyntaxError(f"{name} cannot be {text[:40]!r}")
    return number
