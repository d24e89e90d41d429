"""The part of a screen's port that is the same for every form: no camera, no images, no ink, no voice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hw.api import Frame, PadGeometry, PenPoint
from kiosk.app.views import Text


class FormPort:
    """Subclasses give `view`, `dispatch` and `tick`."""

    def activity(self, *, touched: bool) -> None:
        del touched

    def announce(self, texts: tuple[Text, ...]) -> None:
        del texts

    def frame(self, slot: str) -> Frame | None:
        del slot
        return None

    def image(self, sha256: str) -> NDArray[np.uint8] | None:
        del sha256
        return None

    def ink(self, points: tuple[PenPoint, ...], geometry: PadGeometry) -> None:
        del points, geometry
