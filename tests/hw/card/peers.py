"""Installs python-pkcs11 in a folder of its own. `python -m tests.hw.card.peers` does it ahead of the tests."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
SITE = ROOT / ".peers" / "card"
PINNED = ROOT / "tests" / "peers" / "card.txt"
INSTALL_TIMEOUT_S = 170


class PeersAbsentError(Exception):
    """They could not be installed, and why."""


def install() -> Path:
    """The folder for PYTHONPATH; quick when the same pins are installed already. Raises PeersAbsentError."""
    stamp, mark = SITE / "installed", hashlib.sha256(PINNED.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == mark:
        return SITE
    command = (
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"),
        *("--require-hashes", "--only-binary", ":all:", "--upgrade", "--target", str(SITE), "-r", str(PINNED)),
    )
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=INSTALL_TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise PeersAbsentError(f"not installed in {INSTALL_TIMEOUT_S} s") from error
    if done.returncode:
        raise PeersAbsentError((done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1])
    stamp.write_text(mark)
    return SITE


if __name__ == "__main__":
    print(install())
