"""What a running kiosk tells the system around it: that it lives, whether it is idle, its devices."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hw.api import Device
from kiosk.appliance.heartbeat import Heartbeat
from kiosk.appliance.readiness import REPORT, Report
from kiosk.storage.atomic import write_atomic

REPORT_EVERY_S = 2.0
_KERNEL_MODULES = ("kiosk.quality.", "kiosk.matching.")


@dataclass(frozen=True, slots=True)
class Watched:
    """The kiosk as seen from outside. idle: nobody is at the screen and nothing is being sealed."""

    version: str
    idle: Callable[[], bool]
    devices: Callable[[], tuple[Device, ...]]


class Supervision:
    """Called on the drawing thread. folder: where the report goes, in memory; None writes none."""

    def __init__(
        self, watched: Watched, heartbeat: Heartbeat, *, folder: Path | None, monotonic_s: Callable[[], float]
    ) -> None:
        self._watched = watched
        self._heartbeat = heartbeat
        self._folder = folder
        self._monotonic_s = monotonic_s
        self._reported_s = float("-inf")
        self._report: Report | None = None

    def started(self) -> None:
        """The first screen is drawn; the journal was replayed before it."""
        self._write()
        self._heartbeat.started()

    def frame(self) -> None:
        self._heartbeat.frame(idle=self._watched.idle())
        if self._monotonic_s() - self._reported_s >= REPORT_EVERY_S:
            self._write()

    def _write(self) -> None:
        self._reported_s = self._monotonic_s()
        if self._folder is None:
            return
        loaded, compiled = kernels()
        report = Report(
            version=self._watched.version,
            screen=True,
            kernels=loaded,
            compiled=compiled,
            journal=True,
            devices={str(device.kind): str(device.state()) for device in self._watched.devices()},
        )
        if report != self._report:
            self._report = report
            write_atomic(self._folder / REPORT, report.to_json(), mode=0o644)


def kernels() -> tuple[int, int]:
    """Compiled functions in memory, and how many of them no cache had."""
    loaded: dict[int, Any] = {}
    for name, module in list(sys.modules.items()):
        if name.startswith(_KERNEL_MODULES) and "kernels" in name:
            loaded |= {
                id(value): value for value in vars(module).values() if hasattr(value, "nopython_signatures")
            }
    misses = sum(sum(function.stats.cache_misses.values()) for function in loaded.values())
    return len(loaded), misses
