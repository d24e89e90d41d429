"""The life sign of the screen: fed by drawn frames, so a window that hangs is silent."""

from __future__ import annotations

from collections.abc import Callable

from kiosk.appliance.notify import Notify

IDLE, BUSY = "idle", "enrolling"
"""What STATUS= says; an update waits for `idle`."""


class Heartbeat:
    """every_s: how often at most a frame is told of, a third of what the watchdog allows; None for never."""

    def __init__(self, notify: Notify, *, monotonic_s: Callable[[], float], every_s: float | None) -> None:
        self._notify = notify
        self._monotonic_s = monotonic_s
        self._every_s = every_s
        self._told_s = float("-inf")
        self._status = ""

    def started(self) -> None:
        """The first screen that can be used is drawn."""
        self._notify("READY=1")

    def frame(self, *, idle: bool) -> None:
        """Called with every drawn frame."""
        status = IDLE if idle else BUSY
        if status != self._status:
            self._status = status
            self._notify(f"STATUS={status}")
        now_s = self._monotonic_s()
        if self._every_s is not None and now_s - self._told_s >= self._every_s:
            self._told_s = now_s
            self._notify("WATCHDOG=1")
