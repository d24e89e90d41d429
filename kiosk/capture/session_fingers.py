"""Whether fingers of one enrollment are ten different ones, each in its own place."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from kiosk.enrollment.minutiae import Template
from kiosk.enrollment.positions import Position
from kiosk.enrollment.quality_report import Defect
from kiosk.matching.repeated import repeated_fingers, swapped_fingers
from kiosk.quality.minutiae import extract
from kiosk.quality.workspace import Workspace


class SessionFingers:
    """Remembers the fingers of one enrollment at a time, and forgets them when another begins."""

    def __init__(self) -> None:
        self._enrollment_id = ""
        self._known: dict[Position, Template] = {}
        self._workspace = Workspace()

    def seen(self, enrollment_id: str, fingers: Mapping[Position, NDArray[np.uint8]]) -> Defect | None:
        """Takes note of one placement's fingers, grey (h, w) at 500 ppi.

        WRONG_HAND when one was given before under another name, as when the same hand is laid down
        twice; SAME_FINGER_TWICE when one lies there under two names. A position given anew replaces
        its earlier print.
        """
        if enrollment_id != self._enrollment_id:
            self._enrollment_id, self._known = enrollment_id, {}
        now = {position: extract(pixels, workspace=self._workspace) for position, pixels in fingers.items()}
        earlier = {position: print_ for position, print_ in self._known.items() if position not in now}
        if swapped_fingers(earlier, now):
            return Defect.WRONG_HAND
        self._known |= now
        return Defect.SAME_FINGER_TWICE if repeated_fingers(now) else None
