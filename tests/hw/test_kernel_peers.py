"""Devices that a Linux kernel makes up by itself: vivid for cameras, i2c-stub for the fuel gauge.

Both are modules that a container cannot load. In a virtual machine, as root:

    modprobe vivid
    modprobe i2c-dev; modprobe i2c-stub chip_addr=0x36
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hw.api import DeviceState, Frame, PowerStatus
from hw.power.max17043 import Max17043Gauge
from hw.registry import open_device
from tests.hw.support import eventually


def nodes(folder: str, name: str) -> list[Path]:
    """Under /dev, of the devices of a class in /sys whose name begins so."""
    found = sorted(Path("/sys/class").glob(f"{folder}/*/name"))
    return [Path("/dev") / path.parent.name for path in found if path.read_text().startswith(name)]


CAMERAS = nodes("video4linux", "vivid-000-vid-cap")
BUSES = nodes("i2c-dev", "SMBus stub driver")


@pytest.mark.skipif(not CAMERAS, reason="vivid is absent: modprobe vivid, in a virtual machine")
def test_vivids_camera_is_seen() -> None:
    camera: Any = open_device(f"v4l2://{CAMERAS[0]}?width=640&height=360")
    assert [test for test in camera.self_test() if not test.passed] == []
    camera.start()
    eventually(lambda: isinstance(camera.latest(), Frame))
    assert camera.latest().pixels.shape == (360, 640, 3)
    camera.stop()


@pytest.mark.skipif(
    not BUSES, reason="i2c-stub is absent: modprobe i2c-stub chip_addr=0x36, in a virtual machine"
)
@pytest.mark.skipif(shutil.which("i2cset") is None, reason="i2cset is absent: apt-get install i2c-tools")
def test_the_kernels_bus_gives_charge_and_voltage() -> None:
    """3.8 V and 72.5 %; each register high byte first, which is low byte first for i2cset."""
    bus = BUSES[0].name.removeprefix("i2c-")
    for register, word in ((0x02, 0x00BE), (0x04, 0x8048), (0x08, 0x0300)):
        subprocess.run(["i2cset", "-y", bus, "0x36", hex(register), hex(word), "w"], check=True)
    gauge = open_device(f"max17043://{BUSES[0]}")
    assert isinstance(gauge, Max17043Gauge)
    gauge.start()
    eventually(lambda: gauge.state() is DeviceState.READY)
    status = gauge.power()
    assert isinstance(status, PowerStatus)
    assert status.charge_percent == 72.5
    gauge.stop()
