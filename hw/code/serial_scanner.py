"""The code scanner's driver: a serial port (or USB CDC) that sends each code and a CR."""

from __future__ import annotations

import time
from collections import deque
from pathlib import Path

import serial

from hw import udev
from hw.api import CodeScanner, DeviceInfo, DeviceKind, Fault, SelfTest, SelfTestCode
from hw.code.code_lines import CodeLines
from hw.device_url import DeviceUrl
from hw.worker import Session, WorkedDevice

READ_TIMEOUT_S = 0.1
MAX_UNREAD = 16
"""Beyond this the oldest is dropped: nobody waits for a code scanned that long ago."""


class SerialCodeScanner(WorkedDevice):
    def __init__(self, path: Path, *, url: str, baud: int = 9600) -> None:
        super().__init__(DeviceKind.CODE_SCANNER, url)
        self._path = path
        self._baud = baud
        self._unread: deque[str] = deque(maxlen=MAX_UNREAD)

    def info(self) -> DeviceInfo | Fault:
        if (fault := self._worker.standing.fault) is not None:
            return fault
        return udev.identify(self._path, kind=self.kind, url=self._url)

    def _forget(self) -> None:
        self._unread.clear()

    def read(self) -> str | Fault | None:
        """A code read before the scanner vanished is delivered before the fault."""
        try:
            return self._unread.popleft()
        except IndexError:
            return self._worker.standing.fault

    def self_test(self) -> tuple[SelfTest, ...]:
        """Opens the port; whether it scans can only be seen by scanning."""
        with self._worker.running():
            return (self._worker.test_opening(SelfTestCode.CODE_SCANNER_OPENS),)

    def _serve(self, session: Session) -> None:
        with serial.Serial(str(self._path), self._baud, timeout=READ_TIMEOUT_S, exclusive=True) as port:
            port.reset_input_buffer()  # codes scanned while nobody served are nobody's
            lines = CodeLines()
            session.ready()
            while not session.stopped:
                data = port.read(max(1, port.in_waiting))
                if data:
                    self._unread.extend(lines.feed(data, t_ns=time.monotonic_ns()))


def open_url(url: DeviceUrl) -> CodeScanner:
    baud = url.integer("baud", default=9600, lowest=1200, highest=921600)
    return SerialCodeScanner(url.device_path(), url=url.text, baud=baud)
