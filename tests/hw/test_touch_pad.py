"""The touch pad: Linux input events become ink, in millimetres and kernel time."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hw.api import DeviceState, Fault, FaultCode, PadGeometry, PenPoint
from hw.registry import DeviceUrlError, open_device
from hw.signature.input_events import Axes, Axis, Code, EventType, PenTracker
from hw.signature.touch_pad import TouchSignaturePad
from hw.sim.touch_pad import SimulatedTouchPad
from tests.hw.support import DrawnSubject, eventually

RUNNER = shutil.which("umockdev-run")
ROOT = Path(__file__).parents[2]
SQUARE = Axes(Axis(0, 4095, 40), Axis(0, 2047, 40), Axis(0, 255))
Told = list[tuple[EventType, Code, int]]
ABS, KEY, SYN = EventType.ABS, EventType.KEY, EventType.SYN
REPORT = (SYN, Code.SYN_REPORT, 0)


def ink_of(events: Told, axes: Axes = SQUARE) -> list[tuple[int, int, int]]:
    tracker = PenTracker(axes)
    points = [tracker.feed(*event, t_ns=index) for index, event in enumerate(events)]
    return [(point.x, point.y, point.pressure) for point in points if point is not None]


def touch(x: int, y: int, pressure: int) -> Told:
    return [
        (ABS, Code.ABS_MT_POSITION_X, x),
        (ABS, Code.ABS_MT_POSITION_Y, y),
        (ABS, Code.ABS_MT_PRESSURE, pressure),
    ]


DOWN: Told = [(ABS, Code.ABS_MT_TRACKING_ID, 7)]
UP: Told = [(ABS, Code.ABS_MT_TRACKING_ID, -1), REPORT]


def test_a_finger_writes_from_touch_to_lift() -> None:
    events = [*DOWN, *touch(10, 20, 30), REPORT, *touch(11, 21, 31), REPORT, *UP]
    assert ink_of(events) == [(10, 20, 30), (11, 21, 31), (11, 21, 0)]


def test_what_did_not_change_is_as_it_was() -> None:
    events = [*DOWN, *touch(10, 20, 30), REPORT, (ABS, Code.ABS_MT_POSITION_X, 12), REPORT]
    assert ink_of(events) == [(10, 20, 30), (12, 20, 30)]


def test_the_ball_of_the_hand_writes_nothing() -> None:
    palm = [(ABS, Code.ABS_MT_SLOT, 1), (ABS, Code.ABS_MT_TRACKING_ID, 8), *touch(900, 900, 200)]
    pen_on = [(ABS, Code.ABS_MT_SLOT, 0), (ABS, Code.ABS_MT_POSITION_X, 12), REPORT]
    palm_off = [(ABS, Code.ABS_MT_SLOT, 1), (ABS, Code.ABS_MT_TRACKING_ID, -1), REPORT]
    events = [*DOWN, *touch(10, 20, 30), REPORT, *palm, *pen_on, *palm_off]
    assert ink_of(events) == [(10, 20, 30), (12, 20, 30), (12, 20, 30)]


def test_the_pointer_that_a_touch_pad_plays_too_is_not_heard() -> None:
    pointer = [(KEY, Code.BTN_TOUCH, 1), (ABS, Code.ABS_X, 5000), (ABS, Code.ABS_Y, 1)]
    assert ink_of([*DOWN, *touch(10, 20, 30), *pointer, REPORT]) == [(10, 20, 30)]


def test_a_pen_that_hovers_leaves_no_ink() -> None:
    hover = [(ABS, Code.ABS_X, 10), (ABS, Code.ABS_Y, 20), (ABS, Code.ABS_PRESSURE, 0), REPORT]
    press = [(KEY, Code.BTN_TOUCH, 1), (ABS, Code.ABS_PRESSURE, 99), REPORT]
    lift = [(KEY, Code.BTN_TOUCH, 0), (ABS, Code.ABS_PRESSURE, 0), REPORT]
    assert ink_of([*hover, *press, *lift, *hover]) == [(10, 20, 99), (10, 20, 0)]


def test_where_the_kernel_lost_events_the_stroke_is_broken() -> None:
    lost = [(SYN, Code.SYN_DROPPED, 0), (ABS, Code.ABS_MT_POSITION_X, 4000), REPORT]
    on = [*touch(30, 20, 30), REPORT]
    assert ink_of([*DOWN, *touch(10, 20, 30), REPORT, *lost, *on]) == [(10, 20, 30), (10, 20, 0), (30, 20, 30)]


def test_a_touch_without_pressure_is_ink() -> None:
    axes = Axes(SQUARE.x, SQUARE.y)
    assert ink_of([*DOWN, *touch(10, 20, 0), REPORT], axes) == [(10, 20, 1)]
    assert ink_of([*DOWN, *touch(10, 20, 0), REPORT]) == [(10, 20, 1)]


def test_steps_of_unequal_size_come_out_square() -> None:
    """A panel of 204.75 x 117 mm with 4095 steps both ways."""
    axes = Axes(Axis(0, 4095, 20), Axis(0, 4095, 35), Axis(0, 255))
    assert axes.geometry() == PadGeometry(4095, 2340, 255, 20.0)
    assert axes.place(4095, 4095) == (4095, 2340)


def test_a_pad_finer_than_its_record_is_halved() -> None:
    axes = Axes(Axis(0, 62_200, 200), Axis(-100, 43_100, 200), Axis(0, 8191))
    assert axes.geometry() == PadGeometry(31_100, 21_600, 8191, 100.0)
    assert axes.place(62_201, -101) == (31_100, 0)


@pytest.fixture
def simulated(tmp_path: Path) -> Iterator[SimulatedTouchPad]:
    device = SimulatedTouchPad(DrawnSubject(), folder=tmp_path)
    device.start()
    yield device
    device.stop()


@pytest.fixture
def pad(simulated: SimulatedTouchPad) -> Iterator[TouchSignaturePad]:
    driver = open_device(simulated.url)
    assert isinstance(driver, TouchSignaturePad)
    driver.start()
    eventually(lambda: driver.state() is DeviceState.READY)
    yield driver
    driver.stop()


def written(pad: TouchSignaturePad, *, strokes: int = 3) -> tuple[PenPoint, ...]:
    def lifted() -> bool:
        points = pad.points()
        return not isinstance(points, Fault) and sum(point.pressure == 0 for point in points) >= strokes

    eventually(lifted)
    points = pad.points()
    assert not isinstance(points, Fault)
    return points


def test_the_ink_has_the_pace_of_the_hand_and_not_of_the_reader(
    simulated: SimulatedTouchPad, pad: TouchSignaturePad
) -> None:
    simulated.sign()
    points = written(pad)
    told = [point for point in DrawnSubject().signature() if point.pressure > 0]
    inked = [point for point in points if point.pressure > 0]
    assert [(p.x, p.y, p.pressure) for p in inked] == [(p.x, p.y, p.pressure) for p in told]
    assert [p.t_ns - inked[0].t_ns for p in inked] == [p.t_ns for p in told]


@pytest.mark.parametrize(("fault", "strokes"), [("palm", 3), ("dropped", 3)])
def test_a_disturbed_pad_still_gives_the_signature(
    fault: str, strokes: int, simulated: SimulatedTouchPad, pad: TouchSignaturePad
) -> None:
    simulated.fail(fault, count=5)
    simulated.sign()
    told = {(p.x, p.y) for p in DrawnSubject().signature()}
    assert {(p.x, p.y) for p in written(pad, strokes=strokes)} <= told


def test_a_pad_that_does_not_tell_its_size_asks_for_it(simulated: SimulatedTouchPad) -> None:
    pad = open_device(simulated.url.partition("?")[0])
    pad.start()
    eventually(lambda: pad.state() is DeviceState.FAULT)
    fault = pad.info()
    assert isinstance(fault, Fault)
    assert fault.code is FaultCode.NOT_READY
    pad.stop()
    test = pad.self_test()[0]
    assert not test.passed
    assert "x=MIN:MAX:UNITS" in test.advice


@pytest.mark.parametrize("axis", ["", "5", "9:0", "0:4095:x", "0:4095:1:1"])
def test_what_is_no_axis_is_refused(axis: str) -> None:
    with pytest.raises(DeviceUrlError, match="parameter x"):
        open_device(f"evdev:///dev/input/event0?x={axis}&y=0:9:1")


@pytest.mark.skipif(RUNNER is None, reason="umockdev is absent: apt-get install umockdev")
def test_umockdevs_input_device_is_asked_for_its_axes_and_read(tmp_path: Path) -> None:
    """Its ioctls and events are in umockdev's and evemu's formats; nothing of them is ours."""
    node = "/dev/input/event7"
    (tmp_path / "device").write_text(
        "P: /devices/usb1/1-1\nE: DEVTYPE=usb_device\nE: SUBSYSTEM=usb\nA: idVendor=056a\\n\n"
        "A: idProduct=0084\\n\nA: serial=S-7\\n\nA: manufacturer=CONTOH\\n\nA: product=Touch Pad\\n\n\n"
        f"P: /devices/usb1/1-1/1-1:1.0/input/input7/event7\nN: input/event7\nE: DEVNAME={node}\n"
        "E: SUBSYSTEM=input\nE: MAJOR=13\nE: MINOR=71\nA: dev=13:71\\n\n\n"
    )
    axes = {
        Code.ABS_MT_POSITION_X: (4095, 20),
        Code.ABS_MT_POSITION_Y: (4095, 35),
        Code.ABS_MT_PRESSURE: (255, 0),
    }
    (tmp_path / "ioctl").write_text(
        "".join(
            f"EVIOCGABS({code}) 0 {struct.pack('@6i', 0, 0, top, 0, 0, units).hex().upper()}\n"
            for code, (top, units) in axes.items()
        )
    )
    events = [*DOWN, *touch(100, 200, 30), REPORT, *touch(110, 235, 40), REPORT, *UP]
    moments = iter([0.1, 0.11, 0.125])  # umockdev 0.17 reads 0.010000 as octal
    moment, lines = next(moments), ["# EVEMU 1.2"]
    for event in events:
        lines.append(f"E: {1_700_000_000 + moment:.6f} {event[0]:04x} {event[1]:04x} {event[2]}")
        moment = next(moments, moment) if event == REPORT else moment
    (tmp_path / "events").write_text("\n".join(lines) + "\n")
    mocked = ["-d", tmp_path / "device", "-i", f"{node}={tmp_path}/ioctl", "-e", f"{node}={tmp_path}/events"]
    command = [
        str(RUNNER),
        *mocked,
        "--",
        sys.executable,
        "-W",
        "error",
        "-m",
        "tests.hw.touch_scene",
        f"evdev://{node}",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=90)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "geometry": [4095, 2340, 255, 20.0],
        "points": [[100, 114, 0, 30], [110, 134, 10_000_000, 40], [110, 134, 25_000_000, 0]],
        "identity": ["CONTOH", "Touch Pad", "S-7"],
        "described": f"evdev://{node}?x=0:4095:20&y=0:4095:35&pressure=0:255:0",
    }
