"""Two pixels a byte, high nibble left."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.finger import picture


def test_the_high_nibble_is_the_left_pixel() -> None:
    pixels = picture.unpack(b"\xf0\x1e" + bytes(picture.PACKED_BYTES - 2))
    assert pixels.shape == (288, 256)
    assert pixels[0, :5].tolist() == [255, 0, 17, 238, 0]
    assert not pixels.flags.writeable


@given(st.binary(min_size=128, max_size=128))
def test_packed_and_unpacked_it_is_the_same(row: bytes) -> None:
    data = row * 288
    assert picture.pack(picture.unpack(data)) == data


def test_half_a_picture_is_none() -> None:
    with pytest.raises(ValueError, match="36864"):
        picture.unpack(bytes(100))
    with pytest.raises(ValueError, match="288"):
        picture.pack(np.zeros((192, 192), dtype=np.uint8))
