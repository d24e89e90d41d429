"""The ePadLink pad's HID input report, six bytes without a report id.

Source: the pad's own HID report descriptor (USB 04DF:0012), as published with
epad-signature-pad-hid-driver 0.1.0:
byte 0: bits 0, 1 buttons; bits 2-4 vendor field; bit 5 touch; bit 6 in range; bit 7 always 0
bytes 1-2: x, little-endian, 0..2896; bytes 3-4: y, little-endian, 0..1370
byte 5: bits 0-6 pressure; bit 7 always 0
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from hw.api import PadGeometry

VENDOR_ID = 0x04DF
PRODUCT_ID = 0x0012
REPORT_LENGTH = 6

GEOMETRY = PadGeometry(width=2896, height=1370, max_pressure=127, units_per_mm=1000 / 25.4)
"""units_per_mm: inferred, not verified: the ranges fit a 2.9 x 1.4 inch area in thousandths of an inch."""

BURST_GAP_NS = 50_000_000
"""The bytes of one report arrive together; after a silence this long a new report begins."""

SYNC_REPORTS = 3
"""Believable reports in a row before a stream that lost its place is trusted again."""

_TOUCH = 0x20
_IN_RANGE = 0x40
_ALWAYS_ZERO = 0x80


@dataclass(frozen=True, slots=True)
class EpadReport:
    x: int
    y: int
    pressure: int
    touch: bool
    in_range: bool

    @classmethod
    def decode(cls, data: bytes) -> EpadReport | None:
        """None when these bytes cannot be a report."""
        if len(data) != REPORT_LENGTH or (data[0] | data[5]) & _ALWAYS_ZERO:
            return None
        x = int.from_bytes(data[1:3], "little")
        y = int.from_bytes(data[3:5], "little")
        if x > GEOMETRY.width or y > GEOMETRY.height:
            return None
        return cls(x=x, y=y, pressure=data[5], touch=bool(data[0] & _TOUCH), in_range=bool(data[0] & _IN_RANGE))


class EpadStream:
    """Cuts a byte stream into reports, and finds its place again after lost or foreign bytes."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._in_place = True
        self._last_ns = 0

    def feed(self, data: bytes, *, t_ns: int) -> list[EpadReport]:
        """The reports completed by these bytes; t_ns: when they were read, monotonic."""
        if t_ns - self._last_ns > BURST_GAP_NS:
            self._pending.clear()
            self._in_place = True
        self._last_ns = t_ns
        self._pending += data
        reports = []
        while (report := self._next()) is not None:
            reports.append(report)
        return reports

    def _next(self) -> EpadReport | None:
        pending = self._pending
        while len(pending) >= REPORT_LENGTH:
            report = EpadReport.decode(bytes(pending[:REPORT_LENGTH]))
            if report is not None and (self._in_place or self._believable_run()):
                self._in_place = True
                del pending[:REPORT_LENGTH]
                return report
            if report is not None and len(pending) < SYNC_REPORTS * REPORT_LENGTH:
                return None
            self._in_place = False
            del pending[:1]
        return None

    def _believable_run(self) -> bool:
        """Whether the next reports all decode with the pen in range, each near the one before it."""
        run = [
            EpadReport.decode(bytes(self._pending[start : start + REPORT_LENGTH]))
            for start in range(0, SYNC_REPORTS * REPORT_LENGTH, REPORT_LENGTH)
        ]
        good = [report for report in run if report is not None and report.in_range]
        return len(good) == SYNC_REPORTS and all(
            abs(after.x - before.x) + abs(after.y - before.y) < GEOMETRY.height // 2
            for before, after in pairwise(good)
        )
