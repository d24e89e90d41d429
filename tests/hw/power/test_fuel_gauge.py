"""The fuel gauge: charge and voltage of a cell, and a bus that lies."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hw.api import Device, DeviceInfo, DeviceState, Fault, FaultCode, PowerStatus, SelfTestCode
from hw.device_url import DeviceUrl, DeviceUrlError
from hw.power.max17043 import Max17043Gauge, open_url
from hw.sim.device import UnknownFaultError
from hw.sim.power_gauge import SimulatedGauge
from tests.hw.holdings import leaving_nothing, open_and_close
from tests.hw.support import eventually


@pytest.fixture
def simulated() -> Iterator[SimulatedGauge]:
    device = SimulatedGauge()
    device.start()
    yield device
    device.stop()
    assert device.open_buses == 0, "the driver closed what it opened"


@pytest.fixture
def gauge(simulated: SimulatedGauge) -> Iterator[Max17043Gauge]:
    driver = Max17043Gauge(simulated.open_bus, url=simulated.url, poll_s=0.02)
    yield driver
    driver.stop()


@pytest.fixture
def ready(gauge: Max17043Gauge) -> Max17043Gauge:
    gauge.start()
    eventually(lambda: gauge.state() is DeviceState.READY)
    return gauge


def status(gauge: Max17043Gauge) -> PowerStatus:
    answer = gauge.power()
    assert isinstance(answer, PowerStatus), answer
    return answer


def faults(gauge: Max17043Gauge, code: FaultCode) -> bool:
    answer = gauge.power()
    return isinstance(answer, Fault) and answer.code is code


def test_it_is_a_device_before_it_is_started(gauge: Max17043Gauge, simulated: SimulatedGauge) -> None:
    assert isinstance(gauge, Device)
    assert (gauge.url, gauge.state()) == (simulated.url, DeviceState.STOPPED)
    assert faults(gauge, FaultCode.NOT_CONNECTED)


def test_it_names_the_chip(ready: Max17043Gauge) -> None:
    assert ready.info() == DeviceInfo(ready.kind, ready.url, "Maxim", "MAX17043", firmware="0003")


def test_the_charge_is_read_to_a_256th(ready: Max17043Gauge, simulated: SimulatedGauge) -> None:
    simulated.charge(volts=3.7, percent=51.5)
    eventually(lambda: status(ready).charge_percent == 51.5)
    assert (status(ready).on_mains, status(ready).runtime_s) == (None, None)


def test_a_low_cell_is_critical_and_a_charged_one_is_not(
    ready: Max17043Gauge, simulated: SimulatedGauge
) -> None:
    simulated.charge(volts=3.5, percent=20)
    eventually(lambda: status(ready).critical)
    simulated.charge(volts=3.6, percent=20.5)
    eventually(lambda: not status(ready).critical)


def test_a_full_cell_reads_no_more_than_a_hundred(ready: Max17043Gauge, simulated: SimulatedGauge) -> None:
    simulated.charge(volts=4.2, percent=101.2)
    eventually(lambda: status(ready).charge_percent == 100)


@pytest.mark.parametrize("fault", ["floating", "grounded"])
def test_a_dead_bus_is_no_battery(fault: str, ready: Max17043Gauge, simulated: SimulatedGauge) -> None:
    simulated.fail(fault)
    eventually(lambda: faults(ready, FaultCode.BAD_ANSWER))
    simulated.fail(fault, count=0)
    eventually(lambda: ready.state() is DeviceState.READY)


def test_a_voltage_no_cell_has_is_refused(ready: Max17043Gauge, simulated: SimulatedGauge) -> None:
    simulated.charge(volts=1.9, percent=80)
    eventually(lambda: faults(ready, FaultCode.BAD_ANSWER))


def test_a_chip_that_does_not_acknowledge_is_lost_and_heals(
    ready: Max17043Gauge, simulated: SimulatedGauge
) -> None:
    simulated.fail("no_acknowledge")
    eventually(lambda: faults(ready, FaultCode.NOT_CONNECTED))
    assert ready.state() is DeviceState.LOST
    simulated.fail("no_acknowledge", count=0)
    eventually(lambda: ready.state() is DeviceState.READY)


def test_the_bus_goes_and_returns(ready: Max17043Gauge, simulated: SimulatedGauge) -> None:
    for _ in range(2):
        simulated.unplug()
        eventually(lambda: ready.state() is DeviceState.LOST)
        simulated.plug()
        eventually(lambda: ready.state() is DeviceState.READY)


def test_stopped_it_holds_no_thread_and_no_bus(ready: Max17043Gauge, simulated: SimulatedGauge) -> None:
    ready.stop()
    with leaving_nothing():
        for _ in range(5):
            ready.start()
            open_and_close(ready)
            ready.stop()
            assert simulated.open_buses == 0


def test_the_self_test_leaves_it_as_it_was(gauge: Max17043Gauge) -> None:
    assert all(test.passed for test in gauge.self_test())
    assert gauge.state() is DeviceState.STOPPED


def test_the_self_test_of_a_missing_chip_says_so(gauge: Max17043Gauge, simulated: SimulatedGauge) -> None:
    simulated.unplug()
    (test,) = gauge.self_test()
    assert not test.passed
    assert test.code is SelfTestCode.FUEL_GAUGE_ANSWERS
    assert test.detail


def test_an_unknown_fault_is_refused(simulated: SimulatedGauge) -> None:
    with pytest.raises(UnknownFaultError):
        simulated.fail("coffee")


def test_opened_by_url_it_looks_for_the_bus() -> None:
    driver = open_url(DeviceUrl.parse("max17043:///dev/null?low=15"))
    driver.start()
    eventually(lambda: driver.state() is DeviceState.LOST)
    driver.stop()


@pytest.mark.parametrize("text", ["max17043://host/dev/i2c-1", "max17043:/", "max17043:///dev/i2c-1?low=99"])
def test_a_wrong_url_is_refused(text: str) -> None:
    with pytest.raises(DeviceUrlError):
        open_url(DeviceUrl.parse(text))
