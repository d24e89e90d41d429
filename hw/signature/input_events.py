"""Linux input events of a touch pad or pen -> points of ink.

Source: Linux Documentation/input/event-codes.rst and multi-touch-protocol.rst (type B), and
include/uapi/linux/input.h and input-event-codes.h for layouts and numbers.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from hw.api import PadGeometry, PenPoint

EVENT: Final = struct.Struct("@llHHi")
"""struct input_event: seconds, microseconds, type, code, value, in the kernel's word size."""

ABSINFO: Final = struct.Struct("@6i")
"""struct input_absinfo: value, minimum, maximum, fuzz, flat, resolution in units per mm."""

MAX_COORDINATE: Final = 0x7FFF
"""ISO/IEC 19794-7 holds coordinates in 16 bits with sign; a finer pad is halved until it fits."""

MAX_PRESSURE: Final = 0xFFFF


class EventType(IntEnum):
    SYN = 0x00
    KEY = 0x01
    ABS = 0x03


class Code(IntEnum):
    SYN_REPORT = 0x00
    SYN_DROPPED = 0x03
    ABS_X = 0x00
    ABS_Y = 0x01
    ABS_PRESSURE = 0x18
    ABS_MT_SLOT = 0x2F
    ABS_MT_POSITION_X = 0x35
    ABS_MT_POSITION_Y = 0x36
    ABS_MT_TRACKING_ID = 0x39
    ABS_MT_PRESSURE = 0x3A
    BTN_TOUCH = 0x14A


@dataclass(frozen=True, slots=True)
class Axis:
    """resolution: units per mm, 0 where the device does not tell."""

    minimum: int
    maximum: int
    resolution: int = 0

    @property
    def span(self) -> int:
        return self.maximum - self.minimum


@dataclass(frozen=True, slots=True)
class Axes:
    """pressure: None for a pad that feels a touch and not how hard it is."""

    x: Axis
    y: Axis
    pressure: Axis | None = None

    @property
    def halvings(self) -> int:
        largest = max(self.x.span, self._y_in_x(self.y.span))
        return max(0, (largest // (MAX_COORDINATE + 1)).bit_length())

    def _y_in_x(self, y: int) -> int:
        """Touch panels often have as many steps across as down, on a picture that is wider than high."""
        return round(y * self.x.resolution / self.y.resolution)

    def geometry(self) -> PadGeometry:
        x, y = self.place(self.x.maximum, self.y.maximum)
        force = self.force(self.pressure.maximum) if self.pressure is not None else 1
        return PadGeometry(x, y, force, self.x.resolution / 2**self.halvings)

    def place(self, x: int, y: int) -> tuple[int, int]:
        """In units of equal size, from the top left corner; what the device reports beyond its edges is on
        them."""
        across = min(max(x - self.x.minimum, 0), self.x.span)
        down = self._y_in_x(min(max(y - self.y.minimum, 0), self.y.span))
        return across >> self.halvings, down >> self.halvings

    def force(self, pressure: int) -> int:
        """At least 1: the pen is down."""
        if self.pressure is None:
            return 1
        return min(max(pressure - self.pressure.minimum, 1), self.pressure.span, MAX_PRESSURE)


class PenTracker:
    """Follows one contact from touch to lift; a second finger, or the ball of the hand, writes nothing."""

    def __init__(self, axes: Axes) -> None:
        self._axes = axes
        self._multi = False
        self._slot = 0
        self._pen_slot: int | None = None
        self._down = False
        self._was_down = False
        self._x = self._y = self._pressure = 0
        self._last = (0, 0)
        self._lost = False

    def feed(self, kind: int, code: int, value: int, *, t_ns: int) -> PenPoint | None:
        """The point that this event completes."""
        if kind == EventType.SYN:
            return self._synchronise(code, t_ns)
        if not self._lost:
            if kind == EventType.ABS:
                self._move(code, value)
            elif kind == EventType.KEY and code == Code.BTN_TOUCH and not self._multi:
                self._down = value != 0
        return None

    def _synchronise(self, code: int, t_ns: int) -> PenPoint | None:
        """After SYN_DROPPED all up to the next report is incomplete: the stroke ends there, rather than run
        straight across what was lost."""
        if code == Code.SYN_DROPPED:
            self._lost = True
            return None
        if code != Code.SYN_REPORT:
            return None
        broken, self._lost = self._lost, False
        if not self._down or broken:
            lifted, self._was_down = self._was_down, False
            return PenPoint(*self._last, t_ns, 0) if lifted else None
        self._was_down = True
        self._last = self._axes.place(self._x, self._y)
        return PenPoint(*self._last, t_ns, self._axes.force(self._pressure))

    def _move(self, code: int, value: int) -> None:
        match code:
            case Code.ABS_MT_SLOT:
                self._slot = value
            case Code.ABS_MT_TRACKING_ID:
                self._touch(began=value >= 0)
            case Code.ABS_MT_POSITION_X | Code.ABS_MT_POSITION_Y | Code.ABS_MT_PRESSURE:
                if self._slot == self._pen_slot:
                    self._set(code, value)
            case Code.ABS_X | Code.ABS_Y | Code.ABS_PRESSURE if not self._multi:
                self._set(code, value)

    def _touch(self, *, began: bool) -> None:
        """Multi-touch devices speak for single-touch readers, too: those events are not heard any more."""
        self._multi = True
        if began and self._pen_slot is None:
            self._pen_slot, self._down = self._slot, True
        elif not began and self._slot == self._pen_slot:
            self._pen_slot, self._down = None, False

    def _set(self, code: int, value: int) -> None:
        match code:
            case Code.ABS_X | Code.ABS_MT_POSITION_X:
                self._x = value
            case Code.ABS_Y | Code.ABS_MT_POSITION_Y:
                self._y = value
            case _:
                self._pressure = value
