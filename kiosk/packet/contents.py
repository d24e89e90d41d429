"""What goes into a packet, as the kiosk hands it over: plain values, everything still readable."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from kiosk.enrollment.minutiae import Template
from kiosk.enrollment.positions import Position
from kiosk.enrollment.record import Enrollment, Stamp


@dataclass(frozen=True, slots=True)
class UnitInfo:
    unit_id: str
    office_code: str
    software_version: str


@dataclass(frozen=True, slots=True)
class PacketContents:
    """blobs: stored bytes by their SHA-256 (lower-case hex): images as PNG, strokes as JSON.

    nik_hash: keyed hash of the NIK, which tells the receiver a second recording before it can read
    the first. journal_digest: SHA-256 (hex) of this enrollment's journal. timings: seconds by stage or step.
    captured_at: when each sample was taken; a missing one is coded as unknown.
    templates: the minutiae of each captured finger, for the records of ISO/IEC 19794-2.
    deletion_letter: its number, when a supervisor allows a second recording of this NIK.
    """

    enrollment: Enrollment
    blobs: Mapping[str, bytes]
    unit: UnitInfo
    sealed_at: Stamp
    nik_hash: str
    journal_digest: str
    timings: Mapping[str, float] = field(default_factory=dict)
    captured_at: Mapping[Position, dt.datetime] = field(default_factory=dict)
    templates: Mapping[Position, Template] = field(default_factory=dict)
    deletion_letter: str = ""
