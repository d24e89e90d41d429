"""Our wires against programs nobody here wrote, which need Python 3.13."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hw.api import DeviceInfo, DeviceState, Fault, FaultCode, Slip
from hw.code.serial_scanner import SerialCodeScanner
from hw.printer.slip_printer import EscPosSlipPrinter
from hw.registry import open_device
from hw.sim.signature import SimulatedSignaturePad
from tests.hw.support import DrawnSubject, eventually
from tests.peers.environments import PeersAbsentError, install
from tests.ports import unused_port

SLIP = Slip("BUKTI PEREKAMAN", ("Nama: SITI CONTOH",), "KTP-EL:7f3a")

READ_PAD = """
import json, os, select, sys, tty
from epad_signature_pad_hid_driver.protocol import decode_report
pad = os.open(sys.argv[1], os.O_RDONLY | os.O_NOCTTY)
tty.setraw(pad)
print("open", flush=True)
samples = []
while not samples or samples[-1].in_range:
    samples.append(decode_report(os.read(pad, 6)))
print(json.dumps([[s.x, s.y, s.pressure if s.touch else 0] for s in samples if s.in_range]))
"""


@pytest.fixture(scope="module")
def programs() -> Path:
    try:
        return install("python313")
    except PeersAbsentError as absent:
        pytest.skip(f"the peers are absent: {absent}")


@dataclass(frozen=True)
class Emupos:
    tell: Callable[..., None]
    folder: Path
    port: int

    def receipts(self) -> list[str]:
        return [path.read_text() for path in self.folder.glob("receipts/*.txt")]


@pytest.fixture(scope="module")
def emupos(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emupos]:
    folder = tmp_path_factory.mktemp("emupos")
    printer_port, control_port = unused_port(), unused_port()
    (folder / "emupos.yaml").write_text(
        f"""
schema: 1
api: {{host: 127.0.0.1, port: {control_port}}}
devices:
  - {{id: slip, type: printer, profile: epson-tm-t20iii, receipts_dir: ./receipts,
      connections: [{{tcp: {{port: {printer_port}}}}}, {{serial: {{pty: true}}}}]}}
  - {{id: code, type: scanner, mode: serial, connections: [{{serial: {{pty: true}}}}]}}
"""
    )
    command = [programs / "emupos", "run"]
    environment = {**os.environ, "TMPDIR": str(folder)}
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )

    def tell(*words: str) -> None:
        url = f"http://127.0.0.1:{control_port}"
        subprocess.run([programs / "emupos", "--api", url, *words], check=True, capture_output=True)

    eventually(lambda: (folder / "emupos/code").exists() and (folder / "emupos/slip").exists())
    yield Emupos(tell, folder, printer_port)
    process.terminate()
    process.wait()


@pytest.fixture(params=["escpos+tcp://127.0.0.1:{port}", "escpos://{tty}", "serial://{tty}?proto=escpos"])
def printer(request: pytest.FixtureRequest, emupos: Emupos) -> Iterator[EscPosSlipPrinter]:
    driver = open_device(request.param.format(port=emupos.port, tty=emupos.folder / "emupos/slip"))
    assert isinstance(driver, EscPosSlipPrinter)
    driver.start()
    eventually(lambda: driver.state() is DeviceState.READY)
    yield driver
    driver.stop()


def test_emupos_prints_our_slip(printer: EscPosSlipPrinter, emupos: Emupos) -> None:
    before = emupos.receipts()
    assert printer.print_slip(SLIP) is None
    expected = "BUKTI PEREKAMAN\nNama: SITI CONTOH\n[qr KTP-EL:7f3a]\n"
    eventually(lambda: emupos.receipts() == [*before, expected])
    info = printer.info()
    assert isinstance(info, DeviceInfo)
    assert (info.make, info.model) == ("EPSON", "TM-T20III")


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("paper-out", FaultCode.PAPER_OUT),
        ("cover-open", FaultCode.COVER_OPEN),
        ("offline", FaultCode.OFFLINE),
    ],
)
def test_we_understand_its_faults(
    fault: str, expected: FaultCode, printer: EscPosSlipPrinter, emupos: Emupos
) -> None:
    emupos.tell("fault", "set", "slip", fault)
    answer = printer.print_slip(SLIP)
    emupos.tell("fault", "clear", "slip", fault)
    assert isinstance(answer, Fault)
    assert answer.code is expected
    eventually(lambda: printer.state() is DeviceState.READY)


def test_we_read_what_it_scans(emupos: Emupos) -> None:
    scanner = open_device(f"serial://{emupos.folder / 'emupos/code'}?proto=code")
    assert isinstance(scanner, SerialCodeScanner)
    scanner.start()
    eventually(lambda: scanner.state() is DeviceState.READY)
    emupos.tell("scan", "A-014", "--device", "code")
    eventually(lambda: scanner.read() == "A-014")
    scanner.stop()


def test_the_epad_driver_reads_our_simulated_pad(programs: Path, tmp_path: Path) -> None:
    pad = SimulatedSignaturePad(DrawnSubject(), folder=tmp_path)
    pad.start()
    reader = subprocess.Popen(
        [programs / "python", "-c", READ_PAD, str(tmp_path / "signature")], stdout=subprocess.PIPE, text=True
    )
    assert reader.stdout is not None
    assert reader.stdout.readline() == "open\n"
    pad.sign()
    read = json.loads(reader.communicate()[0])
    pad.stop()
    assert read == [[point.x, point.y, point.pressure] for point in DrawnSubject().signature()]
