"""A software TPM 2.0 (swtpm) on a socket of its own, started and ended by the test."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

_READY_S = 30.0


def missing() -> str:
    """What a test with a TPM lacks here; empty when nothing."""
    if shutil.which("swtpm") is None:
        return "swtpm is not installed"
    return "" if find_spec("tpm2_pytss") else "tpm2-pytss is not installed"


needs_swtpm = pytest.mark.skipif(bool(missing()), reason=missing() or "-")


@contextmanager
def software_tpm(state: Path) -> Iterator[str]:
    """Its TCTI. What it holds stays in `state`, as the real one's does without power."""
    state.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as short:  # a socket's path has 107 bytes at most
        socket = Path(short) / "tpm"
        process = subprocess.Popen(
            (
                *("swtpm", "socket", "--tpm2", "--tpmstate", f"dir={state}"),
                *("--server", f"type=unixio,path={socket}", "--ctrl", f"type=unixio,path={socket}.ctrl"),
                *("--flags", "not-need-init,startup-clear"),
            ),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            deadline = time.monotonic() + _READY_S
            while not socket.exists():
                assert process.poll() is None, "swtpm ended"
                assert time.monotonic() < deadline, "swtpm does not listen"
                time.sleep(0.02)
            yield f"swtpm:path={socket}"
        finally:
            process.terminate()
            process.wait(_READY_S)
