"""A simulated touch pad: Linux input events, multi-touch type B, on a pseudo-terminal."""

from __future__ import annotations

import struct
from itertools import count
from pathlib import Path

from hw.api import DeviceKind, PenPoint
from hw.sim.device import ArmedFaults
from hw.sim.pseudo_terminal import LineSimulator
from hw.sim.subject import Subject

X_MAX, Y_MAX, PRESSURE_MAX, UNITS_PER_MM = 4095, 2047, 255, 40

_SYN, _ABS = 0, 3
_REPORT, _DROPPED = 0, 3
_SLOT, _X, _Y, _TRACKING_ID, _PRESSURE = 0x2F, 0x35, 0x36, 0x39, 0x3A


class SimulatedTouchPad(LineSimulator):
    """Faults: `palm`, a second contact lies on the pad with the next reports; `dropped`, the kernel lost events
    before the next reports."""

    def __init__(self, subject: Subject, *, folder: Path) -> None:
        self._subject = subject
        self._faults = ArmedFaults("palm", "dropped")
        self._contacts = count(7)
        super().__init__(DeviceKind.SIGNATURE_PAD, self._faults, link=folder / "touch")

    @property
    def url(self) -> str:
        axes = f"x=0:{X_MAX}:{UNITS_PER_MM}&y=0:{Y_MAX}:{UNITS_PER_MM}&pressure=0:{PRESSURE_MAX}"
        return f"evdev://{self._line.path}?{axes}"

    def meet(self, subject: Subject) -> None:
        self._subject = subject

    def sign(self) -> None:
        """The whole signature at once: the events' own times tell the pace of the hand."""
        down = False
        for point in self._subject.signature():
            with self._lock:
                self._line.write(b"".join(self._events(point, down=down)))
            down = point.pressure > 0

    def _events(self, point: PenPoint, *, down: bool) -> list[bytes]:
        def event(kind: int, code: int, value: int) -> bytes:
            seconds, rest_ns = divmod(point.t_ns, 10**9)
            return struct.pack("@llHHi", seconds, rest_ns // 1000, kind, code, value)

        told = []
        if self._faults.use("dropped"):
            told += [event(_SYN, _DROPPED, 0), event(_ABS, _X, 0), event(_SYN, _REPORT, 0)]
        if point.pressure > 0:
            if not down:
                told.append(event(_ABS, _TRACKING_ID, next(self._contacts)))
            told += [event(_ABS, _X, point.x), event(_ABS, _Y, point.y), event(_ABS, _PRESSURE, point.pressure)]
            if self._faults.use("palm"):
                told += [event(_ABS, _SLOT, 1), event(_ABS, _TRACKING_ID, next(self._contacts))]
                told += [event(_ABS, _X, 3900), event(_ABS, _Y, 1900), event(_ABS, _PRESSURE, 250)]
                told.append(event(_ABS, _SLOT, 0))
        elif down:
            told.append(event(_ABS, _TRACKING_ID, -1))
        return [*told, event(_SYN, _REPORT, 0)]
