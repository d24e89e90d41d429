"""Where pictures come from, by URL scheme: a V4L2 node, a video file, an HTTP motion JPEG.

`cv2.VideoCapture` reads all three. Measured with OpenCV 5.0's FFmpeg backend against a 12 frames/s
motion JPEG on the loopback: open 7 ms, 4 ms from encoding to the decoded picture, and both time-outs
below kept within 2 ms. After a time-out the capture stays dead and must be opened again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from hw.camera.capture import OPENCV, Capture, V4l2Backend
from hw.camera.controls import AUTOMATIC, Controls

OPEN_TIMEOUT_MS = 2000
READ_TIMEOUT_MS = 1000
"""A dead source holds the thread no longer than this."""

Picture = NDArray[np.uint8]


class Source(Protocol):
    """One opened stream of pictures. `read` blocks up to READ_TIMEOUT_MS."""

    interval_s: float
    """The pause to keep between two reads; 0 where the source sets the pace."""

    not_held: tuple[str, ...]
    """Controls of the URL that the camera did not take."""

    def read(self) -> Picture | None:
        """The next picture, BGR, (height, width, 3); None when the stream is over or broken."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class V4l2Node:
    """A UVC or CSI camera. Opened by node number: OpenCV would take a by-id link for a file."""

    path: Path
    width: int
    height: int
    controls: Controls = AUTOMATIC
    backend: V4l2Backend = OPENCV

    def open(self) -> Source:
        """Raises OSError while the node is missing or taken."""
        node = self.path.resolve(strict=True)
        capture = self.backend.open(
            str(node),
            [
                cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"),  # raw YUYV at 720p is too much for USB 2
                cv2.CAP_PROP_FRAME_WIDTH, self.width,
                cv2.CAP_PROP_FRAME_HEIGHT, self.height,
                cv2.CAP_PROP_BUFFERSIZE, 1,
            ],
        )  # fmt: skip
        capture = _opened(capture, str(self.path))
        return _V4l2Source(capture, self.backend, not_held=self.controls.apply(capture))


@dataclass(frozen=True, slots=True)
class VideoFile:
    """A film played in a loop at its own pace."""

    path: Path

    def open(self) -> Source:
        capture = _opened(cv2.VideoCapture(str(self.path.resolve(strict=True)), cv2.CAP_FFMPEG), str(self.path))
        return _LoopingFilm(capture)


@dataclass(frozen=True, slots=True)
class HttpStream:
    """A motion JPEG over HTTP (multipart/x-mixed-replace)."""

    address: str

    def open(self) -> Source:
        capture = cv2.VideoCapture(
            self.address,
            cv2.CAP_FFMPEG,
            [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_TIMEOUT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_TIMEOUT_MS],
        )
        return _Stream(_opened(capture, self.address))


SourceSpec = V4l2Node | VideoFile | HttpStream


def _opened(capture: Capture, name: str) -> Capture:
    if not capture.isOpened():
        capture.release()
        raise OSError(f"{name} cannot be opened as a stream of pictures")
    return capture


class _Stream:
    interval_s = 0.0
    not_held: tuple[str, ...] = ()

    def __init__(self, capture: Capture) -> None:
        self._capture = capture

    def read(self) -> Picture | None:
        found, picture = self._capture.read()
        return np.asarray(picture, dtype=np.uint8) if found else None

    def close(self) -> None:
        self._capture.release()


class _V4l2Source(_Stream):
    """Waits for a picture no longer than we choose, except for the very first."""

    def __init__(self, capture: Capture, backend: V4l2Backend, *, not_held: tuple[str, ...]) -> None:
        super().__init__(capture)
        self._backend = backend
        self.not_held = not_held

    def read(self) -> Picture | None:
        try:
            if not self._backend.grab_within(self._capture, READ_TIMEOUT_MS * 1_000_000):
                return None
        except cv2.error:  # the node is gone
            return None
        found, picture = self._capture.retrieve()
        return np.asarray(picture, dtype=np.uint8) if found else None


class _LoopingFilm(_Stream):
    """Reads on from the first picture after the last; None only for a film without pictures."""

    def __init__(self, capture: Capture) -> None:
        super().__init__(capture)
        rate = capture.get(cv2.CAP_PROP_FPS)
        self.interval_s = 1.0 / rate if 1.0 <= rate <= 120.0 else 1.0 / 25.0

    def read(self) -> Picture | None:
        picture = super().read()
        if picture is None:
            self._capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
            picture = super().read()
        return picture
