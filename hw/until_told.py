"""The life of a command that serves until it is told to end."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

POLL_S = 0.2


@contextmanager
def told_by_signals() -> Iterator[threading.Event]:
    """Set by SIGTERM and SIGINT, whose handlers are as before afterwards."""
    told = threading.Event()

    def tell(number: int, frame: FrameType | None) -> None:
        del number, frame
        told.set()

    before = {number: signal.signal(number, tell) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def wait_until(told: threading.Event) -> None:
    """Also until standard input closes: the caller's death closes its end of it."""
    while not told.is_set():
        if sys.stdin is None or sys.stdin.closed:
            told.wait(POLL_S)
        elif select.select([sys.stdin], [], [], POLL_S)[0] and not os.read(sys.stdin.fileno(), 4096):
            return
