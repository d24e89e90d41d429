"""Runs in the unit: `python3 devices_tunnel.py HOST PORT:HOST_PORT...`, its ports that lead to the host's.

systemd-socket-proxyd would do, but asks again and again while a client reads slowly: a preview took one of the
unit's two processors.
"""

from __future__ import annotations

import contextlib
import socket
import sys
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread

CHUNK_BYTES = 65536


class Way(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int, *, host: str, host_port: int) -> None:
        super().__init__(("127.0.0.1", port), Passage)
        self.there = (host, host_port)


class Passage(BaseRequestHandler):
    server: Way

    def handle(self) -> None:
        here: socket.socket = self.request
        with contextlib.suppress(OSError), socket.create_connection(self.server.there, 10) as there:
            there.settimeout(None)
            back = Thread(target=carry, args=(there, here), daemon=True)
            back.start()
            carry(here, there)
            back.join()


def carry(source: socket.socket, target: socket.socket) -> None:
    """Until one of them is closed, and then both are told."""
    with contextlib.suppress(OSError):
        while data := source.recv(CHUNK_BYTES):
            target.sendall(data)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


if __name__ == "__main__":
    for way in sys.argv[2:]:
        port, _, host_port = way.partition(":")
        Thread(target=Way(int(port), host=sys.argv[1], host_port=int(host_port)).serve_forever).start()
