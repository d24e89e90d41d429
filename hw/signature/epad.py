"""The signature pad's driver: reads ePadLink reports from a character device.

The node is a hidraw node (one whole report per read) or a terminal in raw mode (bytes as they come).
"""

from __future__ import annotations

import os
import select
import termios
import time
import tty
from pathlib import Path

from hw import udev
from hw.api import (
    DeviceInfo,
    DeviceKind,
    Fault,
    FaultCode,
    PadGeometry,
    PenPoint,
    SelfTest,
    SelfTestCode,
    SignaturePad,
)
from hw.device_url import DeviceUrl
from hw.signature.epad_report import GEOMETRY, REPORT_LENGTH, EpadReport, EpadStream
from hw.signature.ink import MAX_POINTS, Ink
from hw.worker import Session, SessionEnded, WorkedDevice

POLL_MS = 100


class EpadSignaturePad(WorkedDevice):
    def __init__(self, path: Path, *, url: str, max_points: int = MAX_POINTS) -> None:
        super().__init__(DeviceKind.SIGNATURE_PAD, url)
        self._path = path
        self._ink = Ink(max_points=max_points)

    @property
    def geometry(self) -> PadGeometry:
        return GEOMETRY

    def info(self) -> DeviceInfo | Fault:
        if (fault := self._worker.standing.fault) is not None:
            return fault
        return udev.identify(self._path, kind=self.kind, url=self._url)

    def _forget(self) -> None:
        self.clear()

    def points(self) -> tuple[PenPoint, ...] | Fault:
        """Ink written before the pad was unplugged is still there when it returns, until `clear`."""
        return self._worker.standing.fault or self._ink.points()

    def clear(self) -> None:
        self._ink.clear()

    def self_test(self) -> tuple[SelfTest, ...]:
        """Opens the pad; whether it writes can only be seen by writing on it."""
        with self._worker.running():
            return (self._worker.test_opening(SelfTestCode.PAD_OPENS),)

    def _serve(self, session: Session) -> None:
        descriptor = _open_node(self._path)
        try:
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            stream = EpadStream()
            session.ready()
            while not session.stopped:
                for _, events in poll.poll(POLL_MS):
                    if not events & select.POLLIN:
                        raise SessionEnded(FaultCode.NOT_CONNECTED, f"{self._path} hung up")
                    self._read(descriptor, stream)
        finally:
            os.close(descriptor)

    def _read(self, descriptor: int, stream: EpadStream) -> None:
        data = os.read(descriptor, 64 * REPORT_LENGTH)
        if not data:
            raise SessionEnded(FaultCode.NOT_CONNECTED, f"{self._path} was closed by its other end")
        t_ns = time.monotonic_ns()
        for report in stream.feed(data, t_ns=t_ns):
            self._keep(report, t_ns)

    def _keep(self, report: EpadReport, t_ns: int) -> None:
        """A pen out of range is kept only as the end of a stroke."""
        if report.in_range or self._ink.writing:
            pressure = max(1, report.pressure) if report.touch else 0
            self._ink.add(PenPoint(x=report.x, y=report.y, t_ns=t_ns, pressure=pressure))


def _open_node(path: Path) -> int:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    if os.isatty(descriptor):
        try:
            tty.setraw(descriptor)
            termios.tcflush(descriptor, termios.TCIFLUSH)  # ink written while nobody read is nobody's
        except termios.error as error:
            os.close(descriptor)
            raise OSError(f"{path}: {error}") from error
    return descriptor


def open_url(url: DeviceUrl) -> SignaturePad:
    return EpadSignaturePad(url.device_path(), url=url.text)
