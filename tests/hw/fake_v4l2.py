"""A camera at the boundary to OpenCV's V4L2 backend: the same calls, with what real cameras do to them."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np

from hw.camera.capture import V4l2Backend

FRAME_S = 0.01


class FakeCamera:
    """level: grey of the whole picture. mark: row and column of one white pixel, the picture's only one.

    fixed: properties that nobody can change, as in cheap cameras. A stuck camera gives no picture, and wakes
    up by being opened again."""

    def __init__(
        self, *, fixed: Mapping[int, float] | None = None, level: int = 120, frame_s: float = FRAME_S
    ) -> None:
        self._frame_s = frame_s
        self.fixed = dict(fixed or {})
        self.level = level
        self.mark: tuple[int, int] | None = None
        self.stuck = threading.Event()
        self.gone = threading.Event()
        self.opened: list[FakeCapture] = []
        self.properties: dict[int, float] = {cv2.CAP_PROP_AUTO_EXPOSURE: 3, cv2.CAP_PROP_AUTO_WB: 1}

    def backend(self) -> V4l2Backend:
        return V4l2Backend(self._open, self._grab_within)

    def _open(self, node: str, properties: Sequence[int]) -> FakeCapture:
        self.stuck.clear()
        capture = FakeCapture(self, node, dict(zip(properties[::2], properties[1::2], strict=True)))
        self.opened.append(capture)
        return capture

    def _grab_within(self, capture: Any, timeout_ns: int) -> bool:
        assert not capture.released
        deadline = time.monotonic_ns() + timeout_ns
        while self.stuck.is_set() and not self.gone.is_set() and time.monotonic_ns() < deadline:
            time.sleep(self._frame_s)
        if self.gone.is_set():
            raise cv2.error("VIDIOC_DQBUF: No such device")
        time.sleep(self._frame_s)
        return not self.stuck.is_set()


class FakeCapture:
    def __init__(self, camera: FakeCamera, node: str, asked: dict[int, int]) -> None:
        self.node = node
        self.asked = asked
        self.released = False
        self._camera = camera
        self._open = not camera.gone.is_set()

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return self._open and not self.released

    def read(self) -> tuple[bool, Any]:
        raise AssertionError("OpenCV's read waits up to 10 s for a stuck camera")

    def retrieve(self) -> tuple[bool, Any]:
        size = (self.asked[cv2.CAP_PROP_FRAME_HEIGHT], self.asked[cv2.CAP_PROP_FRAME_WIDTH], 3)
        picture = np.full(size, self._camera.level, dtype=np.uint8)
        if self._camera.mark is not None:
            picture[self._camera.mark] = 255
        return True, picture

    def get(self, property_id: int) -> float:
        return self._camera.fixed.get(property_id, self._camera.properties.get(property_id, 0.0))

    def set(self, property_id: int, value: float) -> bool:
        self._camera.properties[property_id] = value
        return property_id not in self._camera.fixed

    def release(self) -> None:
        self.released = True
