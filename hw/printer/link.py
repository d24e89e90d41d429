"""Lines to a printer: a TCP port, a usblp node, a serial port. All carry bytes both ways, with deadlines."""

from __future__ import annotations

import os
import select
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import serial

CONNECT_TIMEOUT_S = 3.0
SEND_TIMEOUT_S = 10.0
"""A printer with a full buffer takes bytes at the pace it prints; one out of paper takes none."""


class Link(Protocol):
    """All methods raise OSError when the printer is gone or takes nothing for SEND_TIMEOUT_S."""

    def send(self, data: bytes) -> None: ...
    def receive(self, *, timeout_s: float) -> bytes:
        """What has arrived, empty after `timeout_s` without anything."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class TcpAddress:
    host: str
    port: int

    def open(self) -> Link:
        return _TcpLink(socket.create_connection((self.host, self.port), CONNECT_TIMEOUT_S))


@dataclass(frozen=True, slots=True)
class PrinterNode:
    """/dev/usb/lp0: opened for reading too, which is how usblp passes the status on."""

    path: Path

    def open(self) -> Link:
        return _NodeLink(os.open(self.path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC))


@dataclass(frozen=True, slots=True)
class SerialPort:
    path: Path
    baud: int

    def open(self) -> Link:
        return _SerialLink(
            serial.Serial(str(self.path), self.baud, write_timeout=SEND_TIMEOUT_S, dsrdtr=False, exclusive=True)
        )


LinkSpec = TcpAddress | PrinterNode | SerialPort


class _TcpLink:
    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def send(self, data: bytes) -> None:
        self._connection.settimeout(SEND_TIMEOUT_S)
        self._connection.sendall(data)

    def receive(self, *, timeout_s: float) -> bytes:
        self._connection.settimeout(max(timeout_s, 0.001))
        try:
            data = self._connection.recv(256)
        except TimeoutError:
            return b""
        if not data:
            raise ConnectionResetError("the printer closed the connection")
        return data

    def close(self) -> None:
        self._connection.close()


class _NodeLink:
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def send(self, data: bytes) -> None:
        rest = memoryview(data)
        deadline = time.monotonic() + SEND_TIMEOUT_S
        while rest:
            left_s = deadline - time.monotonic()
            if left_s <= 0 or not select.select([], [self._descriptor], [], left_s)[1]:
                raise TimeoutError("the printer takes no more data")
            rest = rest[os.write(self._descriptor, rest) :]

    def receive(self, *, timeout_s: float) -> bytes:
        if not select.select([self._descriptor], [], [], timeout_s)[0]:
            return b""
        return os.read(self._descriptor, 256)

    def close(self) -> None:
        os.close(self._descriptor)


class _SerialLink:
    def __init__(self, port: serial.Serial) -> None:
        self._port = port

    def send(self, data: bytes) -> None:
        self._port.write(data)

    def receive(self, *, timeout_s: float) -> bytes:
        self._port.timeout = timeout_s
        data: bytes = self._port.read(1)
        return data + (self._port.read(self._port.in_waiting) if data else b"")

    def close(self) -> None:
        self._port.close()
