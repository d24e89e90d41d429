"""Other people's packages, installed in an environment of their own and asked over a pipe."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".peers" / "quality"
PINNED = ROOT / "tests" / "peers" / "quality.txt"
SERVER = Path(__file__).with_name("peer_server.py")

PACKAGES: Mapping[str, str] = {
    "nfiq2": "nbis-py",
    "mindtct": "nbis-py",
    "bozorth3": "nbis-py",
    "iris_iqm": "iris-iqm",
    "swirski2d": "cheshm",
    "wsq": "wsq",
}
"""Which package does which work."""

ONE_THREAD = {
    "NUMBA_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
}


class Peers:
    """What the peers answer. absent: package -> why it cannot be asked."""

    def __init__(self, process: subprocess.Popen[str] | None, absent: Mapping[str, str]) -> None:
        self._process, self.absent = process, dict(absent)
        for work, package in PACKAGES.items():
            if package not in self.absent and (
                error := self._exchange({"do": "import", "of": work}).get("error")
            ):
                self.absent[package] = error

    def has(self, work: str) -> bool:
        return PACKAGES[work] not in self.absent

    def ask(self, work: str, **request: object) -> dict[str, Any] | None:
        """The answer, or None when the peer is absent or could not do it."""
        if not self.has(work):
            return None
        answer = self._exchange({"do": work, **{name: _plain(value) for name, value in request.items()}})
        return None if "error" in answer else answer

    def job(self, work: str, **request: object) -> Callable[[], float | None]:
        """For `timing.interleaved_ms`: the seconds the peer itself measured."""

        def run() -> float | None:
            answer = self.ask(work, **request)
            return None if answer is None else float(answer["seconds"])

        return run

    def _exchange(self, request: Mapping[str, object]) -> dict[str, Any]:
        if self._process is None or self._process.stdin is None or self._process.stdout is None:
            return {"error": "the peers do not run"}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            self._process = None
            return {"error": "the peers' process died"}
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextlib.contextmanager
def running_peers(say: Callable[[str], None]) -> Iterator[Peers]:
    """Installs what is missing, starts the server, ends it."""
    absent = _install(say)
    if not (HOME / "bin" / "python").exists():
        yield Peers(None, absent)
        return
    command = [str(HOME / "bin" / "python"), str(SERVER)]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | ONE_THREAD,
    ) as process:
        try:
            yield Peers(process, absent)
        finally:
            process.terminate()


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value


def _install(say: Callable[[str], None]) -> dict[str, str]:
    """Package -> why it could not be installed. Quick when the same pins are installed already."""
    stamp, mark = HOME / "installed", hashlib.sha256(PINNED.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == mark:
        return {}
    say(f"Installing the peers in {HOME.relative_to(ROOT)} (about 300 MB the first time)")
    wanted = sorted(set(PACKAGES.values()))
    made = _run([sys.executable, "-m", "venv", str(HOME)])
    if made:
        return dict.fromkeys(wanted, made)
    blocks = _blocks(PINNED.read_text())
    shared = _pip("".join(text for name, text in blocks.items() if name not in wanted))
    if shared:
        return dict.fromkeys(wanted, shared)
    reasons = {name: _pip(blocks[name]) for name in wanted}
    absent = {name: reason for name, reason in reasons.items() if reason}
    if not absent:
        stamp.write_text(mark)
    return absent


def _blocks(requirements: str) -> dict[str, str]:
    """Package -> its lines of a pinned requirements file."""
    blocks: dict[str, str] = {}
    name = ""
    for line in requirements.splitlines(keepends=True):
        if not line.startswith((" ", "#")):
            name = line.partition("==")[0]
        blocks[name] = blocks.get(name, "") + line
    return blocks


def _pip(requirements: str) -> str:
    chosen = HOME / "chosen.txt"
    chosen.write_text(requirements)
    command = [str(HOME / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    return _run([*command, "--disable-pip-version-check", "-r", str(chosen)])


def _run(command: list[str]) -> str:
    """Empty when it went well, else its last line."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return ""
    return (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
