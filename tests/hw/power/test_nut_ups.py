"""A UPS behind upsd: its statuses, its unhappy paths, and what the driver holds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hw.api import Device, DeviceInfo, DeviceState, Fault, FaultCode, PowerStatus, SelfTestCode
from hw.device_url import DeviceUrl, DeviceUrlError
from hw.power.nut_conversation import NutConversation
from hw.power.nut_ups import NutUps, open_url
from hw.sim.device import UnknownFaultError
from hw.sim.power import UPS, SimulatedUps
from tests.hw.holdings import leaving_nothing, open_and_close
from tests.hw.support import eventually


@pytest.fixture
def simulated() -> Iterator[SimulatedUps]:
    device = SimulatedUps()
    device.start()
    yield device
    device.stop()


@pytest.fixture
def ups(simulated: SimulatedUps) -> Iterator[NutUps]:
    url = DeviceUrl.parse(simulated.url)
    driver = NutUps(url.address(), ups=UPS, url=url.text, poll_s=0.02)
    yield driver
    driver.stop()


@pytest.fixture
def ready(ups: NutUps) -> NutUps:
    ups.start()
    eventually(lambda: ups.state() is DeviceState.READY)
    return ups


def status(ups: NutUps) -> PowerStatus:
    answer = ups.power()
    assert isinstance(answer, PowerStatus), answer
    return answer


def faults(ups: NutUps, code: FaultCode) -> bool:
    answer = ups.power()
    return isinstance(answer, Fault) and answer.code is code


def test_it_is_a_device_and_says_so_before_it_is_started(ups: NutUps, simulated: SimulatedUps) -> None:
    assert isinstance(ups, Device)
    assert (ups.url, ups.state()) == (simulated.url, DeviceState.STOPPED)
    assert faults(ups, FaultCode.NOT_CONNECTED)


def test_it_names_the_ups(ready: NutUps) -> None:
    info = ready.info()
    assert isinstance(info, DeviceInfo)
    assert (info.make, info.model, info.serial) == ("Simulated", 'UPS 12" \\ 600', "SIM0001")


def test_mains_fail_the_battery_runs_low_and_mains_return(ready: NutUps, simulated: SimulatedUps) -> None:
    assert (status(ready).on_mains, status(ready).charge_percent) == (True, 100)
    simulated.supply("OB DISCHRG", charge_percent=60)
    eventually(lambda: status(ready).on_mains is False and status(ready).charge_percent == 60)
    assert not status(ready).critical
    simulated.supply("OB DISCHRG LB", charge_percent=9)
    eventually(lambda: status(ready).critical)
    assert status(ready).runtime_s == 162
    simulated.supply("OL CHRG", charge_percent=10)
    eventually(lambda: status(ready).on_mains is True and not status(ready).critical)


def test_stale_data_is_a_fault_and_never_an_old_status(ready: NutUps, simulated: SimulatedUps) -> None:
    simulated.fail("data_stale")
    eventually(lambda: faults(ready, FaultCode.STALLED))
    assert ready.state() is DeviceState.FAULT
    simulated.fail("data_stale", count=0)
    eventually(lambda: ready.state() is DeviceState.READY)


def test_a_dead_nut_driver_is_a_lost_ups(ready: NutUps, simulated: SimulatedUps) -> None:
    simulated.fail("driver_gone")
    eventually(lambda: ready.state() is DeviceState.LOST)
    simulated.fail("driver_gone", count=0)
    eventually(lambda: ready.state() is DeviceState.READY)


def test_a_ups_that_is_not_configured_is_named(simulated: SimulatedUps) -> None:
    ups = NutUps(DeviceUrl.parse(simulated.url).address(), ups="other", url="nut://x/other")
    ups.start()
    eventually(lambda: faults(ups, FaultCode.DEVICE_ERROR))
    fault = ups.info()
    ups.stop()
    assert isinstance(fault, Fault)
    assert "other" in fault.detail


@pytest.mark.parametrize("fault", ["mute", "drip"])
def test_an_answer_that_does_not_end_in_time_is_no_answer(
    fault: str, ready: NutUps, simulated: SimulatedUps
) -> None:
    simulated.fail(fault)
    eventually(lambda: faults(ready, FaultCode.NOT_CONNECTED))
    simulated.fail(fault, count=0)
    eventually(lambda: ready.state() is DeviceState.READY)


@pytest.mark.parametrize("fault", ["endless", "nonsense", "bad_charge"])
def test_what_is_not_nut_is_a_bad_answer(fault: str, ready: NutUps, simulated: SimulatedUps) -> None:
    simulated.fail(fault)
    eventually(lambda: faults(ready, FaultCode.BAD_ANSWER))
    simulated.fail(fault, count=0)
    eventually(lambda: ready.state() is DeviceState.READY)


def test_upsd_ends_and_starts_again(ready: NutUps, simulated: SimulatedUps) -> None:
    for _ in range(2):
        simulated.unplug()
        eventually(lambda: ready.state() is DeviceState.LOST)
        assert faults(ready, FaultCode.NOT_CONNECTED)
        simulated.plug()
        eventually(lambda: ready.state() is DeviceState.READY)


def test_started_before_upsd_it_waits_for_it(ups: NutUps, simulated: SimulatedUps) -> None:
    simulated.unplug()
    ups.start()
    eventually(lambda: ups.state() is DeviceState.LOST)
    simulated.plug()
    eventually(lambda: ups.state() is DeviceState.READY)


def test_stopped_and_started_again_it_tells_nothing_old(ready: NutUps, simulated: SimulatedUps) -> None:
    ready.stop()
    ready.stop()
    simulated.fail("mute")
    ready.start()
    ready.start()
    assert ready.power() is None


def test_stopped_it_holds_no_thread_and_no_descriptor(ready: NutUps) -> None:
    ready.stop()
    with leaving_nothing():
        for _ in range(5):
            open_and_close(ready)


def test_reconnecting_again_and_again_holds_no_descriptor(ready: NutUps, simulated: SimulatedUps) -> None:
    with leaving_nothing():
        for _ in range(4):
            simulated.fail("nonsense")
            eventually(lambda: ready.state() is DeviceState.FAULT)
            simulated.fail("nonsense", count=0)
            eventually(lambda: ready.state() is DeviceState.READY)


def test_the_self_test_leaves_it_as_it_was(ups: NutUps) -> None:
    assert all(test.passed for test in ups.self_test())
    assert ups.state() is DeviceState.STOPPED


def test_the_self_test_of_a_missing_ups_says_so(ups: NutUps, simulated: SimulatedUps) -> None:
    simulated.unplug()
    (test,) = ups.self_test()
    assert not test.passed
    assert test.code is SelfTestCode.UPS_ANSWERS
    assert test.detail


def test_an_unknown_fault_is_refused(simulated: SimulatedUps) -> None:
    with pytest.raises(UnknownFaultError):
        simulated.fail("coffee")


def test_the_port_is_nuts_own_unless_told() -> None:
    assert open_url(DeviceUrl.parse("nut://127.0.0.1/kiosk")).url == "nut://127.0.0.1/kiosk"


@pytest.mark.parametrize(
    "text", ["nut:///kiosk", "nut://127.0.0.1", "nut://127.0.0.1/a/b", "nut://127.0.0.1/a%0Ab"]
)
def test_an_incomplete_url_is_refused(text: str) -> None:
    with pytest.raises(DeviceUrlError):
        open_url(DeviceUrl.parse(text))


def test_upsd_names_its_upses(simulated: SimulatedUps) -> None:
    port = DeviceUrl.parse(simulated.url).port
    assert port is not None
    with NutConversation(("127.0.0.1", port)) as conversation:
        assert conversation.upses() == ("sim",)
        assert conversation.variables("sim")["ups.status"] == "OL CHRG"
