"""A simulated serial code scanner on a pseudo-terminal."""

from __future__ import annotations

import threading
from pathlib import Path

from hw.api import DeviceKind
from hw.sim.device import ArmedFaults
from hw.sim.pseudo_terminal import PseudoTerminal
from hw.sim.subject import Subject


class UnprintableCodeError(ValueError):
    """Codes are printable ASCII."""


class SimulatedCodeScanner:
    """Faults of the next codes: `garbage`, a control byte in their middle; `cut`, no second half and no CR."""

    def __init__(self, *, folder: Path) -> None:
        self._line = PseudoTerminal(folder / "code")
        self._lock = threading.Lock()
        self._faults = ArmedFaults("garbage", "cut")

    @property
    def faults(self) -> tuple[str, ...]:
        return self._faults.names

    @property
    def kind(self) -> DeviceKind:
        return DeviceKind.CODE_SCANNER

    @property
    def url(self) -> str:
        return f"serial://{self._line.path}?proto=code"

    @property
    def plugged(self) -> bool:
        return self._line.plugged

    def start(self) -> None:
        self.plug()

    def stop(self) -> None:
        self.unplug()

    def plug(self) -> None:
        with self._lock:
            self._line.plug()

    def unplug(self) -> None:
        with self._lock:
            self._line.unplug()

    def fail(self, fault: str, *, count: int = 1) -> None:
        self._faults.arm(fault, count)

    def meet(self, subject: Subject) -> None:
        """Codes are on paper, not on people."""

    def scan(self, code: str) -> None:
        """The scanner reads one printed code. Raises UnprintableCodeError."""
        if not (code.isascii() and code.isprintable() and code):
            raise UnprintableCodeError(f"a code is printable ASCII, not {code!r}")
        data = code.encode() + b"\r"
        middle = len(code) // 2
        with self._lock:
            if self._faults.use("garbage"):
                data = data[:middle] + b"\x00" + data[middle:]
            if self._faults.use("cut"):
                data = data[:middle]
            self._line.write(data)
