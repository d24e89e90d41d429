"""The printer's other lines: a usblp node and a serial port, played by a terminal wired to the printer."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from hw.api import DeviceState, Fault, FaultCode, Slip
from hw.printer.slip_printer import EscPosSlipPrinter
from hw.registry import open_device
from hw.sim.printer import SimulatedPrinter
from tests.hw.support import eventually


@pytest.fixture
def simulated() -> Iterator[SimulatedPrinter]:
    device = SimulatedPrinter()
    device.start()
    yield device
    device.stop()


@pytest.fixture
def node(simulated: SimulatedPrinter) -> Iterator[Path]:
    """A character device whose other end is the printer."""
    master, slave = os.openpty()
    tty.setraw(slave)
    leaving = threading.Event()
    with socket.create_connection(("127.0.0.1", int(simulated.url.rpartition(":")[2]))) as printer:
        carrier = threading.Thread(target=carry, args=(master, printer, leaving))
        carrier.start()
        yield Path(os.ttyname(slave))
        leaving.set()
        carrier.join()
    with contextlib.suppress(OSError):
        os.close(slave)
        os.close(master)


def carry(master: int, printer: socket.socket, leaving: threading.Event) -> None:
    while not leaving.is_set():
        readable, _, _ = select.select([master, printer], [], [], 0.05)
        if master in readable:
            printer.sendall(os.read(master, 4096))
        if printer in readable:
            os.write(master, printer.recv(4096))


@pytest.mark.parametrize("form", ["escpos://{}", "serial://{}?proto=escpos&baud=115200"])
def test_a_slip_is_printed_over_it(form: str, node: Path, simulated: SimulatedPrinter) -> None:
    printer = open_device(form.format(node))
    assert isinstance(printer, EscPosSlipPrinter)
    printer.start()
    eventually(lambda: printer.state() is DeviceState.READY)
    assert printer.print_slip(Slip("BUKTI", ("b",), "q")) is None
    assert simulated.slips[0].text()[0] == "BUKTI"
    simulated.fail("paper_out")
    fault = printer.print_slip(Slip("BUKTI", ()))
    assert isinstance(fault, Fault)
    assert fault.code is FaultCode.PAPER_OUT
    printer.stop()


@pytest.mark.parametrize("form", ["escpos://{}", "serial://{}?proto=escpos"])
def test_a_missing_node_is_a_lost_printer(form: str, tmp_path: Path) -> None:
    printer = open_device(form.format(tmp_path / "lp0"))
    printer.start()
    eventually(lambda: printer.state() is DeviceState.LOST)
    printer.stop()


def test_a_node_that_never_answers_is_offline(tmp_path: Path) -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    printer = open_device(f"escpos://{os.ttyname(slave)}")
    printer.start()
    eventually(lambda: printer.state() is DeviceState.FAULT)
    fault = printer.info()
    assert isinstance(fault, Fault)
    assert fault.code is FaultCode.OFFLINE
    printer.stop()
    os.close(master)
    os.close(slave)
