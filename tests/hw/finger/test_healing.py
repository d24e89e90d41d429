"""Noise, loose wires and pulled plugs: what is asked for is done, or a fault says why, and it heals."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from hw.api import Device, DeviceInfo, DeviceState, Fault, FaultCode, Finger, Frame, SelfTestCode
from hw.device_url import DeviceUrlError
from hw.finger.api import Buffer
from hw.finger.r30x import R30xFingerModule
from hw.registry import open_device
from hw.sim.device import UnknownFaultError
from hw.sim.finger import SimulatedFingerModule
from tests.hw.finger.support import WavyFingers, opened
from tests.hw.holdings import leaving_nothing, python_threads
from tests.hw.support import eventually

UPLOADS = 50


def test_fifty_pictures_survive_a_line_that_damages_one_byte_in_two_thousand(
    simulated: SimulatedFingerModule, module: R30xFingerModule
) -> None:
    simulated.place(Finger.RIGHT_INDEX)
    assert module.capture_image() is None
    clean = module.read_image()
    assert isinstance(clean, Frame)
    simulated.corrupt(one_byte_in=2000, seed=11)
    frames = [module.read_image() for _ in range(UPLOADS)]
    assert all(isinstance(frame, Frame) and np.array_equal(frame.pixels, clean.pixels) for frame in frames)


def test_commands_survive_a_line_that_damages_one_byte_in_a_hundred(
    simulated: SimulatedFingerModule, module: R30xFingerModule
) -> None:
    simulated.place(Finger.RIGHT_INDEX)
    simulated.corrupt(one_byte_in=100, seed=3)
    for page in range(4):
        assert module.capture_image() is None
        assert module.extract_features(buffer=Buffer.ONE) is None
        assert module.store(buffer=Buffer.ONE, page=page) is None
    assert module.occupied_pages() == tuple(range(4))


@pytest.mark.parametrize("fault", ["mute", "packet_error", "forget"])
def test_a_command_that_went_wrong_once_is_sent_again(
    simulated: SimulatedFingerModule, module: R30xFingerModule, fault: str
) -> None:
    simulated.place(Finger.RIGHT_INDEX)
    simulated.fail(fault)
    assert module.capture_image() is None


def test_a_lost_answer_to_a_new_address_does_not_lose_the_module(
    simulated: SimulatedFingerModule, module: R30xFingerModule
) -> None:
    simulated.corrupt(one_byte_in=40, seed=1)
    assert module.set_address(address=0x01020304) is None
    simulated.corrupt(one_byte_in=None)
    assert module.verify_password() is None
    assert simulated.settings.address == 0x01020304


def test_a_password_is_verified_again_after_power_was_lost(tmp_path: Path) -> None:
    simulated = SimulatedFingerModule(WavyFingers(), folder=tmp_path, password=0x0BADCAFE)
    simulated.start()
    module = opened(simulated.url)
    for _ in range(3):
        simulated.power_cycle()
        assert module.template_count() == 0
    simulated.unplug()
    eventually(lambda: module.state() is DeviceState.LOST)
    simulated.plug()
    eventually(lambda: module.state() is DeviceState.READY)
    assert module.template_count() == 0
    module.stop()
    simulated.stop()


def test_a_wrong_password_is_a_fault_and_no_secret_is_shown(simulated: SimulatedFingerModule) -> None:
    simulated.settings.password = 0x11111111
    driver = open_device(f"{simulated.url}&password=22222222")
    driver.start()
    eventually(lambda: driver.state() is DeviceState.FAULT)
    fault = driver.info()
    assert isinstance(fault, Fault)
    assert fault.code is FaultCode.UNTRUSTED_DEVICE
    assert "22222222" not in driver.url + fault.detail
    driver.stop()


def test_a_silent_module_is_offline_and_comes_back(
    simulated: SimulatedFingerModule, module: R30xFingerModule
) -> None:
    simulated.fail("mute", count=1000)
    fault = module.template_count()
    assert isinstance(fault, Fault)
    assert fault.code is FaultCode.TIMED_OUT
    eventually(lambda: module.state() is DeviceState.FAULT)
    simulated.fail("mute", count=0)
    eventually(lambda: module.state() is DeviceState.READY)
    assert module.template_count() == 0


def test_a_plug_pulled_in_mid_picture_is_a_fault_and_heals(
    simulated: SimulatedFingerModule, module: R30xFingerModule
) -> None:
    simulated.place(Finger.RIGHT_INDEX)
    assert module.capture_image() is None
    simulated.drip(bytes_per_s=5760)
    threading.Timer(0.5, simulated.unplug).start()
    fault = module.read_image()
    assert isinstance(fault, Fault)
    assert fault.code is FaultCode.NOT_CONNECTED
    simulated.drip(bytes_per_s=None)
    eventually(lambda: module.state() is DeviceState.LOST)
    simulated.plug()
    eventually(lambda: module.state() is DeviceState.READY)
    assert module.capture_image() is None
    assert isinstance(module.read_image(), Frame)


def test_stopped_in_mid_picture_it_stops(simulated: SimulatedFingerModule, module: R30xFingerModule) -> None:
    simulated.place(Finger.RIGHT_INDEX)
    assert module.capture_image() is None
    simulated.drip(bytes_per_s=5760)
    threading.Timer(0.5, module.stop).start()
    fault = module.read_image()
    assert isinstance(fault, Fault)
    assert fault.code is FaultCode.NOT_CONNECTED
    eventually(lambda: module.state() is DeviceState.STOPPED)


def test_a_picture_that_drips_is_waited_for(simulated: SimulatedFingerModule, module: R30xFingerModule) -> None:
    simulated.place(Finger.RIGHT_INDEX)
    assert module.capture_image() is None
    simulated.drip(bytes_per_s=40_000)
    assert isinstance(module.read_image(), Frame)


def test_a_third_caller_is_told_it_is_busy(simulated: SimulatedFingerModule, module: R30xFingerModule) -> None:
    simulated.place(Finger.RIGHT_INDEX)
    assert module.capture_image() is None
    simulated.drip(bytes_per_s=40_000)
    outcomes: list[object] = []
    callers = [threading.Thread(target=lambda: outcomes.append(module.read_image())) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    busy = [outcome for outcome in outcomes if isinstance(outcome, Fault)]
    assert {fault.code for fault in busy} == {FaultCode.BUSY}
    assert 1 <= len(busy) <= 3


def test_it_is_a_device_and_says_what_it_is(simulated: SimulatedFingerModule, module: R30xFingerModule) -> None:
    assert isinstance(module, Device)
    info = module.info()
    assert isinstance(info, DeviceInfo)
    assert (info.kind, info.url) == (simulated.kind, simulated.url)
    assert all(test.passed for test in module.self_test())


def test_the_self_test_of_a_missing_module_says_so(simulated: SimulatedFingerModule) -> None:
    simulated.unplug()
    (test,) = open_device(simulated.url).self_test()
    assert not test.passed
    assert test.code is SelfTestCode.FINGER_MODULE_ANSWERS
    assert test.detail


def test_started_before_its_module_is_there_it_waits_for_it(simulated: SimulatedFingerModule) -> None:
    simulated.unplug()
    driver = open_device(simulated.url)
    driver.start()
    eventually(lambda: driver.state() is DeviceState.LOST)
    simulated.plug()
    eventually(lambda: driver.state() is DeviceState.READY)
    driver.stop()
    driver.stop()


def test_two_hundred_openings_leave_nothing_behind(simulated: SimulatedFingerModule) -> None:
    opened(simulated.url).stop()  # the first time libraries keep what they need for good
    with leaving_nothing():
        for _ in range(200):
            opened(simulated.url).stop()
    assert not any(name.startswith("hw-") for name in python_threads())


@pytest.mark.parametrize("query", ["password=secret", "password=123", "address=zzzzzzzz", "baud=1200", "x=1"])
def test_a_wrong_parameter_is_refused(query: str) -> None:
    with pytest.raises(DeviceUrlError) as refusal:
        open_device(f"serial:///dev/ttyUSB0?proto=r30x&{query}")
    assert refusal.value.allowed


def test_an_unknown_fault_is_refused(simulated: SimulatedFingerModule) -> None:
    with pytest.raises(UnknownFaultError):
        simulated.fail("coffee")
