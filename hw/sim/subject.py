"""Who stands before the simulated devices."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hw.api import CaptureSet, PenPoint


class Subject(Protocol):
    """One resident who follows the prompts. Pictures are fresh, C-contiguous uint8 arrays.

    Before the person arrives the picture is what an idle sensor shows: an empty platen, a dark
    field, an empty chair.
    """

    @property
    def name(self) -> str: ...

    def preview(self, capture_set: CaptureSet, elapsed_s: float) -> NDArray[np.uint8]:
        """What the sensor sees `elapsed_s` seconds after this set was asked for.

        FACE: RGB (720, 1280, 3). Slaps: grey (1500, 1600) at 500 ppi, ridges dark on a white platen,
        fingertips up. BOTH_IRISES: grey (480, 1280), the person's right eye in the left half, as the
        camera sees it.
        """

    def sample(self, capture_set: CaptureSet, position: int) -> NDArray[np.uint8]:
        """The best picture of one position: the segmented finger at 500 ppi, the eye at (480, 640),
        for position 0 the whole face picture. Two samples of one position are two impressions."""

    def signature(self) -> tuple[PenPoint, ...]:
        """One signature in ePadLink units (x 0..2896, y 0..1370, pressure 0..127), t_ns from 0."""
