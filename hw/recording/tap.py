"""Records a session: stands in the wire between a driver and its device, and passes every byte on."""

from __future__ import annotations

import contextlib
import itertools
import select
import threading
from collections.abc import Callable
from pathlib import Path

from hw.device_url import DeviceUrl
from hw.recording.ends import End, TcpPort, TerminalPort, connect, open_node
from hw.recording.tape import Event, TapeWriter
from hw.recording.wires import Wire, address_of, at_node, at_port, wire_of

POLL_S = 0.1


class Tap:
    """Open `url` with the device's ordinary driver: the device is opened when that opens, and closed with it.

    A speed the driver sets on its line is set on the device's. start and stop may be called in any state, any
    number of times.
    """

    def __init__(self, device: DeviceUrl, tape: TapeWriter, *, folder: Path) -> None:
        """folder: for the link alone. Raises DeviceUrlError for a device without a wire of bytes."""
        self._tape = tape
        self._numbers = itertools.count(1)
        self._port: TerminalPort | TcpPort
        self._reach: Callable[[], End]
        if wire_of(device) is Wire.TERMINAL:
            node = device.device_path()
            self._reach = lambda: open_node(node)
            self._port = TerminalPort(folder / "tapped", self._converse, present=node.exists)
        else:
            address = address_of(device)
            self._reach = lambda: connect(address)
            self._port = TcpPort(self._converse)
        self._device = device

    @property
    def url(self) -> str:
        """Known after `start`."""
        if isinstance(self._port, TerminalPort):
            return at_node(self._device, self._port.link)
        return at_port(self._device, self._port.number)

    def start(self) -> None:
        self._port.start()

    def stop(self) -> None:
        self._port.stop()

    def _converse(self, driver: End, stopping: threading.Event) -> None:
        number = next(self._numbers)
        try:
            device = self._reach()
        except OSError:  # the driver sees its connection end, and tries again
            return
        self._tape.add(Event.OPENED, connection=number)
        try:
            with contextlib.suppress(OSError):  # either side has left
                self._pass_on(driver, device, number, stopping)
        finally:
            device.close()

    def _pass_on(self, driver: End, device: End, number: int, stopping: threading.Event) -> None:
        settings = None
        while not stopping.is_set():
            readable = select.select([driver, device], [], [], POLL_S)[0]
            if (wanted := driver.line_settings()) is not None and wanted != settings:
                settings = wanted
                device.set_line(wanted)
            if driver in readable and (data := driver.receive()) is not None:
                if not data:
                    return
                self._tape.add(Event.TO_DEVICE, connection=number, data=data)
                device.send(data)
            if device in readable and (data := device.receive()) is not None:
                if not data:
                    self._tape.add(Event.CLOSED_BY_DEVICE, connection=number)
                    return
                self._tape.add(Event.FROM_DEVICE, connection=number, data=data)
                driver.send(data)
