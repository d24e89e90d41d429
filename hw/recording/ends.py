"""Ends of wires: one that drivers open, each opening a conversation; and the device's own.

A pseudo-terminal and a TCP connection are both one descriptor that bytes pass through.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import termios
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

CONNECT_TIMEOUT_S = 3.0
SEND_TIMEOUT_S = 10.0
"""An end that takes nothing for so long is dead."""

STOP_TIMEOUT_S = 15.0
POLL_S = 0.02
_CHUNK_BYTES = 64 * 1024


class End:
    """One opened descriptor. The other side's leaving is an empty read, whatever kind of wire it is."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.left = False
        """Whether the other side was seen to leave. Another may have come since."""
        os.set_blocking(descriptor, False)

    def fileno(self) -> int:
        return self._descriptor

    def receive(self) -> bytes | None:
        """What is there; None when nothing is, empty when the other side has left."""
        try:
            data = os.read(self._descriptor, _CHUNK_BYTES)
        except BlockingIOError:
            return None
        except OSError:  # a terminal says EIO
            data = b""
        self.left |= not data
        return data

    def send(self, data: bytes) -> None:
        """Raises OSError when the other side has left or takes nothing."""
        rest = memoryview(data)
        deadline = time.monotonic() + SEND_TIMEOUT_S
        while rest:
            if not select.select([], [self._descriptor], [], max(0.0, deadline - time.monotonic()))[1]:
                raise TimeoutError("the other end takes no bytes")
            with contextlib.suppress(BlockingIOError):
                rest = rest[os.write(self._descriptor, rest) :]

    def line_settings(self) -> list[Any] | None:
        """termios attributes; None for what is no terminal. Of a pseudo-terminal: what its client has set."""
        with contextlib.suppress(termios.error):
            return termios.tcgetattr(self._descriptor) if os.isatty(self._descriptor) else None
        return None

    def set_line(self, settings: list[Any]) -> None:
        with contextlib.suppress(termios.error):  # gone, or a speed it cannot do: the next read or answer tells
            if os.isatty(self._descriptor):
                termios.tcsetattr(self._descriptor, termios.TCSANOW, settings)

    def close(self) -> None:
        os.close(self._descriptor)


def open_node(path: Path) -> End:
    """A device node, for reading alone where it cannot be written. Raises OSError."""
    flags = os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    try:
        descriptor = os.open(path, os.O_RDWR | flags)
    except PermissionError:
        descriptor = os.open(path, os.O_RDONLY | flags)
    if os.isatty(descriptor):
        try:
            tty.setraw(descriptor, termios.TCSANOW)  # what came since the driver opened is kept
        except termios.error as error:
            os.close(descriptor)
            raise OSError(f"{path}: {error}") from error
    return End(descriptor)


def connect(address: tuple[str, int]) -> End:
    """Raises OSError."""
    return End(socket.create_connection(address, CONNECT_TIMEOUT_S).detach())


Converse = Callable[[End, threading.Event], None]
"""Serves one opening until its client leaves or the event is set; does not close the end."""


class Port(Protocol):
    """What drivers open. start and stop may be called in any state, any number of times."""

    def start(self) -> None: ...
    def stop(self) -> None: ...


class TerminalPort:
    """A pseudo-terminal behind a link; a conversation for each time somebody opens it.

    present: the link is there only while this holds. When a conversation ends before its client leaves, the
    terminal is hung up, as by a pulled plug.
    """

    def __init__(self, link: Path, converse: Converse, *, present: Callable[[], bool] = lambda: True) -> None:
        self.link = link
        self._converse = converse
        self._present = present
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._thread is None:
            self._stopping.clear()
            master = self._plug() if self._present() else None
            self._thread = threading.Thread(
                target=self._run, args=(master,), name="hw-wire-terminal", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        if self._thread is not None:
            self._stopping.set()
            _join(self._thread)
            self._thread = None

    def _run(self, master: End | None) -> None:
        while not self._stopping.is_set():
            if master is None and self._present():
                master = self._plug()
            elif master is not None and not self._present():
                self._unplug(master)
                master = None
            elif master is not None and _is_opened(master):
                master.left = False
                self._converse(master, self._stopping)
                if not master.left and _is_opened(master):
                    self._unplug(master)
                    master = None
            else:
                self._stopping.wait(POLL_S)
        if master is not None:
            self._unplug(master)

    def _plug(self) -> End:
        """The slave is closed again: while nobody has it open, the master says so."""
        master, slave = os.openpty()
        tty.setraw(slave)
        self.link.symlink_to(os.ttyname(slave))
        os.close(slave)
        return End(master)

    def _unplug(self, master: End) -> None:
        self.link.unlink(missing_ok=True)
        master.close()


def _is_opened(master: End) -> bool:
    poll = select.poll()
    poll.register(master, 0)
    return not any(events & select.POLLHUP for _, events in poll.poll(0))


class TcpPort:
    """A port of the loopback; each connection is a conversation in a thread of its own."""

    def __init__(self, converse: Converse) -> None:
        self._converse = converse
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.number = 0

    def start(self) -> None:
        if self._thread is None:
            self._stopping.clear()
            listener = socket.create_server(("127.0.0.1", self.number))
            self.number = listener.getsockname()[1]
            self._thread = threading.Thread(target=self._run, args=(listener,), name="hw-wire-tcp", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        if self._thread is not None:
            self._stopping.set()
            _join(self._thread)
            self._thread = None

    def _run(self, listener: socket.socket) -> None:
        talks: list[threading.Thread] = []
        with listener:
            while not self._stopping.is_set():
                talks = [talk for talk in talks if talk.is_alive()]
                if select.select([listener], [], [], POLL_S)[0]:
                    with contextlib.suppress(OSError):  # the client has left again
                        client = End(listener.accept()[0].detach())
                        talk = threading.Thread(
                            target=self._talk, args=(client,), name="hw-wire-talk", daemon=True
                        )
                        talk.start()
                        talks.append(talk)
        for talk in talks:
            _join(talk)

    def _talk(self, client: End) -> None:
        try:
            self._converse(client, self._stopping)
        finally:
            client.close()


def _join(thread: threading.Thread) -> None:
    thread.join(STOP_TIMEOUT_S)
    if thread.is_alive():
        raise RuntimeError(f"{thread.name} did not end within {STOP_TIMEOUT_S} s")
