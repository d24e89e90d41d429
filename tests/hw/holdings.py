"""What this process holds of the machine: threads, descriptors, memory."""

from __future__ import annotations

import ctypes
import gc
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hw.api import DeviceState
from tests.hw.support import PATIENCE_S, eventually


@dataclass(frozen=True)
class Holdings:
    """Kernel threads, so that those of libraries count, too, and open descriptors."""

    threads: int
    descriptors: int

    def no_more_than(self, other: Holdings) -> bool:
        return self.threads <= other.threads and self.descriptors <= other.descriptors


def holdings() -> Holdings:
    return Holdings(
        threads=sum(1 for _ in Path("/proc/self/task").iterdir()),
        descriptors=len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - iterdir would count its own
    )


def least_holdings(*, over_s: float) -> Holdings:
    """What is held once simulators have ended the threads of the connections that were closed."""
    readings = [holdings()]
    end = time.monotonic() + over_s
    while time.monotonic() < end:
        readings.append(holdings())
        time.sleep(0.01)
    return Holdings(min(now.threads for now in readings), min(now.descriptors for now in readings))


def python_threads() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


def resident_bytes() -> int:
    """Of this process, after what is free was given back to the kernel."""
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def settle(before: Holdings, *, patience_s: float = PATIENCE_S) -> Holdings:
    """What is held once it is no more than before; the kernel takes a thread away a moment after its end.
    AssertionError that says what is left, when it stays more."""
    eventually(
        lambda: holdings().no_more_than(before),
        what=lambda: f"{before} again: {holdings()}, {python_threads()}",
        patience_s=patience_s,
    )
    return holdings()


@contextmanager
def leaving_nothing(*, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """What is done inside leaves no thread and no descriptor behind."""
    before = holdings()
    yield
    settle(before, patience_s=patience_s)


def open_and_close(device: Any) -> None:
    device.start()
    eventually(lambda: device.state() is DeviceState.READY, what=lambda: f"{device.url} ready, {device.info()}")
    device.stop()
