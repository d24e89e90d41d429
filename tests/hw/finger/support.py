"""A person whose fingers are plain waves: each its own direction, each touch a little displaced."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hw.api import CaptureSet, DeviceState
from hw.finger.r30x import R30xFingerModule
from hw.registry import open_device
from tests.hw.support import DrawnSubject, eventually


class WavyFingers(DrawnSubject):
    touches = 0

    def sample(self, capture_set: CaptureSet, position: int) -> NDArray[np.uint8]:
        """Every call is another impression."""
        del capture_set
        object.__setattr__(self, "touches", self.touches + 1)
        rows, columns = np.mgrid[0:320, 0:240].astype(np.float64)
        angle = position / 10 * np.pi
        phase = rows * np.sin(angle) + columns * np.cos(angle) + self.touches
        return np.asarray(127 + 120 * np.sin(phase * 2 * np.pi / 9), dtype=np.uint8)


def opened(url: str) -> R30xFingerModule:
    driver = open_device(url)
    assert isinstance(driver, R30xFingerModule)
    driver.start()
    eventually(lambda: driver.state() is DeviceState.READY)
    return driver
