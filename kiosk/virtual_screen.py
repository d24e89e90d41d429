"""A screen where there is none: Xvfb on a free display, for demonstrations and tests."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from kiosk.children import end

START_TIMEOUT_S = 20.0


class NoScreenError(Exception):
    """Neither a display nor Xvfb."""


def has_display() -> bool:
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


@contextmanager
def virtual_screen(*, width: int, height: int) -> Iterator[str]:
    """Starts Xvfb, sets DISPLAY for this process meanwhile, yields the display's name.

    Raises NoScreenError when Xvfb is not installed or does not come up.
    """
    if shutil.which("Xvfb") is None:
        raise NoScreenError("no display, and Xvfb is not installed (Debian package xvfb)")
    reader, writer = os.pipe()
    process = subprocess.Popen(
        [
            "Xvfb",
            "-displayfd",
            str(writer),
            "-screen",
            "0",
            f"{width}x{height}x24",
            "-nolisten",
            "tcp",
            "-noreset",
        ],
        pass_fds=(writer,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writer)
    before = {name: os.environ.pop(name, None) for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")}
    try:
        ready, _, _ = select.select([reader], [], [], START_TIMEOUT_S)
        number = os.read(reader, 16).decode().strip() if ready else ""
        if not number:
            raise NoScreenError("Xvfb did not come up")
        os.environ["DISPLAY"] = f":{number}"
        yield f":{number}"
    finally:
        os.close(reader)
        end(process)
        os.environ.pop("DISPLAY", None)
        os.environ.update({name: value for name, value in before.items() if value is not None})
