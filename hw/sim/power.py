"""A simulated upsd with one UPS, on a TCP port of the loopback."""

from __future__ import annotations

import socket
import time

from hw.api import DeviceKind
from hw.sim.device import StandingFaults
from hw.sim.loopback_port import PortSimulator

UPS = "sim"
_FAULTS = ("data_stale", "driver_gone", "mute", "drip", "endless", "nonsense", "bad_charge")


class SimulatedUps(PortSimulator):
    """Faults last until armed with count 0.

    `data_stale`, `driver_gone`: upsd lost its UPS, its driver. `mute`: it answers nothing.
    `drip`: one byte at a time, too slowly. `endless`: a line without end. `nonsense`: another protocol.
    `bad_charge`: a charge of "lots".
    """

    def __init__(self) -> None:
        self._faults = StandingFaults(*_FAULTS)
        super().__init__(DeviceKind.POWER, self._faults, name="sim-ups")
        self._status = "OL CHRG"
        self._charge = 100

    @property
    def url(self) -> str:
        return f"nut://127.0.0.1:{self._port.number}/{UPS}"

    def supply(self, status: str, *, charge_percent: int) -> None:
        """status: NUT's tokens, such as "OB DISCHRG LB"."""
        self._status, self._charge = status, charge_percent

    def _converse(self, connection: socket.socket) -> None:
        with connection.makefile("r", encoding="ascii", newline="\n") as questions:
            for question in questions:
                self._send(connection, self._answer(question.split()))

    def _answer(self, question: list[str]) -> str:
        if question == ["LIST", "UPS"]:
            return f'BEGIN LIST UPS\nUPS {UPS} "Simulated UPS"\nEND LIST UPS\n'
        if question != ["LIST", "VAR", UPS]:
            return "ERR UNKNOWN-UPS\n" if question[:2] == ["LIST", "VAR"] else "ERR UNKNOWN-COMMAND\n"
        if "data_stale" in self._faults:
            return "ERR DATA-STALE\n"
        if "driver_gone" in self._faults:
            return "ERR DRIVER-NOT-CONNECTED\n"
        if "nonsense" in self._faults:
            return "HTTP/1.1 400 Bad Request\n"
        charge = "lots" if "bad_charge" in self._faults else str(self._charge)
        variables = {
            "battery.charge": charge,
            "battery.runtime": str(self._charge * 18),
            "device.mfr": "Simulated",
            "device.model": 'UPS 12\\" \\\\ 600',
            "device.serial": "SIM0001",
            "ups.status": self._status,
        }
        lines = [f'VAR {UPS} {name} "{value}"' for name, value in variables.items()]
        return "\n".join((f"BEGIN LIST VAR {UPS}", *lines, f"END LIST VAR {UPS}", ""))

    def _send(self, connection: socket.socket, answer: str) -> None:
        if "mute" in self._faults:
            return
        if "endless" in self._faults:
            connection.sendall(b"VAR " * 64 * 1024)
            return
        if "drip" not in self._faults:
            connection.sendall(answer.encode())
            return
        for byte in answer.encode():
            connection.sendall(bytes((byte,)))
            time.sleep(0.05)
