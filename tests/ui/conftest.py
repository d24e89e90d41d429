"""A virtual screen and one process with the real window on it, shared by all tests of this room."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@contextmanager
def virtual_screen() -> Iterator[str]:
    """A free X display of 1280x800 that listens on no network."""
    reader, writer = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x800x24", "-nolisten", "tcp"],
        pass_fds=(writer,),
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    try:
        with os.fdopen(reader) as numbers:
            yield f":{numbers.readline().strip()}"
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture(scope="session")
def window(tmp_path_factory):
    """What the session found: problems by screen, and a traceback (or nothing) by scenario."""
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed")
    folder = tmp_path_factory.mktemp("window")
    results = folder / "results.json"
    with virtual_screen() as display:
        environment = os.environ | {
            "DISPLAY": display,
            "SDL_VIDEODRIVER": "x11",
            "KIVY_DPI": "149",
            "KIVY_HOME": str(folder),
            "HOME": str(folder),
        }
        done = subprocess.run(
            [sys.executable, "-m", "tests.ui.session", str(results)],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=280,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(results.read_text(encoding="utf-8")) | {"home": sorted(p.name for p in folder.iterdir())}
