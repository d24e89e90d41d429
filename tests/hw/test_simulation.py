"""The simulated kiosk as a process: started, told what happens, and gone without a trace."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from hw.api import (
    CaptureSet,
    Card,
    CardAbsent,
    CardSignature,
    DeviceKind,
    DeviceState,
    Fault,
    Finger,
    Frame,
    PanelInputs,
    PanelState,
    PinRefused,
    Slip,
)
from hw.registry import open_device, open_devices
from hw.sim.control_client import Simulation, SimulationClient, SimulationError, spawn_simulation
from hw.sim.token import PIN, SimulatedToken
from tests.hw.support import eventually


@pytest.fixture(scope="module")
def simulation() -> Iterator[Simulation]:
    with spawn_simulation(seed=3, log=subprocess.DEVNULL) as running:
        yield running


@pytest.fixture
def client(simulation: Simulation) -> SimulationClient:
    return simulation.client


@pytest.fixture
def device(simulation: Simulation, request: pytest.FixtureRequest) -> Iterator[Any]:
    driver = open_device(simulation.urls[request.param])
    driver.start()
    eventually(lambda: driver.state() is DeviceState.READY)
    yield driver
    driver.stop()


def with_device(kind: DeviceKind) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("device", [kind], indirect=True, ids=[kind.value])


def test_it_has_a_url_for_every_kind_of_device(simulation: Simulation) -> None:
    there = [kind for kind in DeviceKind if kind is not DeviceKind.CARD or SimulatedToken.installed()]
    assert [device.kind for device in open_devices(simulation.urls).all()] == there


def test_people_are_made_when_they_are_called(client: SimulationClient) -> None:
    name = client.person(0)
    assert name
    assert client.people()[0] == name
    assert client.state()["person"] == 0


@with_device(DeviceKind.FACE_CAMERA)
def test_who_comes_is_seen_and_who_leaves_is_not(client: SimulationClient, device: Any) -> None:
    def spread() -> float:
        """How uneven the middle of the picture is: a cloth is even, a face is not."""
        frame = device.latest()
        return (
            float(frame.pixels[180:540, 480:800].std(axis=(0, 1)).max()) if isinstance(frame, Frame) else -1.0
        )

    client.leave()
    eventually(lambda: 0 <= spread() < 15, what="an empty chair")
    client.person(0)
    eventually(lambda: spread() > 30, what="a face")


@with_device(DeviceKind.SLAP_SCANNER)
def test_a_hand_lies_on_the_scanner(client: SimulationClient, device: Any) -> None:
    client.person(0)
    device.start_preview(CaptureSet.RIGHT_SLAP)

    def inked() -> bool:
        frame = device.latest()
        return isinstance(frame, Frame) and float(np.mean(frame.pixels < 128)) > 0.02

    eventually(inked)


@with_device(DeviceKind.SIGNATURE_PAD)
def test_the_person_signs(client: SimulationClient, device: Any) -> None:
    client.person(0)
    client.sign(speed=20)
    eventually(lambda: not client.state()["signing"] and len(device.points()) > 20)


def test_nobody_cannot_sign(client: SimulationClient) -> None:
    client.leave()
    with pytest.raises(SimulationError, match="nobody is there"):
        client.sign()


@with_device(DeviceKind.CODE_SCANNER)
def test_a_code_is_scanned(client: SimulationClient, device: Any) -> None:
    client.scan("A-014")
    eventually(lambda: device.read() == "A-014")


@with_device(DeviceKind.PRINTER)
def test_a_slip_can_be_looked_at(client: SimulationClient, device: Any) -> None:
    before = client.slips()
    assert device.print_slip(Slip("BUKTI", ("b",), "KTP-EL:7f3a")) is None
    assert client.slips() == before + 1
    assert client.slip(before)["qr"] == "KTP-EL:7f3a"
    picture = cv2.imdecode(np.frombuffer(client.slip_png(before), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert cv2.QRCodeDetector().detectAndDecode(picture)[0] == "KTP-EL:7f3a"


@with_device(DeviceKind.PRINTER)
def test_a_fault_lasts_until_it_is_ended(client: SimulationClient, device: Any) -> None:
    client.fault(DeviceKind.PRINTER, "paper_out")
    eventually(lambda: device.state() is DeviceState.FAULT)
    client.fault(DeviceKind.PRINTER, "paper_out", count=0)
    eventually(lambda: device.state() is DeviceState.READY)


@with_device(DeviceKind.PANEL)
def test_lamps_are_seen_and_switches_thrown(client: SimulationClient, device: Any) -> None:
    client.person(0)
    eventually(lambda: device.inputs() == PanelInputs(presence=True))
    client.switch(officer_key=True)
    eventually(lambda: device.inputs().officer_key)
    client.switch(officer_key=False)
    client.leave()
    eventually(lambda: device.inputs() == PanelInputs())
    device.show(PanelState.IDLE)
    eventually(lambda: client.state()["lamps"]["green"] == 1)


@pytest.mark.skipif(not SimulatedToken.installed(), reason="SoftHSM is absent: apt-get install softhsm2")
@pytest.mark.parametrize("device", [DeviceKind.CARD], indirect=True)
def test_the_officers_card_is_put_into_the_reader_and_pulled(client: SimulationClient, device: Any) -> None:
    for _ in range(2):
        assert device.card() == CardAbsent()
        client.replug(DeviceKind.CARD)
        eventually(lambda: isinstance(device.card(), Card))
        assert device.card().certificate == client.card_certificate()
        assert isinstance(device.sign(challenge=b"setuju", pin=PIN), CardSignature)
        assert isinstance(device.sign(challenge=b"setuju", pin="000000"), PinRefused)
        client.unplug(DeviceKind.CARD)
        eventually(lambda: device.card() == CardAbsent())
    assert device.state() is DeviceState.READY


@with_device(DeviceKind.POWER)
def test_the_mains_fail_and_return(client: SimulationClient, device: Any) -> None:
    client.supply("OB DISCHRG LB", charge_percent=9)
    eventually(lambda: device.power().critical)
    client.supply("OL CHRG", charge_percent=10)
    eventually(lambda: device.power().on_mains and not device.power().critical)


@with_device(DeviceKind.POSITION)
def test_the_van_drives_and_the_satellites_tell_the_time(client: SimulationClient, device: Any) -> None:
    client.drive(latitude_deg=-8.2, longitude_deg=111.6)
    eventually(lambda: device.position() is not None and device.position().latitude_deg == -8.2)
    assert abs(device.satellite_time().utc - datetime.now(UTC)) < timedelta(minutes=1)


@with_device(DeviceKind.FINGER_MODULE)
def test_a_finger_is_laid_on_the_single_finger_module(client: SimulationClient, device: Any) -> None:
    client.person(0)
    assert device.scan() is None
    client.finger(Finger.RIGHT_INDEX)
    frame = device.scan()
    assert isinstance(frame, Frame)
    assert frame.pixels.shape == (288, 256)
    client.finger(None)
    assert device.scan() is None


@pytest.mark.parametrize("kind", [kind for kind in DeviceKind if kind is not DeviceKind.CARD])
def test_a_plug_is_pulled_and_put_back(
    kind: DeviceKind, simulation: Simulation, client: SimulationClient
) -> None:
    driver = open_device(simulation.urls[kind])
    driver.start()
    eventually(lambda: driver.state() is DeviceState.READY)
    client.unplug(kind)
    assert client.state()["devices"][kind]["plugged"] is False
    eventually(lambda: driver.state() is DeviceState.LOST)
    assert isinstance(driver.info(), Fault)
    client.replug(kind)
    assert client.state()["devices"][kind]["plugged"] is True
    eventually(lambda: driver.state() is DeviceState.READY)
    driver.stop()


@pytest.mark.parametrize(
    ("ask", "answer"),
    [
        (lambda client: client.person(99), "people 0 to 7"),
        (lambda client: client.person(-1), "a number from 0"),
        (lambda client: client.scan(""), "printable ASCII"),
        (lambda client: client.sign(speed=0), "speed"),
        (lambda client: client.fault(DeviceKind.PRINTER, "coffee"), "paper_out"),
        (lambda client: client.fault(DeviceKind.PANEL, "coffee"), "none"),
        (lambda client: client.switch(coffee=True), "coffee"),
        (lambda client: client.drive(latitude_deg=91, longitude_deg=0), "-90 to 90"),
        (lambda client: client.supply("OL", charge_percent=-1), "a number from 0"),
        (lambda client: client.slip(999), "slips have been printed"),
        (lambda client: client.slip_png(999), "slips have been printed"),
    ],
)
def test_what_cannot_be_done_is_refused_with_its_reason(
    ask: Any, answer: str, client: SimulationClient
) -> None:
    with pytest.raises(SimulationError, match=answer):
        ask(client)


def test_people_come_from_a_folder_that_holds_nobody_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(SimulationError, match="before it was up"):
        spawn_simulation(people=tmp_path, log=subprocess.DEVNULL)


def links(simulation: Simulation) -> Path:
    return Path(simulation.urls[DeviceKind.SIGNATURE_PAD].removeprefix("epad://")).parent


def test_closed_it_leaves_no_process_and_no_file() -> None:
    simulation = spawn_simulation(log=subprocess.DEVNULL)
    folder = links(simulation)
    assert folder.stat().st_mode & 0o777 == 0o700
    simulation.close()
    simulation.close()
    assert not folder.exists()
    assert not Path(f"/proc/{simulation.pid}").exists()


def test_terminated_it_leaves_no_file() -> None:
    simulation = spawn_simulation(log=subprocess.DEVNULL)
    os.kill(simulation.pid, signal.SIGTERM)
    eventually(lambda: not links(simulation).exists())
    simulation.close()


def test_it_does_not_outlive_the_one_who_started_it() -> None:
    program = (
        "from hw.sim.control_client import spawn_simulation; import os, subprocess\n"
        "print(spawn_simulation(log=subprocess.DEVNULL).pid, flush=True); os._exit(1)"
    )
    ran = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=False)
    eventually(lambda: ended(int(ran.stdout)))


def ended(pid: int) -> bool:
    """Gone, or a zombie that nobody of ours is there to reap."""
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"
