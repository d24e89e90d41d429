"""The simulated module's serial line: both ways, at a baud rate, with noise and at a slow pace if asked."""

from __future__ import annotations

import contextlib
import os
import select
import termios
import threading
import time
from types import MappingProxyType

import numpy as np

from hw.sim.pseudo_terminal import PseudoTerminal

POLL_S = 0.02
NOBODY_READS_S = 5.0
"""A UART does not wait. On a terminal a client that reads slowly has this long until bytes are lost; on a busy
machine, one that reads byte by byte is away for longer than half a second."""

SLICE_BYTES = 64

_SPEEDS = MappingProxyType(
    {
        9600: termios.B9600,
        19200: termios.B19200,
        38400: termios.B38400,
        57600: termios.B57600,
        115200: termios.B115200,
    }
)


class Noise:
    """Flips one bit of, or drops, one byte in `one_byte_in` on the average."""

    def __init__(self, *, one_byte_in: int, seed: int) -> None:
        self._rate = 1 / one_byte_in
        self._rng = np.random.default_rng(seed)

    def over(self, data: bytes) -> bytes:
        spoilt = np.flatnonzero(self._rng.random(len(data)) < self._rate)
        if not spoilt.size:
            return data
        changed = bytearray(data)
        for place in reversed(spoilt.tolist()):
            if self._rng.random() < 0.5:
                del changed[place]
            else:
                changed[place] ^= 1 << int(self._rng.integers(8))
        return bytes(changed)


class ModuleLine(PseudoTerminal):
    """Read and written by the module's thread alone; plugged and unplugged while that does not run."""

    noise: Noise | None = None
    bytes_per_s: float | None = None

    def read(self, *, baud: int) -> bytes:
        """What the host sent, empty after POLL_S; at another rate than the host's nothing is understood."""
        if not select.select([self._master], [], [], POLL_S)[0]:
            return b""
        data = os.read(self._master, 4096)
        if not self._host_is_at(baud):
            return b""
        return data if self.noise is None else self.noise.over(data)

    def send(self, data: bytes, *, baud: int, stopping: threading.Event) -> None:
        if not self._host_is_at(baud):
            return
        noise, pace = self.noise, self.bytes_per_s
        rest = data if noise is None else noise.over(data)
        patience = time.monotonic() + NOBODY_READS_S
        while rest and not stopping.is_set() and time.monotonic() < patience:
            if not select.select([], [self._master], [], POLL_S)[1]:
                continue
            with contextlib.suppress(BlockingIOError):
                sent = os.write(self._master, rest if pace is None else rest[:SLICE_BYTES])
                rest = rest[sent:]
                patience = time.monotonic() + NOBODY_READS_S
                if pace is not None:
                    stopping.wait(sent / pace)
                    patience += sent / pace

    def _host_is_at(self, baud: int) -> bool:
        return bool(termios.tcgetattr(self._master)[5] == _SPEEDS[baud])
