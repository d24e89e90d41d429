"""A signature's strokes as they are stored, the pen's reports in JSON, and their way into a record."""

from __future__ import annotations

import json
from dataclasses import dataclass

from kiosk.enrollment.codec import from_json
from kiosk.packet.records.signature import TICKS_PER_SECOND, PathPoint, SignatureRecord

_LONGEST_TICKS = 0xFFFF


@dataclass(frozen=True, slots=True)
class Strokes:
    """width, height, max_pressure: the largest the pad reports. points: x, y, nanoseconds, pressure."""

    width: int
    height: int
    max_pressure: int
    units_per_mm: float
    points: tuple[tuple[int, int, int, int], ...]


def read_strokes(data: bytes) -> Strokes:
    """Raises ValueError when the data are no strokes."""
    strokes: Strokes = from_json(Strokes, json.loads(data))
    return strokes


def signature_record(strokes: Strokes) -> SignatureRecord:
    """Times become ticks since the first report, in the finest resolution that holds the whole signature.

    Raises ValueError for a signature of over 109 minutes.
    """
    first_ns = strokes.points[0][2] if strokes.points else 0
    last_ns = strokes.points[-1][2] if strokes.points else 0
    for ticks_per_second in TICKS_PER_SECOND:
        ns_per_tick = 1_000_000_000 // ticks_per_second
        if (last_ns - first_ns) // ns_per_tick <= _LONGEST_TICKS:
            points = tuple(PathPoint(x, y, (t - first_ns) // ns_per_tick, p) for x, y, t, p in strokes.points)
            return SignatureRecord(strokes.units_per_mm, ticks_per_second, points)
    raise ValueError(f"a signature of {(last_ns - first_ns) / 1e9:.0f} s is too long for its record")
