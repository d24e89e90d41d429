"""Every driver keeps its protocol's promises: on simulators, on recordings, and on hardware that is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hw.api import Device, DeviceInfo, DeviceState, Fault, FaultCode
from tests.hw.contract.benches import BENCHES, Bench, set_up
from tests.hw.contract.sessions import SESSIONS, begun


@pytest.fixture(scope="session")
def tapes() -> dict[str, Path]:
    return {}


@pytest.fixture(params=BENCHES, ids=[f"{kind}-{name}" for kind, name in BENCHES])
def bench(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, tapes: dict[str, Path]
) -> Iterator[Bench]:
    kind, name = request.param
    with set_up(kind, name, tmp_path_factory.mktemp(kind), tapes) as ready:
        yield ready


@pytest.fixture
def device(bench: Bench) -> Iterator[Any]:
    driver = bench.world.open()
    yield driver
    driver.stop()


def test_its_session(bench: Bench, device: Any) -> None:
    SESSIONS[bench.kind](device, bench.world)


def test_its_life(bench: Bench, device: Any) -> None:
    assert isinstance(device, Device)
    assert device.kind is bench.kind
    fault = device.info()
    assert isinstance(fault, Fault)
    assert (fault.code, fault.device) == (FaultCode.NOT_CONNECTED, bench.kind)
    for _ in range(2):
        begun(device)
        info = device.info()
        assert isinstance(info, DeviceInfo)
        assert (info.kind, info.url) == (bench.kind, device.url)
        device.stop()
        device.stop()
        assert device.state() is DeviceState.STOPPED
    assert [test for test in device.self_test() if not test.passed] == []
    assert device.state() is DeviceState.STOPPED
