"""Programs of the host, and programs of the target under QEMU's user emulation."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


def run(*command: str | Path, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> None:
    """Raises CalledProcessError; the program's own words are on the terminal."""
    subprocess.run([str(word) for word in command], check=True, env={**os.environ, **(env or {})}, cwd=cwd)


def output(*command: str | Path, env: Mapping[str, str] | None = None) -> str:
    words = [str(word) for word in command]
    return subprocess.run(
        words, check=True, env={**os.environ, **(env or {})}, stdout=subprocess.PIPE, text=True
    ).stdout


def run_in(root: Path, *command: str, env: Mapping[str, str]) -> None:
    """Runs a program of the target inside its root. Needs binfmt_misc with qemu-aarch64, and root."""
    with _kernel_folders(root):
        subprocess.run(
            ["chroot", str(root), "/usr/bin/env", "-i", *(f"{k}={v}" for k, v in env.items()), *command],
            check=True,
        )


@contextmanager
def _kernel_folders(root: Path) -> Iterator[None]:
    mounts = (("proc", "proc"), ("tmpfs", "tmp"), ("devtmpfs", "dev"))
    mounted: list[Path] = []
    try:
        for kind, name in mounts:
            run("mount", "-t", kind, kind, root / name)
            mounted.append(root / name)
        yield
    finally:
        for path in reversed(mounted):
            run("umount", path)
