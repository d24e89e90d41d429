"""A serial line whose far end is a device file: what a simulated pad or scanner is plugged into.

Like /dev/serial/by-id, `path` is a link that keeps its name while the node behind it comes and goes.
"""

from __future__ import annotations

import contextlib
import os
import threading
import tty
from pathlib import Path

from hw.api import DeviceKind
from hw.sim.device import ArmedFaults, Simulator


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


class LineSimulator(Simulator):
    """A simulated device on a line of its own; its lock covers the line."""

    def __init__(self, kind: DeviceKind, faults: ArmedFaults, *, link: Path) -> None:
        super().__init__(kind, faults)
        self._line = PseudoTerminal(link)
        self._lock = threading.Lock()

    @property
    def plugged(self) -> bool:
        return self._line.plugged

    def plug(self) -> None:
        with self._lock:
            self._line.plug()

    def unplug(self) -> None:
        with self._lock:
            self._line.unplug()
