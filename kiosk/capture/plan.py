"""What the worker needs of one kind of capture, and the values it gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hw.api import Fault, Frame
from kiosk.enrollment.events import Guidance
from kiosk.enrollment.positions import Position
from kiosk.enrollment.quality_report import Defect, QualityReport
from kiosk.enrollment.record import Capturer


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One judged frame. present: something worth taking lies before the sensor, good or not."""

    guidance: Guidance
    present: bool


@dataclass(frozen=True, slots=True, eq=False)
class RawSample:
    """One position's pixels with their report; strokes: the pen's points as JSON, for signatures."""

    position: Position
    pixels: NDArray[np.uint8]
    dpi: int | None
    report: QualityReport
    capturer: Capturer
    record_sha256: str = ""
    chain_hash: str = ""
    strokes: bytes = b""


class Plan(Protocol):
    """One capture step before one device. Used by one thread; `stop` may be called twice."""

    def start(self) -> None: ...

    def look(self) -> Look | Fault | None:
        """Judges the newest frame; None when there is none since the last look."""

    def take(self) -> tuple[RawSample, ...] | Defect | Fault:
        """The samples of all positions asked for; a Defect when the device works but gave none."""

    def preview(self) -> Frame | None:
        """The newest picture for the screen."""

    def stop(self) -> None: ...
