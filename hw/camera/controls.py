"""Exposure and white balance held still: left alone, they pump with the screen and shift the colour of skin.

Source: Linux Documentation/userspace-api/media/v4l/ext-ctrls-camera.rst and control.rst, and OpenCV's V4L2
backend, which passes raw values through.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2

from hw.camera.capture import Capture
from hw.device_url import DeviceUrl

_EXPOSURE_MANUAL, _EXPOSURE_AUTOMATIC = 1, 3
"""V4L2_EXPOSURE_MANUAL, V4L2_EXPOSURE_APERTURE_PRIORITY, the one UVC cameras have for automatic."""

_TOLERANCE: Final = 0.02
"""A driver rounds to the steps its sensor has."""


@dataclass(frozen=True, slots=True)
class Controls:
    """exposure: in 100 us, as V4L2 counts. white_balance_k: kelvin. None leaves it to the camera."""

    exposure: int | None = None
    white_balance_k: int | None = None

    @classmethod
    def of(cls, url: DeviceUrl) -> Controls:
        """Raises DeviceUrlError."""

        def value(name: str, lowest: int, highest: int) -> int | None:
            if name not in url.parameters:
                return None
            return url.integer(name, default=lowest, lowest=lowest, highest=highest)

        return cls(value("exposure", 1, 10_000), value("white_balance", 2000, 10_000))

    def apply(self, capture: Capture) -> tuple[str, ...]:
        """The URL's names of controls that the camera did not take, by what it says when asked again.

        A control stays set in the camera after it is closed: what is not held is given back to the camera.
        """
        held = {
            "exposure": _hold(
                capture,
                self.exposure,
                cv2.CAP_PROP_EXPOSURE,
                switch=(cv2.CAP_PROP_AUTO_EXPOSURE, _EXPOSURE_MANUAL, _EXPOSURE_AUTOMATIC),
            ),
            "white_balance": _hold(
                capture,
                self.white_balance_k,
                cv2.CAP_PROP_WB_TEMPERATURE,
                switch=(cv2.CAP_PROP_AUTO_WB, 0, 1),
            ),
        }
        return tuple(name for name, holds in held.items() if not holds)


def _hold(capture: Capture, wanted: int | None, setting: int, *, switch: tuple[int, int, int]) -> bool:
    """switch: the property that says who decides, and its values for us and for the camera."""
    automatic, by_us, by_camera = switch
    if wanted is None:
        capture.set(automatic, by_camera)
        return True
    capture.set(automatic, by_us)
    capture.set(setting, wanted)
    return capture.get(automatic) == by_us and abs(capture.get(setting) - wanted) <= max(1, wanted * _TOLERANCE)


AUTOMATIC: Final = Controls()
