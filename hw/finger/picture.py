"""The module's picture: sixteen grey levels, two pixels a byte, high nibble left, row by row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hw.finger.codes import IMAGE_HEIGHT, IMAGE_WIDTH

PACKED_BYTES = IMAGE_WIDTH * IMAGE_HEIGHT // 2
_LEVEL = 17
"""255 / 15: level 0 becomes 0 and level 15 becomes 255."""


def unpack(data: bytes) -> NDArray[np.uint8]:
    """PACKED_BYTES bytes -> uint8 (288, 256), read-only. Raises ValueError for another length."""
    if len(data) != PACKED_BYTES:
        raise ValueError(f"a picture has {PACKED_BYTES} bytes, not {len(data)}")
    pairs = np.frombuffer(data, dtype=np.uint8)
    pixels = np.empty((pairs.size, 2), dtype=np.uint8)
    pixels[:, 0] = (pairs >> 4) * _LEVEL
    pixels[:, 1] = (pairs & 0x0F) * _LEVEL
    pixels.flags.writeable = False
    return pixels.reshape(IMAGE_HEIGHT, IMAGE_WIDTH)


def pack(pixels: NDArray[np.uint8]) -> bytes:
    """uint8 (288, 256) -> PACKED_BYTES bytes, each pixel at the nearest level below. Raises ValueError."""
    if pixels.shape != (IMAGE_HEIGHT, IMAGE_WIDTH) or pixels.dtype != np.uint8:
        raise ValueError(f"a picture is uint8 (288, 256), not {pixels.dtype} {pixels.shape}")
    levels = pixels >> 4
    return (levels[:, 0::2] << 4 | levels[:, 1::2]).tobytes()
