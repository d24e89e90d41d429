"""What the screen needs of the rest of the kiosk.

All methods are called on the window's thread and return at once. The UI keeps no state of the
enrollment: it draws the newest `View` and hands an action's event back.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hw.api import Frame, PadGeometry, PenPoint
from kiosk.app.views import Text, View

WIPES_INK = frozenset({"clear", "sign_again", "retake"})
"""Ids of the actions that empty the on-screen signing field; a new attempt empties it too."""


def ink_geometry(width_mm: float, height_mm: float) -> PadGeometry:
    """The signing field as a pad: 0.01 mm units, pressure 1 while the finger touches, 0 when it lifts."""
    return PadGeometry(
        width=round(width_mm * 100), height=round(height_mm * 100), max_pressure=1, units_per_mm=100.0
    )


class Port(Protocol):
    def tick(self) -> None:
        """Called once per frame, before `view`."""

    def view(self) -> View:
        """The screen to show: the same object while nothing changed."""

    def dispatch(self, event: object) -> None:
        """The event of an action whose button was pressed."""

    def activity(self, *, touched: bool) -> None:
        """Somebody touched the screen (True) or a key (False): restarts the idle time, wakes a dark screen."""

    def announce(self, texts: tuple[Text, ...]) -> None:
        """The keypad's focus moved onto these words: speak them."""

    def frame(self, slot: str) -> Frame | None:
        """The newest frame of a preview."""

    def image(self, sha256: str) -> NDArray[np.uint8] | None:
        """A captured image as a thumbnail, RGB (height, width, 3); None while it is not there."""

    def ink(self, points: tuple[PenPoint, ...], geometry: PadGeometry) -> None:
        """Points drawn on the signing field since the last call, oldest first."""
