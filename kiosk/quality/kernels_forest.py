"""The walk through the trees of a trained forest."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(
    "int64(float32[::1], int16[::1], float32[::1], int32[::1], int32[::1], int8[::1], int32[::1])",
    nogil=True,
    cache=True,
)
def count_votes(  # noqa: PLR0917 - kernels take no keywords
    features: NDArray[np.float32],
    variable: NDArray[np.int16],
    threshold: NDArray[np.float32],
    left: NDArray[np.int32],
    right: NDArray[np.int32],
    vote: NDArray[np.int8],
    roots: NDArray[np.int32],
) -> int:
    """Sum of the leaves' votes. Nodes of all trees in one row; variable -1: a leaf; children: node numbers."""
    votes = 0
    for root in roots:
        node = root
        while variable[node] >= 0:
            node = left[node] if features[variable[node]] <= threshold[node] else right[node]
        votes += vote[node]
    return votes
