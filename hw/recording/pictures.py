"""Records a camera whose wire only the kernel sees: the pictures its driver gives, as JPEG."""

from __future__ import annotations

from typing import Final

import cv2

from hw.api import FaceCamera, Frame
from hw.recording.tape import Event, TapeWriter

JPEG_QUALITY: Final = 95
"""Above what UVC cameras send themselves, so that the recording adds little of its own."""


class PictureRecorder:
    """Call `look` more often than pictures come; each is written once."""

    def __init__(self, camera: FaceCamera, tape: TapeWriter) -> None:
        self._camera = camera
        self._tape = tape
        self._last = 0

    def look(self) -> None:
        """Raises OSError when the disk is full."""
        frame = self._camera.latest()
        if not isinstance(frame, Frame) or frame.sequence == self._last:
            return
        self._last = frame.sequence
        picture = cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2BGR)
        done, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        if done:
            self._tape.add(Event.FROM_DEVICE, connection=1, data=jpeg.tobytes())
