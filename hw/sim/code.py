"""A simulated serial code scanner on a pseudo-terminal."""

from __future__ import annotations

from pathlib import Path

from hw.api import DeviceKind
from hw.sim.device import ArmedFaults
from hw.sim.pseudo_terminal import LineSimulator


class UnprintableCodeError(ValueError):
    """Codes are printable ASCII."""


class SimulatedCodeScanner(LineSimulator):
    """Faults of the next codes: `garbage`, a control byte in their middle; `cut`, no second half and no CR."""

    def __init__(self, *, folder: Path) -> None:
        self._faults = ArmedFaults("garbage", "cut")
        super().__init__(DeviceKind.CODE_SCANNER, self._faults, link=folder / "code")

    @property
    def url(self) -> str:
        return f"serial://{self._line.path}?proto=code"

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
