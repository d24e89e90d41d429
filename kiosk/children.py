"""Processes this one starts and ends: by pid, and only those."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

END_TIMEOUT_S = 10.0
_DIES_WITH_US = ("setpriv", "--pdeathsig", "TERM")
"""util-linux: the kernel ends the child when we are killed and cannot ask it to."""


@contextmanager
def child(arguments: Sequence[str], *, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Runs our Python with `arguments` as a process of its own, its output in `log`, until the block ends."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*_DIES_WITH_US, sys.executable, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Asks, waits, then insists."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
