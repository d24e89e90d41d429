"""Arrays that one assessment after another works in, so that a live picture allocates nothing."""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", bound=np.generic)

_LINE = 64
"""Bytes of a cache line, the least a buffer holds."""


class Workspace:
    """Lends arrays by name. A caller with more than one picture keeps one and passes it along.

    Each name has one buffer, as large as the largest array ever asked of it; pictures of changing sizes settle
    soon. The next loan under a name overwrites the one before, so nothing lent may leave an assessment: what is
    reported is copied out. One thread at a time; two threads have two workspaces.
    """

    def __init__(self) -> None:
        self._buffers: dict[str, NDArray[np.uint8]] = {}

    def lend(self, name: str, shape: tuple[int, ...], dtype: type[Number]) -> NDArray[Number]:
        """An array, C-contiguous, of unknown content."""
        size = math.prod(shape) * np.dtype(dtype).itemsize
        buffer = self._buffers.get(name)
        if buffer is None or buffer.nbytes < size:
            buffer = self._buffers[name] = np.empty(max(size, _LINE), np.uint8)
        return np.ndarray(shape, dtype, buffer)

    @property
    def nbytes(self) -> int:
        """What all buffers hold together."""
        return sum(buffer.nbytes for buffer in self._buffers.values())
