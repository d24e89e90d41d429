"""Pixels to the bytes that are stored: lossless PNG, so that the content hash pins every pixel."""

from __future__ import annotations

import hashlib

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.enrollment.record import ImageRef

PNG = "image/png"
STROKES = "application/json"


def encode_png(pixels: NDArray[np.uint8]) -> bytes:
    """PNG bytes of grey (h, w) or RGB (h, w, 3) uint8 pixels."""
    ordered = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR) if pixels.ndim == 3 else pixels
    done, encoded = cv2.imencode(".png", ordered)
    if not done:
        raise ValueError(f"no PNG for an array of shape {pixels.shape} and dtype {pixels.dtype}")
    return encoded.tobytes()


def decode_png(data: bytes) -> NDArray[np.uint8]:
    """Grey (h, w) or RGB (h, w, 3) uint8 pixels. Raises ValueError when the bytes are no picture."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise ValueError(f"{len(data)} bytes that are not a PNG picture")
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB) if pixels.ndim == 3 else pixels, dtype=np.uint8)


def reference(data: bytes, media_type: str, *, width: int, height: int, dpi: int | None) -> ImageRef:
    return ImageRef(hashlib.sha256(data).hexdigest(), media_type, width, height, dpi)
