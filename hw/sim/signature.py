"""A simulated ePadLink signature pad on a pseudo-terminal."""

from __future__ import annotations

import struct
import threading
from pathlib import Path

from hw.api import DeviceKind, PenPoint
from hw.signature.epad_report import GEOMETRY, EpadReport
from hw.sim.device import ArmedFaults
from hw.sim.pseudo_terminal import LineSimulator
from hw.sim.subject import Subject


class SimulatedSignaturePad(LineSimulator):
    """Faults: `lost_byte`, the next reports arrive one byte short; `noise`, a foreign byte before them."""

    def __init__(self, subject: Subject, *, folder: Path) -> None:
        self._subject = subject
        self._leaving = threading.Event()
        self._pen: threading.Thread | None = None
        self._faults = ArmedFaults("lost_byte", "noise")
        super().__init__(DeviceKind.SIGNATURE_PAD, self._faults, link=folder / "signature")

    @property
    def url(self) -> str:
        return f"epad://{self._line.path}"

    def stop(self) -> None:
        self._lift_pen()
        self.unplug()

    def meet(self, subject: Subject) -> None:
        self._lift_pen()
        self._subject = subject

    def sign(self, *, speed: float = 1.0) -> None:
        """The subject writes at the pace of a hand, times `speed`; returns at once. Again starts over."""
        self._lift_pen()
        self._leaving.clear()
        points = self._subject.signature()
        self._pen = threading.Thread(target=self._write, args=(points, speed), name="sim-pen", daemon=True)
        self._pen.start()

    @property
    def writing(self) -> bool:
        pen = self._pen
        return pen is not None and pen.is_alive()

    def wait(self, *, timeout_s: float) -> bool:
        """Waits for the end of the signature; False when it still goes on."""
        if self._pen is not None:
            self._pen.join(timeout_s)
        return not self.writing

    def _lift_pen(self) -> None:
        self._leaving.set()
        if self._pen is not None:
            self._pen.join()
            self._pen = None

    def _write(self, points: tuple[PenPoint, ...], speed: float) -> None:
        previous_ns = points[0].t_ns if points else 0
        for point in points:
            if self._leaving.wait((point.t_ns - previous_ns) / 1e9 / speed):
                break
            previous_ns = point.t_ns
            self._send(_report(point))
        if points:
            last = points[-1]
            self._send(EpadReport(x=last.x, y=last.y, pressure=0, touch=False, in_range=False))

    def _send(self, report: EpadReport) -> None:
        data = encode(report)
        with self._lock:
            if self._faults.use("lost_byte"):
                data = data[1:]
            if self._faults.use("noise"):
                data = b"\xff" + data
            self._line.write(data)


def _report(point: PenPoint) -> EpadReport:
    return EpadReport(
        x=min(max(point.x, 0), GEOMETRY.width),
        y=min(max(point.y, 0), GEOMETRY.height),
        pressure=min(max(point.pressure, 0), GEOMETRY.max_pressure),
        touch=point.pressure > 0,
        in_range=True,
    )


def encode(report: EpadReport) -> bytes:
    """A report as the pad sends it; bits 0-4 of the first byte (buttons, vendor field) stay 0."""
    return struct.pack("<BHHB", report.touch << 5 | report.in_range << 6, report.x, report.y, report.pressure)
