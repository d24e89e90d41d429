"""A TCP port of the loopback that serves one client at a time, and can be pulled like a plug."""

from __future__ import annotations

import contextlib
import socket
import threading
from abc import abstractmethod
from collections.abc import Callable

from hw.api import DeviceKind
from hw.sim.device import ArmedFaults, Simulator, StandingFaults


class LoopbackPort:
    """converse: serves one client until it leaves, by return or OSError. The number outlives an unplugging."""

    def __init__(self, converse: Callable[[socket.socket], None], *, name: str) -> None:
        self._converse = converse
        self._name = name
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self._client: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self.number = 0

    @property
    def plugged(self) -> bool:
        return self._listener is not None

    def plug(self) -> None:
        if self._listener is not None:
            return
        self._listener = socket.create_server(("127.0.0.1", self.number))
        self.number = self._listener.getsockname()[1]
        self._thread = threading.Thread(
            target=self._serve, args=(self._listener,), name=self._name, daemon=True
        )
        self._thread.start()

    def unplug(self) -> None:
        """The client's connection ends too."""
        with self._lock:
            listener, thread, self._listener, self._thread = self._listener, self._thread, None, None
            if listener is None or thread is None:
                return
            listener.shutdown(socket.SHUT_RDWR)  # wakes accept(), which close() alone does not
            if self._client is not None:
                with contextlib.suppress(OSError):  # the client may have left by itself
                    self._client.shutdown(socket.SHUT_RDWR)
        thread.join()
        listener.close()

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                self._client = client if self._listener is listener else None
            if self._client is not None:
                with contextlib.suppress(OSError):
                    self._converse(client)
            with self._lock:
                client.close()
                self._client = None


class PortSimulator(Simulator):
    """A simulated device, or the daemon before it, on a port of its own."""

    def __init__(self, kind: DeviceKind, faults: ArmedFaults | StandingFaults, *, name: str) -> None:
        super().__init__(kind, faults)
        self._port = LoopbackPort(self._converse, name=name)

    @property
    def plugged(self) -> bool:
        return self._port.plugged

    def plug(self) -> None:
        self._port.plug()

    def unplug(self) -> None:
        self._port.unplug()

    @abstractmethod
    def _converse(self, connection: socket.socket) -> None:
        """Serves one client, as `LoopbackPort` asks for it."""
