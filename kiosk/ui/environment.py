"""Kivy reads its settings while it is imported: they are put in the environment first."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile

DEFAULT_DPI = 149
"""A 10.1 inch panel of 1280x800 pixels."""


def prepare(*, size: tuple[int, int], fullscreen: bool, max_fps: int) -> None:
    """Configures Kivy for an appliance. Raises RuntimeError when its window exists already.

    No command line of Kivy's own, no configuration or log files, no red touch dots, no exit key, and
    a fixed DPI so that millimetres are millimetres (KIVY_DPI overrides it).
    """
    if "kivy.core.window" in sys.modules:
        raise RuntimeError("Kivy's window was imported before its settings")
    os.environ.setdefault("KIVY_DPI", str(DEFAULT_DPI))
    os.environ["KIVY_METRICS_DENSITY"] = "1"
    os.environ["KIVY_NO_ARGS"] = "1"
    os.environ["KIVY_NO_CONFIG"] = "1"
    os.environ["KIVY_NO_FILELOG"] = "1"
    os.environ["KIVY_NO_CONSOLELOG"] = "1"
    os.environ["KIVY_LOG_MODE"] = "PYTHON"
    if "KIVY_HOME" not in os.environ:
        home = os.environ["KIVY_HOME"] = tempfile.mkdtemp(prefix="kiosk-ui-")
        atexit.register(shutil.rmtree, home, ignore_errors=True)
    _configure(size=size, fullscreen=fullscreen, max_fps=max_fps)


def _configure(*, size: tuple[int, int], fullscreen: bool, max_fps: int) -> None:
    from kivy.config import Config  # noqa: PLC0415 - reads the environment set above

    width, height = size
    settings: dict[str, dict[str, object]] = {
        "kivy": {"exit_on_escape": 0, "pause_on_minimize": 0, "log_level": "warning", "keyboard_mode": ""},
        "graphics": {
            "width": width,
            "height": height,
            "fullscreen": "auto" if fullscreen else 0,
            "borderless": int(fullscreen),
            "resizable": 0,
            "show_cursor": int(not fullscreen),
            # Four cost 85 ms a frame instead of 32 ms on a software renderer, and look the same.
            "multisamples": 0,
            "maxfps": max_fps,
            "allow_screensaver": 0,
        },
    }
    for section, values in settings.items():
        for name, value in values.items():
            Config.set(section, name, value)
    for device, _ in Config.items("input"):
        Config.remove_option("input", device)
    Config.set("input", "mouse", "mouse,disable_multitouch")
