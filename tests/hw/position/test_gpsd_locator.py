"""A receiver behind gpsd: its fixes, its unhappy paths, and what the driver holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from hw.api import Device, DeviceInfo, DeviceState, Fault, FaultCode, Position, SatelliteTime, SelfTestCode
from hw.device_url import DeviceUrl, DeviceUrlError
from hw.position.gpsd_locator import Freshness, GpsdLocator, open_url
from hw.sim.device import UnknownFaultError
from hw.sim.position import SimulatedGpsd
from tests.hw.holdings import leaving_nothing, open_and_close
from tests.hw.support import eventually

HASTY = Freshness(stalled_after_s=0.5, fix_lifetime_s=0.4)


@pytest.fixture
def simulated() -> Iterator[SimulatedGpsd]:
    device = SimulatedGpsd(interval_s=0.03)
    device.start()
    yield device
    device.stop()


@pytest.fixture
def locator(simulated: SimulatedGpsd) -> Iterator[GpsdLocator]:
    url = DeviceUrl.parse(simulated.url)
    driver = GpsdLocator(url.address(), url=url.text, freshness=HASTY)
    yield driver
    driver.stop()


@pytest.fixture
def ready(locator: GpsdLocator) -> GpsdLocator:
    locator.start()
    eventually(lambda: isinstance(locator.position(), Position))
    return locator


def faults(locator: GpsdLocator, code: FaultCode) -> bool:
    place, told = locator.position(), locator.satellite_time()
    return isinstance(place, Fault) and place.code is code and isinstance(told, Fault)


def test_it_is_a_device_before_it_is_started(locator: GpsdLocator, simulated: SimulatedGpsd) -> None:
    assert isinstance(locator, Device)
    assert (locator.url, locator.state()) == (simulated.url, DeviceState.STOPPED)
    assert faults(locator, FaultCode.NOT_CONNECTED)


def test_it_follows_the_van(ready: GpsdLocator, simulated: SimulatedGpsd) -> None:
    assert isinstance(ready.info(), DeviceInfo)
    simulated.drive_to(latitude_deg=-8.11, longitude_deg=111.62)

    def arrived() -> bool:
        place = ready.position()
        return isinstance(place, Position) and (place.latitude_deg, place.longitude_deg) == (-8.11, 111.62)

    eventually(arrived)


def test_it_tells_satellite_time(ready: GpsdLocator) -> None:
    told = ready.satellite_time()
    assert isinstance(told, SatelliteTime)
    assert told.utc >= datetime(2026, 11, 24, 4, tzinfo=UTC)


def test_indoors_the_place_is_unknown_and_the_receivers_own_clock_not_believed(
    ready: GpsdLocator, simulated: SimulatedGpsd
) -> None:
    simulated.fail("no_fix")
    eventually(lambda: ready.position() is None)
    assert ready.satellite_time() is None
    assert ready.state() is DeviceState.READY
    simulated.fail("no_fix", count=0)
    eventually(lambda: isinstance(ready.position(), Position))


def test_a_receiver_1024_weeks_behind_gives_a_place_and_no_time(
    ready: GpsdLocator, simulated: SimulatedGpsd
) -> None:
    simulated.fail("rolled_over")
    eventually(lambda: ready.satellite_time() is None)
    assert isinstance(ready.position(), Position)


def test_an_old_fix_is_none_and_silence_a_fault(ready: GpsdLocator, simulated: SimulatedGpsd) -> None:
    simulated.fail("silent")
    eventually(lambda: ready.position() is None, what="the fix has aged")
    eventually(lambda: faults(ready, FaultCode.STALLED))
    assert ready.state() is DeviceState.FAULT
    simulated.fail("silent", count=0)
    eventually(lambda: isinstance(ready.position(), Position))


def test_the_receiver_is_unplugged_and_plugged_in_again(ready: GpsdLocator, simulated: SimulatedGpsd) -> None:
    simulated.fail("no_receiver")
    eventually(lambda: faults(ready, FaultCode.NOT_CONNECTED))
    simulated.fail("no_receiver", count=0)
    eventually(lambda: isinstance(ready.position(), Position))


def test_started_without_a_receiver_it_waits_for_it(locator: GpsdLocator, simulated: SimulatedGpsd) -> None:
    simulated.fail("no_receiver")
    locator.start()
    eventually(lambda: locator.state() is DeviceState.FAULT)
    assert faults(locator, FaultCode.NOT_CONNECTED)
    simulated.fail("no_receiver", count=0)
    eventually(lambda: isinstance(locator.position(), Position))


@pytest.mark.parametrize("fault", ["nonsense", "endless", "off_the_earth"])
def test_what_is_not_gpsds_is_a_bad_answer(fault: str, ready: GpsdLocator, simulated: SimulatedGpsd) -> None:
    simulated.fail(fault)
    eventually(lambda: faults(ready, FaultCode.BAD_ANSWER))
    simulated.fail(fault, count=0)
    eventually(lambda: isinstance(ready.position(), Position))


def test_a_refusal_is_a_fault(ready: GpsdLocator, simulated: SimulatedGpsd) -> None:
    simulated.fail("refusing")
    eventually(lambda: faults(ready, FaultCode.DEVICE_ERROR))


def test_gpsd_ends_and_starts_again(ready: GpsdLocator, simulated: SimulatedGpsd) -> None:
    for _ in range(2):
        simulated.unplug()
        eventually(lambda: ready.state() is DeviceState.LOST)
        assert faults(ready, FaultCode.NOT_CONNECTED)
        simulated.plug()
        eventually(lambda: isinstance(ready.position(), Position))


def test_stopped_and_started_again_it_tells_nothing_old(ready: GpsdLocator, simulated: SimulatedGpsd) -> None:
    ready.stop()
    ready.stop()
    simulated.fail("silent")
    ready.start()
    ready.start()
    assert ready.position() is None


def test_stopped_it_holds_no_thread_and_no_descriptor(ready: GpsdLocator) -> None:
    ready.stop()
    with leaving_nothing():
        for _ in range(5):
            open_and_close(ready)


def test_reconnecting_again_and_again_holds_no_descriptor(ready: GpsdLocator, simulated: SimulatedGpsd) -> None:
    with leaving_nothing():
        for _ in range(4):
            simulated.fail("nonsense")
            eventually(lambda: ready.state() is DeviceState.FAULT)
            simulated.fail("nonsense", count=0)
            eventually(lambda: ready.state() is DeviceState.READY)


def test_the_self_test_leaves_it_as_it_was(locator: GpsdLocator) -> None:
    assert all(test.passed for test in locator.self_test())
    assert locator.state() is DeviceState.STOPPED


def test_the_self_test_without_gpsd_says_so(locator: GpsdLocator, simulated: SimulatedGpsd) -> None:
    simulated.unplug()
    (test,) = locator.self_test()
    assert not test.passed
    assert test.code is SelfTestCode.RECEIVER_ANSWERS
    assert test.detail


def test_an_unknown_fault_is_refused(simulated: SimulatedGpsd) -> None:
    with pytest.raises(UnknownFaultError):
        simulated.fail("coffee")


def test_the_port_is_gpsds_own_unless_told() -> None:
    assert open_url(DeviceUrl.parse("gpsd://127.0.0.1")).url == "gpsd://127.0.0.1"


@pytest.mark.parametrize("text", ["gpsd:///dev/ttyACM0", "gpsd://127.0.0.1/dev/ttyACM0"])
def test_a_url_that_names_a_node_is_refused(text: str) -> None:
    with pytest.raises(DeviceUrlError):
        open_url(DeviceUrl.parse(text))
