"""Every driver keeps the same promises, whatever wire it speaks. Each is tried against its simulator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hw.api import Device, DeviceInfo, DeviceKind, DeviceState, Fault, FaultCode
from hw.registry import open_device
from hw.self_tests import advice_of
from hw.sim.camera import SimulatedFaceCamera
from hw.sim.code import SimulatedCodeScanner
from hw.sim.device import SimulatedDevice, UnknownFaultError
from hw.sim.finger.module import SimulatedFingerModule
from hw.sim.panel import SimulatedPanel
from hw.sim.position import SimulatedGpsd
from hw.sim.power import SimulatedUps
from hw.sim.printer import SimulatedPrinter
from hw.sim.sbi.authority import DeviceAuthority
from hw.sim.sbi.service import SbiService
from hw.sim.signature import SimulatedSignaturePad
from hw.sim.touch_pad import SimulatedTouchPad
from tests.hw.holdings import leaving_nothing, open_and_close, python_threads
from tests.hw.support import DrawnSubject, eventually

TOUCH_PAD = "touch pad"


def make(kind: DeviceKind, folder: Path) -> SimulatedDevice:
    subject = DrawnSubject()
    match kind:
        case DeviceKind.FACE_CAMERA:
            return SimulatedFaceCamera(subject)
        case DeviceKind.SLAP_SCANNER | DeviceKind.IRIS_CAMERA:
            return SbiService(subject, authority=DeviceAuthority.open(folder / "authority"), kind=kind)
        case DeviceKind.SIGNATURE_PAD:
            return SimulatedSignaturePad(subject, folder=folder)
        case DeviceKind.CODE_SCANNER:
            return SimulatedCodeScanner(folder=folder)
        case DeviceKind.PRINTER:
            return SimulatedPrinter()
        case DeviceKind.PANEL:
            return SimulatedPanel()
        case DeviceKind.FINGER_MODULE:
            return SimulatedFingerModule(subject, folder=folder)
        case DeviceKind.POWER:
            return SimulatedUps()
        case DeviceKind.POSITION:
            return SimulatedGpsd(interval_s=0.2)
        case DeviceKind.CARD:
            raise ValueError("a card needs a reader: see tests/hw/card")


@pytest.fixture(params=[*(kind for kind in DeviceKind if kind is not DeviceKind.CARD), TOUCH_PAD])
def simulated(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SimulatedDevice]:
    touch_pad = SimulatedTouchPad(DrawnSubject(), folder=tmp_path)
    device = touch_pad if request.param is TOUCH_PAD else make(request.param, tmp_path)
    device.start()
    yield device
    device.stop()


@pytest.fixture
def driver(simulated: SimulatedDevice) -> Iterator[Any]:
    device = open_device(simulated.url)
    yield device
    device.stop()


def ready(driver: Device) -> bool:
    return driver.state() is DeviceState.READY


def test_it_says_what_it_is_before_it_is_started(simulated: SimulatedDevice, driver: Any) -> None:
    assert isinstance(driver, Device)
    assert driver.kind is simulated.kind
    assert driver.url == simulated.url
    assert driver.state() is DeviceState.STOPPED
    fault = driver.info()
    assert isinstance(fault, Fault)
    assert (fault.code, fault.device) == (FaultCode.NOT_CONNECTED, simulated.kind)


def test_it_becomes_ready_and_names_its_device(driver: Any) -> None:
    driver.start()
    eventually(lambda: ready(driver))
    info = driver.info()
    assert isinstance(info, DeviceInfo)
    assert (info.kind, info.url) == (driver.kind, driver.url)


def test_it_may_be_started_and_stopped_any_number_of_times(driver: Any) -> None:
    driver.stop()
    for _ in range(2):
        driver.start()
        driver.start()
        eventually(lambda: ready(driver))
        driver.stop()
        driver.stop()
        assert driver.state() is DeviceState.STOPPED


def test_stopped_it_holds_no_thread_and_no_descriptor(simulated: SimulatedDevice, driver: Any) -> None:
    open_and_close(driver)  # the first time libraries keep what they need for good
    eventually(lambda: not any(name.startswith("process_request") for name in python_threads()))
    with leaving_nothing():
        for _ in range(5):
            open_and_close(driver)


def test_stopping_at_once_after_starting_leaves_nothing_behind(driver: Any) -> None:
    for _ in range(10):
        driver.start()
        driver.stop()
    assert driver.state() is DeviceState.STOPPED
    assert f"hw-{driver.kind}" not in python_threads()


def test_unplugged_it_is_lost_and_plugged_in_again_it_heals(simulated: SimulatedDevice, driver: Any) -> None:
    driver.start()
    eventually(lambda: ready(driver))
    for _ in range(2):
        simulated.unplug()
        eventually(lambda: driver.state() is DeviceState.LOST)
        fault = driver.info()
        assert isinstance(fault, Fault)
        assert fault.code is FaultCode.NOT_CONNECTED
        simulated.plug()
        eventually(lambda: ready(driver))


def test_started_before_its_device_is_there_it_waits_for_it(simulated: SimulatedDevice, driver: Any) -> None:
    simulated.unplug()
    driver.start()
    eventually(lambda: driver.state() is DeviceState.LOST)
    simulated.plug()
    eventually(lambda: ready(driver))


def test_it_can_be_stopped_while_its_device_is_away(simulated: SimulatedDevice, driver: Any) -> None:
    simulated.unplug()
    driver.start()
    eventually(lambda: driver.state() is DeviceState.LOST)
    driver.stop()
    assert driver.state() is DeviceState.STOPPED
    assert f"hw-{driver.kind}" not in python_threads()


def test_the_self_test_passes_and_leaves_it_as_it_was(driver: Any) -> None:
    assert [test for test in driver.self_test() if not test.passed] == []
    assert driver.state() is DeviceState.STOPPED
    driver.start()
    eventually(lambda: ready(driver))
    assert all(test.passed for test in driver.self_test())
    assert ready(driver)


def test_the_self_test_of_a_missing_device_says_what_to_do(simulated: SimulatedDevice, driver: Any) -> None:
    simulated.unplug()
    failed = [test for test in driver.self_test() if not test.passed]
    assert failed
    assert all(test.detail for test in failed)
    assert all(test.detail in advice_of(test) for test in failed)


def test_an_unknown_fault_is_refused_with_those_there_are(simulated: SimulatedDevice) -> None:
    with pytest.raises(UnknownFaultError if simulated.kind not in SBI else ValueError):
        simulated.fail("coffee")


SBI = (DeviceKind.SLAP_SCANNER, DeviceKind.IRIS_CAMERA)
