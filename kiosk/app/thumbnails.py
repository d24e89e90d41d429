"""Small pictures of captured images for review; held only while a record is on the screen."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.capture.images import decode_png
from kiosk.storage.blobs import BlobError, BlobStore

LARGEST_SIDE = 320


class Thumbnails:
    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs
        self._held: dict[str, NDArray[np.uint8]] = {}

    def get(self, enrollment_id: str, sha256: str) -> NDArray[np.uint8] | None:
        """RGB (height, width, 3), longest side at most 320 pixels; None when it is not there (any more)."""
        if sha256 not in self._held:
            try:
                picture = decode_png(self._blobs.get(enrollment_id, sha256))
            except (BlobError, ValueError):
                return None
            self._held[sha256] = _small(picture)
        return self._held[sha256]

    def forget(self) -> None:
        self._held.clear()


def _small(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if picture.ndim == 2:
        picture = np.repeat(picture[:, :, np.newaxis], 3, axis=2)
    height, width = picture.shape[:2]
    scale = LARGEST_SIDE / max(height, width)
    if scale >= 1:
        return picture
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
