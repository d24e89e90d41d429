"""Programs of the host, and programs of the target under QEMU's user emulation."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
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
    """Runs a program of the target inside its root. Needs binfmt_misc with qemu-aarch64, and root.

    In namespaces of its own: its mounts and its children end with it, and are never seen on the host. The
    device nodes are those of the base system, so /dev is not mounted.
    """
    inside = 'mount -t proc proc "$0/proc" && mount -t tmpfs tmpfs "$0/tmp" && exec chroot "$0" "$@"'
    run(
        *("unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", inside, root),
        *("/usr/bin/env", "-i", *(f"{name}={value}" for name, value in env.items()), *command),
    )
