"""Installs pyfingerprint and adafruit-circuitpython-fingerprint in an environment of their own.

`python -m tests.hw.finger.peers` does it ahead of the tests.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
HOME = ROOT / ".peers" / "r30x"
PYTHON = HOME / "bin" / "python"
PINNED = ROOT / "tests" / "peers" / "r30x.txt"
INSTALL_TIMEOUT_S = 170


class PeersAbsentError(Exception):
    """They could not be installed, and why."""


def install() -> Path:
    """Their Python; quick when the same pins are installed already. Raises PeersAbsentError."""
    stamp, mark = HOME / "installed", hashlib.sha256(PINNED.read_bytes()).hexdigest()
    if not (stamp.exists() and stamp.read_text() == mark):
        _run(sys.executable, "-m", "venv", "--clear", str(HOME))
        pip = (str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        _run(*pip, "--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", str(PINNED))
        stamp.write_text(mark)
    return PYTHON


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=INSTALL_TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise PeersAbsentError(f"not installed in {INSTALL_TIMEOUT_S} s") from error
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise PeersAbsentError(lines[-1])


if __name__ == "__main__":
    print(install())
