"""Opens the kiosk's window and runs it until it is closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kiosk.ui import environment
from kiosk.ui.port import Port

if TYPE_CHECKING:
    from kiosk.ui.robot import Robot
    from kiosk.ui.window import KioskWindow


def run(
    port: Port,
    *,
    fullscreen: bool,
    on_started: Callable[[Robot], None] | None = None,
    on_frame: Callable[[], None] = lambda: None,
    until: Callable[[], bool] = lambda: False,
    size: tuple[int, int] = (1280, 800),
    max_fps: int = 30,
) -> None:
    """Blocks on the calling thread, which must be the main thread, until the window is closed.

    on_started is called on it after the first drawn frame, before the loop: it may return at once
    (readiness), or drive the screen through the robot, which draws the frames itself meanwhile.
    on_frame is called on it after each frame of the loop, which also ends when `until` says so.
    """
    window, robot = opened(port, fullscreen=fullscreen, size=size, max_fps=max_fps)
    try:
        robot.settle()
        if on_started is not None:
            on_started(robot)
        while not (window.closed or until()):
            window.step()
            on_frame()
    finally:
        window.close()


def opened(port: Port, *, fullscreen: bool, size: tuple[int, int], max_fps: int) -> tuple[KioskWindow, Robot]:
    """A window on the port, and a robot to drive it frame by frame. The caller closes the window."""
    environment.prepare(size=size, fullscreen=fullscreen, max_fps=max_fps)
    from kiosk.ui.robot import Robot  # noqa: PLC0415 - imports Kivy, which reads the settings made above
    from kiosk.ui.window import KioskWindow  # noqa: PLC0415

    window = KioskWindow(port)
    window.open()
    return window, Robot(window)
