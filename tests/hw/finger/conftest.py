from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hw.finger.r30x import R30xFingerModule
from hw.sim.finger import SimulatedFingerModule
from tests.hw.finger.support import WavyFingers, opened


@pytest.fixture
def simulated(tmp_path: Path) -> Iterator[SimulatedFingerModule]:
    device = SimulatedFingerModule(WavyFingers(), folder=tmp_path)
    device.start()
    yield device
    device.stop()


@pytest.fixture
def module(simulated: SimulatedFingerModule) -> Iterator[R30xFingerModule]:
    driver = opened(simulated.url)
    yield driver
    driver.stop()
