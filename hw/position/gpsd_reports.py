"""gpsd's JSON (gpsd_json(5), protocol 3): one line to one report."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hw.api import Position, SatelliteTime

EARLIEST_UTC = datetime(2026, 1, 1, tzinfo=UTC)
"""GPS counts weeks modulo 1024 (IS-GPS-200, 20.3.3.3.1.1): an old receiver is surely 19.6 years behind."""

UNCERTAINTY_S = 1.0
"""A receiver tells of a second in the course of that second, 9600 baud and gpsd's own work included."""


class GpsdSyntaxError(ValueError):
    """A line is none of gpsd's."""


@dataclass(frozen=True, slots=True)
class Receivers:
    """How many receivers gpsd has open."""

    count: int


@dataclass(frozen=True, slots=True)
class ReceiverGone: ...


@dataclass(frozen=True, slots=True)
class Refusal:
    message: str


@dataclass(frozen=True, slots=True)
class Fix:
    """position, time: None without a fix. time is also None when it cannot be true."""

    position: Position | None
    time: SatelliteTime | None


Report = Receivers | ReceiverGone | Refusal | Fix


def read_report(line: bytes, *, received_ns: int) -> Report | None:
    """None for reports of no interest here. Raises GpsdSyntaxError."""
    report = _object(line)
    match report.get("class"):
        case "TPV":
            return _fix(report, received_ns=received_ns)
        case "DEVICES":
            devices = report.get("devices", [])
            if not isinstance(devices, list):
                raise GpsdSyntaxError("DEVICES without a list")
            return Receivers(len(devices))
        case "DEVICE" if report.get("activated", 0) == 0:
            return ReceiverGone()
        case "ERROR":
            return Refusal(str(report.get("message", ""))[:200])
        case str():
            return None
    raise GpsdSyntaxError("a report without a class")


def _object(line: bytes) -> dict[str, Any]:
    try:
        report = json.loads(line)
    except (ValueError, RecursionError):
        raise GpsdSyntaxError(f"not JSON: {line[:60]!r}") from None
    if not isinstance(report, dict):
        raise GpsdSyntaxError(f"not a report: {line[:60]!r}")
    return report


def _fix(report: dict[str, Any], *, received_ns: int) -> Fix:
    """mode 2 is a fix without, 3 one with an altitude."""
    mode = report.get("mode")
    if mode not in (2, 3):
        return Fix(None, None)
    latitude, longitude = _number(report, "lat", limit=90.0), _number(report, "lon", limit=180.0)
    position = None
    if latitude is not None and longitude is not None:
        position = Position(
            latitude_deg=latitude,
            longitude_deg=longitude,
            altitude_m=_number(report, "altMSL") if mode == 3 else None,
            accuracy_m=_number(report, "eph"),
            received_ns=received_ns,
        )
    return Fix(position, _time(report, received_ns=received_ns))


def _number(report: dict[str, Any], name: str, *, limit: float = math.inf) -> float | None:
    value = report.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise GpsdSyntaxError(f"{name} is no number")
    if not math.isfinite(value) or abs(value) > limit:
        raise GpsdSyntaxError(f"{name} cannot be {value}")
    return float(value)


def _time(report: dict[str, Any], *, received_ns: int) -> SatelliteTime | None:
    if (text := report.get("time")) is None:
        return None
    try:
        utc = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise GpsdSyntaxError(f"time cannot be {text!r:.60}") from None
    if utc.tzinfo is None:
        raise GpsdSyntaxError("time without a zone")
    if utc < EARLIEST_UTC:
        return None
    return SatelliteTime(utc.astimezone(UTC), received_ns, UNCERTAINTY_S)
