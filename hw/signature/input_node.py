"""An opened Linux input node: its axes, and its events with the time at which the kernel got them.

The node may be a pseudo-terminal or a pipe that carries struct input_event, as a recording is played on.
"""

from __future__ import annotations

import fcntl
import os
import select
import struct
import termios
import time
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hw.signature.input_events import ABSINFO, EVENT, Axes, Axis, Code

POLL_MS = 100
_READ_EVENTS = 64


def _request(direction: int, number: int, size: int) -> int:
    """_IOC of asm-generic/ioctl.h for the group 'E'."""
    return direction << 30 | size << 16 | ord("E") << 8 | number


_EVIOCGABS: Final = 0x40
_EVIOCSCLOCKID: Final = _request(1, 0xA0, struct.calcsize("@i"))


class InputNode:
    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        try:
            self._is_monotonic = self._prepare(path)
        except OSError:
            os.close(self._descriptor)
            raise
        self._poll = select.poll()
        self._poll.register(self._descriptor, select.POLLIN)
        self._pending = b""
        self._shift_ns: int | None = None
        self._last_ns = 0

    def close(self) -> None:
        os.close(self._descriptor)

    def axes(self, told: dict[str, Axis]) -> Axes | None:
        """told: axes by name, "x", "y" and "pressure", instead of what the node says. None when neither says
        enough."""
        x = told.get("x") or self._axis(Code.ABS_MT_POSITION_X) or self._axis(Code.ABS_X)
        y = told.get("y") or self._axis(Code.ABS_MT_POSITION_Y) or self._axis(Code.ABS_Y)
        if x is None or y is None or x.resolution <= 0 or y.resolution <= 0:
            return None
        pressure = told.get("pressure") or self._axis(Code.ABS_MT_PRESSURE) or self._axis(Code.ABS_PRESSURE)
        return Axes(x, y, pressure)

    def events(self) -> Iterator[tuple[int, int, int, int]]:
        """Type, code, value and monotonic ns of what came within POLL_MS. Raises OSError when it is gone."""
        for _, ready in self._poll.poll(POLL_MS):
            if not ready & select.POLLIN:
                raise ConnectionResetError("the input device hung up")
            data = os.read(self._descriptor, _READ_EVENTS * EVENT.size)
            if not data:
                raise ConnectionResetError("the input device was closed by its other end")
            now_ns = time.monotonic_ns()
            data = self._pending + data
            whole = len(data) - len(data) % EVENT.size
            self._pending = data[whole:]
            for seconds, microseconds, kind, code, value in EVENT.iter_unpack(data[:whole]):
                yield kind, code, value, self._monotonic(seconds * 10**9 + microseconds * 1000, now_ns)

    def _monotonic(self, kernel_ns: int, now_ns: int) -> int:
        """A node that cannot be told the clock keeps its own pace, beginning when its first event was read; a
        clock set back meanwhile stands still rather than run backwards."""
        if self._is_monotonic:
            return kernel_ns
        if self._shift_ns is None:
            self._shift_ns = now_ns - kernel_ns
        self._last_ns = max(self._last_ns, kernel_ns + self._shift_ns)
        return self._last_ns

    def _prepare(self, path: Path) -> bool:
        """Whether event times will be on the monotonic clock."""
        try:
            if os.isatty(self._descriptor):
                tty.setraw(self._descriptor)
                termios.tcflush(self._descriptor, termios.TCIFLUSH)
                return False
        except termios.error as error:
            raise OSError(f"{path}: {error}") from error
        try:
            fcntl.ioctl(self._descriptor, _EVIOCSCLOCKID, struct.pack("@i", time.CLOCK_MONOTONIC))
        except OSError:
            return False
        return True

    def _axis(self, code: Code) -> Axis | None:
        try:
            data = fcntl.ioctl(
                self._descriptor, _request(2, _EVIOCGABS + code, ABSINFO.size), bytes(ABSINFO.size)
            )
        except OSError:
            return None
        _, minimum, maximum, _, _, resolution = ABSINFO.unpack(data)
        return Axis(minimum, maximum, resolution) if maximum > minimum else None


def axes_of(path: Path) -> dict[str, Axis]:
    """What a node says of itself, by name; nothing when it cannot be opened or is no input device."""
    try:
        node = InputNode(path)
    except OSError:
        return {}
    try:
        axes = node.axes({})
    finally:
        node.close()
    if axes is None:
        return {}
    named = {"x": axes.x, "y": axes.y, "pressure": axes.pressure}
    return {name: axis for name, axis in named.items() if axis is not None}
