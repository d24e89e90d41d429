"""A simulated gpsd with one receiver, on a TCP port of the loopback."""

from __future__ import annotations

import json
import select
import socket
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from hw.api import DeviceKind
from hw.sim.device import StandingFaults
from hw.sim.loopback_port import PortSimulator

_FAULTS = (
    "no_fix",
    "no_receiver",
    "silent",
    "rolled_over",
    "off_the_earth",
    "nonsense",
    "endless",
    "refusing",
)
_PATH = "/dev/ttySIM0"
FIRST_UTC = datetime(2026, 11, 24, 4, tzinfo=UTC)


class SimulatedGpsd(PortSimulator):
    """Faults last until armed with count 0.

    `no_fix`: the receiver sees too few satellites, and tells its own clock's time.
    `no_receiver`: it is unplugged. `silent`: no reports. `rolled_over`: 1024 weeks ago.
    `off_the_earth`: latitude NaN. `nonsense`: no JSON. `endless`: a line without end. `refusing`: ERROR.
    """

    def __init__(self, *, utc: datetime = FIRST_UTC, interval_s: float = 1.0) -> None:
        """utc: what the satellites tell first; their time goes on with or without a listener."""
        self._first_utc = utc
        self._began_s = time.monotonic()
        self._interval_s = interval_s
        self._latitude, self._longitude = -8.05, 111.71  # Trenggalek
        self._faults = StandingFaults(*_FAULTS)
        super().__init__(DeviceKind.POSITION, self._faults, name="sim-gpsd")

    @property
    def url(self) -> str:
        return f"gpsd://127.0.0.1:{self._port.number}"

    def drive_to(self, *, latitude_deg: float, longitude_deg: float) -> None:
        self._latitude, self._longitude = latitude_deg, longitude_deg

    def _converse(self, connection: socket.socket) -> None:
        _send(connection, {"class": "VERSION", "release": "sim", "proto_major": 3, "proto_minor": 14})
        watching, receiver_there = False, True
        while True:
            if select.select([connection], [], [], self._interval_s)[0]:
                asked = connection.recv(4096)
                if not asked:
                    return
                if b'?WATCH={"enable":true,"json":true}' in asked:
                    watching, receiver_there = True, "no_receiver" not in self._faults
                    devices = [{"class": "DEVICE", "path": _PATH, "activated": _iso(self._utc)}]
                    _send(connection, {"class": "DEVICES", "devices": devices if receiver_there else []})
                    _send(connection, {"class": "WATCH", "enable": True, "json": True})
            if watching:
                receiver_there = self._report(connection, receiver_there=receiver_there)

    def _report(self, connection: socket.socket, *, receiver_there: bool) -> bool:
        """Whether the receiver was there this time."""
        if "nonsense" in self._faults:
            connection.sendall(b"SSH-2.0-OpenSSH\r\n")
        elif "endless" in self._faults:
            connection.sendall(b" " * 80 * 1024)
        elif "refusing" in self._faults:
            _send(connection, {"class": "ERROR", "message": "Unrecognized request"})
        elif "no_receiver" in self._faults:
            if receiver_there:
                _send(connection, {"class": "DEVICE", "path": _PATH, "activated": 0})
            return False
        elif "silent" not in self._faults:
            if not receiver_there:
                _send(connection, {"class": "DEVICE", "path": _PATH, "activated": _iso(self._utc)})
            _send(connection, {"class": "SKY", "device": _PATH, "satellites": []})
            _send(connection, self._fix())
        return True

    @property
    def _utc(self) -> datetime:
        return self._first_utc + timedelta(seconds=time.monotonic() - self._began_s)

    def _fix(self) -> dict[str, Any]:
        utc = self._utc - timedelta(weeks=1024) if "rolled_over" in self._faults else self._utc
        told = {"class": "TPV", "device": _PATH, "mode": 1, "time": _iso(utc)}
        if "no_fix" in self._faults:
            return told
        latitude = float("nan") if "off_the_earth" in self._faults else self._latitude
        return told | {"mode": 3, "lat": latitude, "lon": self._longitude, "altMSL": 120.0, "eph": 19.0}


def _iso(utc: datetime) -> str:
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03}Z"


def _send(connection: socket.socket, report: dict[str, Any]) -> None:
    connection.sendall(json.dumps(report).encode() + b"\r\n")
