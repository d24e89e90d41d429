"""Programs nobody here wrote, each set in an environment of its own, from pinned packages.

`python -m tests.peers.environments` installs all ahead of the tests, and says what is not to be had.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".peers"
INSTALL_TIMEOUT_S = 170

OWN, PYTHON_313 = "", "python3.13"
PEERS = {"r30x": OWN, "iso19794": OWN, "python313": PYTHON_313}
"""Which Python each needs: this one, or one by name. Their pins are in `NAME.txt` beside this file."""


class PeersAbsentError(Exception):
    """They could not be installed, and why."""


def install(name: str) -> Path:
    """Their folder of programs; quick when the same pins are installed already. Raises PeersAbsentError."""
    home, pinned = HOME / name, Path(__file__).with_name(f"{name}.txt")
    stamp, mark = home / "installed", hashlib.sha256(pinned.read_bytes()).hexdigest()
    if not (stamp.exists() and stamp.read_text() == mark):
        _run(_python(PEERS[name]), "-m", "venv", "--clear", str(home))
        pip = (str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        _run(*pip, "--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", str(pinned))
        stamp.write_text(mark)
    return home / "bin"


def _python(name: str) -> str:
    """On the path, or where pyenv or uv keep theirs."""
    if name == OWN:
        return sys.executable
    elsewhere = (Path.home() / ".pyenv/versions", Path.home() / ".local/share/uv/python")
    for found in (shutil.which(name), *(str(p) for root in elsewhere for p in root.glob(f"*/bin/{name}"))):
        if found is not None and _works(found):
            return found
    raise PeersAbsentError(f"{name} is not installed")


def _works(python: str) -> bool:
    """pyenv puts a shim on the path that starts nothing when no version is chosen."""
    return subprocess.run((python, "-c", ""), capture_output=True, check=False).returncode == 0


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=INSTALL_TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise PeersAbsentError(f"not installed in {INSTALL_TIMEOUT_S} s") from error
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise PeersAbsentError(lines[-1])


def main() -> None:
    for name in PEERS:
        try:
            print(f"{name}: {install(name).relative_to(ROOT)}")
        except PeersAbsentError as absent:
            print(f"{name}: absent, its tests are skipped: {absent}")


if __name__ == "__main__":
    main()
