"""A serial line whose far end is a device file: what a simulated pad or scanner is plugged into.

Like /dev/serial/by-id, `path` is a link that keeps its name while the node behind it comes and goes.
"""

from __future__ import annotations

import contextlib
import os
import tty
from pathlib import Path


class PseudoTerminal:
    """Not for several threads at once; its owner's lock covers it."""

    def __init__(self, path: Path) -> None:
        """path: the link to make; its folder belongs to the simulation alone."""
        self.path = path
        self._master = -1
        self._slave = -1

    @property
    def plugged(self) -> bool:
        return self._master >= 0

    def plug(self) -> None:
        if self.plugged:
            return
        self._master, self._slave = (
            os.openpty()
        )  # an own slave descriptor spares us EIO while no client is there
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path.symlink_to(os.ttyname(self._slave))

    def unplug(self) -> None:
        """The client's next read fails, as when a USB plug is pulled."""
        if not self.plugged:
            return
        self.path.unlink(missing_ok=True)
        os.close(self._slave)
        os.close(self._master)
        self._master = self._slave = -1

    def write(self, data: bytes) -> None:
        """Bytes that find the line's buffer full are lost, as they are in a USB device nobody reads."""
        if self.plugged:
            with contextlib.suppress(BlockingIOError):
                os.write(self._master, data)
