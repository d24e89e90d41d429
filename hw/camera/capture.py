"""The part of OpenCV's V4L2 camera that we use, so that a test can stand in for the kernel's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import cv2


class Capture(Protocol):
    """`cv2.VideoCapture`; see OpenCV's reference for each call."""

    def isOpened(self) -> bool: ...  # noqa: N802 - OpenCV's names
    def read(self) -> tuple[bool, Any]: ...
    def retrieve(self) -> tuple[bool, Any]: ...
    def get(self, property_id: int, /) -> float: ...
    def set(self, property_id: int, value: float, /) -> bool: ...
    def release(self) -> None: ...


@dataclass(frozen=True, slots=True)
class V4l2Backend:
    """open: a node by name, with property ids and values in turn. grab_within: waits up to so many ns for a
    picture, grabs it, and says whether there was one; raises cv2.error when the node is gone."""

    open: Callable[[str, Sequence[int]], Capture]
    grab_within: Callable[[Capture, int], bool]


def _open(node: str, properties: Sequence[int]) -> Capture:
    return cv2.VideoCapture(node, cv2.CAP_V4L2, list(properties))


def _grab_within(capture: Any, timeout_ns: int) -> bool:
    """OpenCV's own read waits up to 10 s for a stuck camera."""
    return len(cv2.VideoCapture.waitAny([capture], timeout_ns)[1]) > 0


OPENCV = V4l2Backend(_open, _grab_within)
