"""The service's HTTP: a loopback listener with one thread per connection, and answers as services send them."""

from __future__ import annotations

import json
import select
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

_MAX_REQUEST_BYTES: Final = 1024 * 1024
_REQUEST_TIMEOUT_S: Final = 5.0
_DRIP_INTERVAL_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    body: Any


class Connection:
    """One accepted connection."""

    def __init__(self, accepted: socket.socket) -> None:
        self._socket = accepted

    def read_request(self) -> Request | None:
        """None when what comes is no request."""
        try:
            return self._read_request()
        except ValueError:
            return None

    def _read_request(self) -> Request | None:
        self._socket.settimeout(_REQUEST_TIMEOUT_S)
        received = bytearray()
        while (end := received.find(b"\r\n\r\n")) < 0:
            if not self._receive(received):
                return None
        first, *lines = received[:end].decode("latin-1").split("\r\n")
        length = 0
        for line in lines:
            if line.startswith("Content-Length: "):
                length = int(line.removeprefix("Content-Length: "))
        while len(received) < end + 4 + length:
            if not self._receive(received):
                return None
        words = first.split(" ")
        if len(words) != 3:
            return None
        body = bytes(received[end + 4 : end + 4 + length])
        return Request(words[0], words[1], json.loads(body) if body else None)

    def _receive(self, received: bytearray) -> bool:
        chunk = self._socket.recv(65536)
        received += chunk
        return bool(chunk) and len(received) < _MAX_REQUEST_BYTES

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def drip(self, data: bytes) -> None:
        """Byte by byte, until the peer has had enough."""
        for at in range(len(data)):
            self._socket.sendall(data[at : at + 1])
            time.sleep(_DRIP_INTERVAL_S)

    def peer_is_gone(self) -> bool:
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        try:
            return bool(poll.poll(0)) and self._socket.recv(1, socket.MSG_PEEK) == b""
        except OSError:
            return True

    def end(self) -> None:
        """Wakes whoever waits on the connection."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._socket.close()


def response(value: Any, *, status: str = "200 OK", trailing: bytes = b"\r\n\r\n") -> bytes:
    """A whole HTTP response; services let a blank line follow past Content-Length."""
    body = json.dumps(value).encode()
    head = (
        f"HTTP/1.1 {status}\r\nAccess-Control-Allow-Origin: *\r\nCACHE-CONTROL:no-cache\r\n"
        f"Content-Length: {len(body)}\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
    )
    return head.encode("ascii") + body + trailing


STREAM_HEAD: Final = (
    b"HTTP/1.0 200 OK\r\nConnection: close\r\nMax-Age: 0\r\nExpires: 0\r\n"
    b"Cache-Control: no-cache, private\r\nPragma: no-cache\r\n"
    b"Content-Type: multipart/x-mixed-replace; boundary=--BoundaryString\r\n\r\n"
)


def stream_part(jpeg: bytes) -> bytes:
    head = f"--BoundaryString\r\nContent-Type:image/jpeg\r\nContent-Length:{len(jpeg)}\r\n\r\n"
    return head.encode("ascii") + jpeg + b"\r\n\r\n"


class LoopbackListener:
    """Accepts on 127.0.0.1 until closed; closing ends every connection and every thread."""

    def __init__(self, listener: socket.socket, handle: Callable[[Connection], None]) -> None:
        self._listener = listener
        self._handle = handle
        self._lock = threading.Lock()
        self._live: dict[threading.Thread, Connection] = {}
        self._closing = False
        self._thread = threading.Thread(target=self._accept, name="sim-sbi", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def drop_connections(self) -> None:
        with self._lock:
            for connection in self._live.values():
                connection.end()

    def close(self) -> None:
        with self._lock:
            self._closing = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        self.drop_connections()
        while (thread := self._any_thread()) is not None:
            thread.join()

    def _any_thread(self) -> threading.Thread | None:
        with self._lock:
            return next(iter(self._live), None)

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            connection = Connection(accepted)
            thread = threading.Thread(target=self._serve, args=(connection,), name="sim-sbi-peer", daemon=True)
            with self._lock:
                if self._closing:
                    connection.close()
                    return
                self._live[thread] = connection
            thread.start()

    def _serve(self, connection: Connection) -> None:
        try:
            self._handle(connection)
        except OSError:
            pass  # the peer left
        finally:
            with self._lock:
                del self._live[threading.current_thread()]
                connection.close()


def listen(ports: range, *, preferred: int | None) -> socket.socket:
    """The preferred port, or the first free one of the range. OSError when there is none."""
    candidates = ports if preferred is None else (preferred,)
    for port in candidates:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen(16)
        except OSError:
            listener.close()
            continue
        return listener
    raise OSError(f"no free port among {candidates}")
