"""Ends blocking socket calls of another thread."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Cancel:
    """Holds the sockets of one activity. `cancel` wakes whoever reads from them; it is final and idempotent."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._cancelled = False

    def is_cancelled(self) -> bool:
        with self._lock:
            return self._cancelled

    def attach(self, wire: socket.socket) -> bool:
        """False when the activity has already ended: the caller closes the socket at once."""
        with self._lock:
            if not self._cancelled:
                self._sockets.add(wire)
            return not self._cancelled

    def detach(self, wire: socket.socket) -> None:
        """Before closing, so that a number the kernel gives away again is never shut down."""
        with self._lock:
            self._sockets.discard(wire)

    def cancel(self) -> None:
        with self._lock:
            self._cancelled = True
            for wire in self._sockets:
                with suppress(OSError):  # not connected yet, or the peer was first
                    wire.shutdown(socket.SHUT_RDWR)
