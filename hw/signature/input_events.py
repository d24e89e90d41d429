"""Linux input events of a touch pad or pen: their layouts and numbers, and what they measure.

Source: Linux Documentation/input/event-codes.rst and multi-touch-protocol.rst (type B), and
include/uapi/linux/input.h and input-event-codes.h for layouts and numbers.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple

from hw.api import PadGeometry

EVENT: Final = struct.Struct("@llHHi")
"""struct input_event: seconds, microseconds, type, code, value, in the kernel's word size."""

ABSINFO: Final = struct.Struct("@6i")
"""struct input_absinfo: value, minimum, maximum, fuzz, flat, resolution in units per mm."""

KEY_BITS_BYTES: Final = 0x300 // 8
"""One bit for each key up to KEY_MAX."""

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


class InputEvent(NamedTuple):
    """kind: an EventType, or another of the kernel's. t_ns: monotonic."""

    kind: int
    code: int
    value: int
    t_ns: int


@dataclass(frozen=True, slots=True)
class Touch:
    """One slot of a pad. contact: the kernel's number for what touches there, None when nothing does."""

    contact: int | None = None
    x: int = 0
    y: int = 0
    pressure: int = 0


@dataclass(frozen=True, slots=True)
class PadState:
    """What the kernel holds of a pad at one moment, after all events it has told.

    touches: by slot; a pad that speaks of one touch alone has slot 0. slot: which the coming events are about.
    t_ns: monotonic.
    """

    touches: tuple[Touch, ...]
    slot: int
    is_multi: bool
    t_ns: int
