"""The line between a unit and its store: an HTTP proxy that counts what passes and can be cut."""

from __future__ import annotations

import re
import socket
import socketserver
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Lock, Thread

_CHUNK = 4096
_PATIENCE_S = 120.0
_NEVER = -1


@dataclass
class Ledger:
    """What went through. Names are object paths such as `/ktp-el/packets/<sha256>.ktp`."""

    requests: int = 0
    body_bytes: int = 0
    created: Counter[str] = field(default_factory=Counter)
    created_bytes: int = 0
    refused: Counter[str] = field(default_factory=Counter)


class Proxy(socketserver.ThreadingTCPServer):
    """cut: asked once for each request that has a body, with its size: after how many of its bytes the line
    breaks. The size itself means: all arrive, and the answer is lost. None lets the request pass.
    """

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, server_port: int, *, cut: Callable[[int], int | None] = lambda _size: None) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.server_port = server_port
        self.cut = cut
        self.ledger = Ledger()
        self.lock = Lock()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """A killed program closes in the middle; that is what these tests are for."""


class _Connection(socketserver.StreamRequestHandler):
    server: Proxy

    def handle(self) -> None:
        """One request: the connection to the server is closed after it, and the client told so."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self.rfile.readline()
            if not line:
                return
            head += line
        method, path, _ = head.split(b" ", 2)
        length = re.search(rb"(?im)^content-length: *([0-9]+)", head)
        size = int(length[1]) if length else 0
        cut_at = self.server.cut(size) if size and method == b"PUT" else None
        with self.server.lock:
            self.server.ledger.requests += 1
        try:
            upstream = socket.create_connection(("127.0.0.1", self.server.server_port), _PATIENCE_S)
        except OSError:
            return
        with upstream:
            upstream.sendall(head[:-2] + b"Connection: close\r\n\r\n")
            if not self._pass_body(upstream, size, _NEVER if cut_at is None else cut_at):
                return
            answer = _until_closed(upstream)
        if method == b"PUT" and answer:
            self._count(path.decode("ascii"), answer, size)
        if cut_at is None:
            with suppress(OSError):
                self.wfile.write(answer)

    def _pass_body(self, upstream: socket.socket, size: int, cut_at: int) -> bool:
        """False when the line broke before the body was through."""
        passed = 0
        while passed < size:
            until = cut_at if passed < cut_at < size else size
            data = self.rfile.read1(min(_CHUNK, until - passed))
            if not data or passed == cut_at:
                return False
            upstream.sendall(data)
            passed += len(data)
            with self.server.lock:
                self.server.ledger.body_bytes += len(data)
        return True

    def _count(self, path: str, answer: bytes, size: int) -> None:
        name, status = path.partition("?")[0], int(answer.split(b" ", 2)[1])
        ledger = self.server.ledger
        with self.server.lock:
            if 200 <= status < 300:
                ledger.created[name] += 1
                ledger.created_bytes += size
            else:
                ledger.refused[name] += 1


def _until_closed(connection: socket.socket) -> bytes:
    answer = b""
    with suppress(OSError):
        while data := connection.recv(65536):
            answer += data
    return answer


@contextmanager
def running(proxy: Proxy) -> Iterator[Proxy]:
    thread = Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        thread.join()
        proxy.server_close()
