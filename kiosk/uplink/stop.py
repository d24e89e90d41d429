"""Being asked to end, by SIGTERM or SIGINT, while waiting."""

from __future__ import annotations

import os
import select
import signal
from types import FrameType


class StopSignal:
    """Listens from its making on. A pipe, for a handler may run inside any lock of the thread it interrupts."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._tell)

    def wait(self, seconds: float | None) -> bool:
        """Whether the end was asked for, at once or within `seconds`; None waits for it."""
        ready, _, _ = select.select([self._read], [], [], seconds)
        return bool(ready)

    def _tell(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        os.write(self._write, b".")
