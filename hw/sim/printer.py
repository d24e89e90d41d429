"""A simulated slip printer: ESC/POS on a TCP port of the loopback, with paper that can be looked at."""

from __future__ import annotations

import contextlib
import select
import socket
import threading

from hw.api import DeviceKind
from hw.printer import status
from hw.sim.device import Simulator, StandingFaults
from hw.sim.printer_commands import Command, CommandParser
from hw.sim.printer_paper import PrintedSlip, Roll

_FIXED_BITS = 0x12
_IDENTITY = {65: "1.0", 66: "Simulated", 67: "TM-SIM", 68: "SIM0001"}
_FAULTS = (
    "paper_out",
    "paper_low",
    "cover_open",
    "offline",
    "stuck",
    "mute",
    "unconfirming",
    "paper_ends_in_slip",
)


_STANDSTILL = {"paper_out", "cover_open", "offline", "stuck"}


class SimulatedPrinter(Simulator):
    """Takes one connection at a time, as network printers do; the next waits its turn.

    Faults last until armed with count 0:
    `paper_out`, `cover_open`, `offline`: as the status says; what is sent is kept unprinted and comes
    out when the fault ends. `stuck`: the same, and the status says nothing.
    `paper_low`: as the status says. `mute`: answers nothing. `unconfirming`: does not know GS r.
    `paper_ends_in_slip`: `paper_out` from the next printed line on.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults = StandingFaults(*_FAULTS)
        super().__init__(DeviceKind.PRINTER, self._faults)
        self._slips: list[PrintedSlip] = []
        self._held: list[Command] = []
        self._roll = Roll()
        self._port = 0
        self._listener: socket.socket | None = None
        self._leaving = threading.Event()
        self._thread: threading.Thread | None = None
        self._answer: socket.socket | None = None

    @property
    def url(self) -> str:
        return f"escpos+tcp://127.0.0.1:{self._port}"

    @property
    def plugged(self) -> bool:
        return self._listener is not None

    @property
    def slips(self) -> tuple[PrintedSlip, ...]:
        with self._lock:
            return tuple(self._slips)

    @property
    def holding(self) -> bool:
        """Whether something was sent that is not on paper."""
        with self._lock:
            return bool(self._held)

    def plug(self) -> None:
        if self._listener is not None:
            return
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._port = self._listener.getsockname()[1]
        self._leaving.clear()
        self._thread = threading.Thread(
            target=self._serve, args=(self._listener,), name="sim-printer", daemon=True
        )
        self._thread.start()

    def unplug(self) -> None:
        """Without power: the connection breaks and what was not yet printed is forgotten."""
        listener, self._listener = self._listener, None
        if listener is None or self._thread is None:
            return
        self._leaving.set()
        self._thread.join()
        listener.close()
        with self._lock:
            self._held.clear()
            self._roll = Roll()

    def fail(self, fault: str, *, count: int = 1) -> None:
        with self._lock:
            super().fail(fault, count=count)
            held, self._held = self._held, []
            for command in held:
                self._print(command)

    def _serve(self, listener: socket.socket) -> None:
        while not self._leaving.is_set():
            if not select.select([listener], [], [], 0.05)[0]:
                continue
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                self._converse(connection)

    def _converse(self, connection: socket.socket) -> None:
        parser = CommandParser()
        connection.settimeout(5.0)
        with self._lock:
            self._answer = connection
        while not self._leaving.is_set():
            if not select.select([connection], [], [], 0.05)[0]:
                continue
            data = connection.recv(65536)
            if not data:
                return
            with self._lock:
                for command in parser.feed(data):
                    self._take(command)

    def _take(self, command: Command) -> None:
        match command:
            case Command(b"\x10\x04", data):
                self._say(self._real_time_status(data[0]))
            case Command(b"\x10\x14", data) if data[:1] == b"\x08":
                self._held.clear()
                self._roll = Roll()
                self._say(status.BUFFERS_CLEARED)
            case _:
                self._print(command)

    def _print(self, command: Command) -> None:
        if self._faults.standing & _STANDSTILL:
            self._held.append(command)
            return
        if command.name == b"\n" and "paper_ends_in_slip" in self._faults:
            self._faults.arm("paper_ends_in_slip", 0)
            self._faults.arm("paper_out", 1)
        match command:
            case Command(b"\x1dr"):
                if "unconfirming" not in self._faults:
                    self._say(b"\x03" if "paper_low" in self._faults else b"\x00")
            case Command(b"\x1dI", data):
                if data[0] in _IDENTITY:
                    self._say(b"_" + _IDENTITY[data[0]].encode() + b"\0")
            case _:
                slip = self._roll.do(command)
                if slip is not None:
                    self._slips.append(slip)

    def _real_time_status(self, question: int) -> bytes:
        faults = self._faults.standing
        byte = _FIXED_BITS
        match question:
            case 1 if faults & {"paper_out", "cover_open", "offline"}:
                byte |= status.OFFLINE_BIT
            case 2:
                byte |= status.COVER_OPEN_BIT if "cover_open" in faults else 0
                byte |= status.PAPER_END_STOP_BIT if "paper_out" in faults else 0
            case 4:
                byte |= status.PAPER_NEAR_END_BITS if faults & {"paper_low", "paper_out"} else 0
                byte |= status.PAPER_OUT_BITS if "paper_out" in faults else 0
        return bytes([byte])

    def _say(self, data: bytes) -> None:
        """To whoever is connected; a held command may be carried out after its sender has left."""
        if self._answer is not None and "mute" not in self._faults:
            with contextlib.suppress(OSError):
                self._answer.sendall(data)
