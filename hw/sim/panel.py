"""A simulated panel: switches to set and lamps to see, for mock pins in the kiosk's process."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import threading
from collections.abc import Mapping
from dataclasses import asdict, replace

from hw.api import DeviceKind, PanelInputs
from hw.sim.device import ArmedFaults, Simulator
from hw.sim.panel_wiring import OUTPUTS


class SimulatedPanel(Simulator):
    """Unplugged, it is lost like a GPIO adapter on USB. It has no other faults."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inputs = PanelInputs()
        self._lamps = dict.fromkeys(OUTPUTS, 0.0)
        self._faults = ArmedFaults()
        super().__init__(DeviceKind.PANEL, self._faults)
        self._port = 0
        self._listener: socket.socket | None = None
        self._connections: list[socket.socket] = []
        self._leaving = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"gpio:?factory=mock&port={self._port}"

    @property
    def plugged(self) -> bool:
        return self._listener is not None

    @property
    def lamps(self) -> Mapping[str, float]:
        with self._lock:
            return dict(self._lamps)

    @property
    def inputs(self) -> PanelInputs:
        return self._inputs

    def plug(self) -> None:
        if self._listener is not None:
            return
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._port = self._listener.getsockname()[1]
        self._leaving.clear()
        self._thread = threading.Thread(
            target=self._serve, args=(self._listener,), name="sim-panel", daemon=True
        )
        self._thread.start()

    def unplug(self) -> None:
        listener, self._listener = self._listener, None
        if listener is None or self._thread is None:
            return
        self._leaving.set()
        self._thread.join()
        listener.close()

    def set_inputs(self, **switches: bool) -> None:
        """Names as in `hw.api.PanelInputs`. Raises TypeError for another."""
        with self._lock:
            self._inputs = replace(self._inputs, **switches)
            for connection in self._connections:
                self._tell(connection)

    def _tell(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection.sendall(json.dumps(asdict(self._inputs)).encode() + b"\n")

    def _serve(self, listener: socket.socket) -> None:
        unread: dict[socket.socket, bytes] = {}
        while not self._leaving.is_set():
            readable, _, _ = select.select([listener, *unread], [], [], 0.05)
            for source in readable:
                if source is listener:
                    unread[self._welcome(listener)] = b""
                    continue
                lines = self._receive(source)
                if lines is None:
                    del unread[source]
                    self._dismiss(source)
                else:
                    unread[source] = self._take(unread[source] + lines)
        for connection in unread:
            self._dismiss(connection)

    def _welcome(self, listener: socket.socket) -> socket.socket:
        connection, _ = listener.accept()
        with self._lock:
            self._connections.append(connection)
            self._tell(connection)
        return connection

    def _dismiss(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.remove(connection)
        connection.close()

    def _receive(self, connection: socket.socket) -> bytes | None:
        try:
            return connection.recv(65536) or None
        except OSError:
            return None

    def _take(self, data: bytes) -> bytes:
        """Notes the lamps in all whole lines; what is left."""
        *lines, rest = data.split(b"\n")
        with self._lock:
            for line in lines:
                self._lamps.update(json.loads(line))
        return rest
