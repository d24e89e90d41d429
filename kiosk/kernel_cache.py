"""Finds compiled kernels in a root that nobody may write to.

Numba asks for a folder it can write, and compiles everything again where there is none. An image holds the
kernels beside their sources, read-only; NUMBA_CACHE_LOCATOR_CLASSES names this class there.
"""

from __future__ import annotations

from pathlib import Path

from numba.core.caching import InTreeCacheLocator


class ShippedCacheLocator(InTreeCacheLocator):
    """The `__pycache__` beside the source, when it is there; nothing is added to it."""

    def ensure_cache_path(self) -> None:
        """Raises FileNotFoundError, with which Numba asks the next locator."""
        folder = Path(str(self.get_cache_path()))  # type: ignore[no-untyped-call]
        if not folder.is_dir():
            raise FileNotFoundError(folder)
