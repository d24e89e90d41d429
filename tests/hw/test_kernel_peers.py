"""Devices that a Linux kernel makes up by itself: cameras (vivid), a fuel gauge (i2c-stub), pads (uinput).

All are modules that a container cannot load. In a virtual machine, as root:

    modprobe vivid
    modprobe uinput; modprobe evdev
    modprobe i2c-dev; modprobe i2c-stub chip_addr=0x36
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hw.api import DeviceState, Frame, PenPoint, PowerStatus
from hw.power.max17043 import Max17043Gauge
from hw.registry import open_device
from hw.signature.input_events import EVENT, Axis, Code, EventType, PadState
from hw.signature.input_node import InputNode
from hw.signature.pen_tracker import PenTracker
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


UINPUT = Path("/dev/uinput")
LARGEST = {
    Code.ABS_MT_SLOT: 1,
    Code.ABS_MT_TRACKING_ID: 0xFFFF,
    Code.ABS_MT_POSITION_X: 4095,
    Code.ABS_MT_POSITION_Y: 4095,
    Code.ABS_MT_PRESSURE: 255,
}


class UinputPad:
    """A multi-touch pad of the kernel's. Source of the ioctls: include/uapi/linux/uinput.h."""

    _SETUP, _AXIS = struct.Struct("@HHHH80sI"), struct.Struct("@Hxx6i")
    _SET_EVBIT, _SET_ABSBIT, _DEV_CREATE = 0x40045564, 0x40045567, 0x5501
    _DEV_SETUP, _ABS_SETUP, _GET_SYSNAME = 0x405C5503, 0x401C5504, 0x8040552C

    def __init__(self) -> None:
        self._descriptor = os.open(UINPUT, os.O_RDWR)
        fcntl.ioctl(self._descriptor, self._SET_EVBIT, EventType.ABS)
        for code, largest in LARGEST.items():
            fcntl.ioctl(self._descriptor, self._SET_ABSBIT, code)
            fcntl.ioctl(self._descriptor, self._ABS_SETUP, self._AXIS.pack(code, 0, 0, largest, 0, 0, 20))
        fcntl.ioctl(self._descriptor, self._DEV_SETUP, self._SETUP.pack(3, 1, 2, 3, b"CONTOH touch pad", 0))
        fcntl.ioctl(self._descriptor, self._DEV_CREATE)
        told = fcntl.ioctl(self._descriptor, self._GET_SYSNAME, bytes(64)).rstrip(b"\0").decode()
        self.node = Path("/dev/input") / next(Path(f"/sys/class/input/{told}").glob("event*")).name

    def tell(self, *events: tuple[Code, int]) -> None:
        told = [(EventType.ABS, code, value) for code, value in events]
        for event in [*told, (EventType.SYN, Code.SYN_REPORT, 0)]:
            os.write(self._descriptor, EVENT.pack(0, 0, *event))

    def close(self) -> None:
        os.close(self._descriptor)


@pytest.fixture
def uinput_pad() -> Iterator[UinputPad]:
    with contextlib.closing(UinputPad()) as pad:
        eventually(lambda: os.access(pad.node, os.R_OK))
        yield pad


@pytest.mark.skipif(not UINPUT.exists(), reason="uinput is absent: modprobe uinput, in a virtual machine")
def test_what_the_kernels_pad_did_while_nobody_read_is_asked_for(uinput_pad: UinputPad) -> None:
    """Its buffer overflows; meanwhile the pen is lifted, the hand lies down, and the pen touches in slot 1."""
    with contextlib.closing(InputNode(uinput_pad.node)) as node:
        axes = node.axes({})
        assert axes is not None
        assert axes.x == Axis(0, 4095, 20)
        tracker, heard = PenTracker(axes), []

        def listen() -> list[tuple[int, int, int]]:
            points: list[PenPoint] = []
            while told := list(node.events()):
                heard.extend(told)
                for each in told:
                    points += tracker.resume(each) if isinstance(each, PadState) else tracker.feed(each)
            return [(point.x, point.y, point.pressure) for point in points]

        def touch(contact: int, x: int) -> tuple[tuple[Code, int], ...]:
            place = ((Code.ABS_MT_POSITION_X, x), (Code.ABS_MT_POSITION_Y, 20), (Code.ABS_MT_PRESSURE, 30))
            return ((Code.ABS_MT_TRACKING_ID, contact), *place)

        uinput_pad.tell(*touch(7, 10))
        assert listen() == [(10, 20, 30)]
        for step in range(2_000):
            uinput_pad.tell((Code.ABS_MT_POSITION_X, 1000 + step))
        uinput_pad.tell((Code.ABS_MT_TRACKING_ID, -1))
        uinput_pad.tell((Code.ABS_MT_SLOT, 1), *touch(8, 500))
        uinput_pad.tell((Code.ABS_MT_SLOT, 0), *touch(9, 3000))
        assert listen() == [(10, 20, 0), (500, 20, 30)]
        assert any(isinstance(each, PadState) for each in heard)
        uinput_pad.tell((Code.ABS_MT_POSITION_X, 3001))
        uinput_pad.tell((Code.ABS_MT_SLOT, 1), (Code.ABS_MT_POSITION_X, 501))
        uinput_pad.tell((Code.ABS_MT_TRACKING_ID, -1))
        assert listen() == [(500, 20, 30), (501, 20, 30), (501, 20, 0)]
