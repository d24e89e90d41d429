"""An opened Linux input node: its axes, and its events with the time at which the kernel got them.

The node may be a pseudo-terminal or a pipe that carries struct input_event, as a recording is played on.
"""

from __future__ import annotations

import contextlib
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

from hw.signature.input_events import (
    ABSINFO,
    EVENT,
    KEY_BITS_BYTES,
    Axes,
    Axis,
    Code,
    EventType,
    InputEvent,
    PadState,
    Touch,
)

POLL_MS = 100
_READ_EVENTS = 64
_ASKED_AGAIN = 8


def _request(direction: int, number: int, size: int) -> int:
    """_IOC of asm-generic/ioctl.h for the group 'E'."""
    return direction << 30 | size << 16 | ord("E") << 8 | number


_EVIOCGMTSLOTS: Final = 0x0A
_EVIOCGKEY: Final = 0x18
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

    def state(self) -> PadState | None:
        """How things stand on the pad now; None of a node that cannot be asked, a pseudo-terminal's."""
        try:
            if (slot := self._absinfo(Code.ABS_MT_SLOT)) is not None:
                current, _, last, *_ = slot
                return PadState(self._slots(last + 1), current, is_multi=True, t_ns=self._now_ns())
            keys = self._ask(_EVIOCGKEY, bytes(KEY_BITS_BYTES))
            touches = keys[Code.BTN_TOUCH // 8] >> Code.BTN_TOUCH % 8 & 1
            x, y, pressure = (
                (self._absinfo(code) or (0,))[0] for code in (Code.ABS_X, Code.ABS_Y, Code.ABS_PRESSURE)
            )
        except OSError:
            return None
        return PadState(
            (Touch(0 if touches else None, x, y, pressure),), 0, is_multi=False, t_ns=self._now_ns()
        )

    def events(self) -> Iterator[InputEvent | PadState]:
        """What came within POLL_MS. Raises OSError when the node is gone.

        Where the kernel lost events, the state takes the place of those lost and of all still queued.
        """
        for _, ready in self._poll.poll(POLL_MS):
            if not ready & select.POLLIN:
                raise ConnectionResetError("the input device hung up")
            for event in self._read():
                lost = (event.kind, event.code) == (EventType.SYN, Code.SYN_DROPPED)
                if lost and (state := self._state_after_loss()) is not None:
                    yield state
                    return
                yield event

    def _read(self) -> list[InputEvent]:
        data = os.read(self._descriptor, _READ_EVENTS * EVENT.size)
        if not data:
            raise ConnectionResetError("the input device was closed by its other end")
        now_ns = time.monotonic_ns()
        data = self._pending + data
        whole = len(data) - len(data) % EVENT.size
        self._pending = data[whole:]
        return [
            InputEvent(kind, code, value, self._monotonic(seconds * 10**9 + microseconds * 1000, now_ns))
            for seconds, microseconds, kind, code, value in EVENT.iter_unpack(data[:whole])
        ]

    def _state_after_loss(self) -> PadState | None:
        """The state is newer than the events still queued: heard after it, they would be told a second time.

        So those are thrown away, and it is asked again until nothing came while it was asked. Source: libevdev,
        "Discarding events before synchronizing".
        """
        state = self.state()
        for _ in range(_ASKED_AGAIN):
            if state is None or not self._discard():
                break
            state = self.state()
        return state

    def _discard(self) -> bool:
        """Throws away what is queued; whether there was anything."""
        found = False
        with contextlib.suppress(BlockingIOError):
            while self._read():
                found = True
        return found

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
        if (told := self._absinfo(code)) is None:
            return None
        _, minimum, maximum, _, _, resolution = told
        return Axis(minimum, maximum, resolution) if maximum > minimum else None

    def _absinfo(self, code: Code) -> tuple[int, ...] | None:
        """None when the device has no such axis."""
        try:
            return ABSINFO.unpack(self._ask(_EVIOCGABS + code, bytes(ABSINFO.size)))
        except OSError:
            return None

    def _slots(self, count: int) -> tuple[Touch, ...]:
        """struct input_mt_request_layout: the code, then its value in each slot."""
        layout = struct.Struct(f"@i{count}i")
        contacts, xs, ys, pressures = (
            layout.unpack(self._ask(_EVIOCGMTSLOTS, layout.pack(code, *(0,) * count)))[1:]
            for code in (
                Code.ABS_MT_TRACKING_ID,
                Code.ABS_MT_POSITION_X,
                Code.ABS_MT_POSITION_Y,
                Code.ABS_MT_PRESSURE,
            )
        )
        return tuple(
            Touch(contact if contact >= 0 else None, x, y, pressure)
            for contact, x, y, pressure in zip(contacts, xs, ys, pressures, strict=True)
        )

    def _ask(self, number: int, asked: bytes) -> bytes:
        return fcntl.ioctl(self._descriptor, _request(2, number, len(asked)), asked)

    def _now_ns(self) -> int:
        """Events keep their order with what was asked between them."""
        self._last_ns = max(self._last_ns, time.monotonic_ns())
        return self._last_ns


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
