"""The touch pad: Linux input events become ink, in millimetres and kernel time."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from hw.api import DeviceState, Fault, FaultCode, PadGeometry, PenPoint
from hw.registry import DeviceUrlError, open_device
from hw.signature.input_events import (
    KEY_BITS_BYTES,
    Axes,
    Axis,
    Code,
    EventType,
    InputEvent,
    PadState,
    Touch,
)
from hw.signature.pen_tracker import PenTracker
from hw.signature.touch_pad import TouchSignaturePad
from hw.sim.touch_pad import SimulatedTouchPad
from tests.hw.support import DrawnSubject, eventually

RUNNER = shutil.which("umockdev-run")
ROOT = Path(__file__).parents[2]
SQUARE = Axes(Axis(0, 4095, 40), Axis(0, 2047, 40), Axis(0, 255))
Event = tuple[EventType, Code, int]
Told = list[Event]
NODE = "/dev/input/event7"
needs_umockdev = pytest.mark.skipif(RUNNER is None, reason="umockdev is absent: apt-get install umockdev")
ABS, KEY, SYN = EventType.ABS, EventType.KEY, EventType.SYN
REPORT = (SYN, Code.SYN_REPORT, 0)


def ink_of(told: Sequence[Event | PadState], axes: Axes = SQUARE) -> list[tuple[int, int, int]]:
    tracker = PenTracker(axes)
    points: list[PenPoint] = []
    for index, each in enumerate(told):
        if isinstance(each, PadState):
            points += tracker.resume(each)
        else:
            points += tracker.feed(InputEvent(*each, t_ns=index))
    return [(point.x, point.y, point.pressure) for point in points]


def multi(*touches: Touch, slot: int = 0) -> PadState:
    return PadState(touches, slot, is_multi=True, t_ns=0)


def single(touch: Touch) -> PadState:
    return PadState((touch,), 0, is_multi=False, t_ns=0)


def at_slot(slot: int) -> Event:
    return (ABS, Code.ABS_MT_SLOT, slot)


def contact(number: int) -> Event:
    return (ABS, Code.ABS_MT_TRACKING_ID, number)


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


WRITING: Told = [*DOWN, *touch(10, 20, 30), REPORT]
WRITTEN = [(10, 20, 30), (10, 20, 0)]


def test_a_lift_in_the_gap_ends_the_stroke_and_the_next_touch_writes() -> None:
    """The next touch in another slot: before, the pen was held to be still in the first."""
    again = [at_slot(1), contact(8), *touch(30, 40, 50), REPORT, *UP]
    lifted = multi(Touch(None, 11, 21, 0), Touch())
    assert ink_of([*WRITING, lifted, *again]) == [*WRITTEN, (30, 40, 50), (30, 40, 0)]


def test_a_pen_that_writes_on_through_the_gap_begins_a_stroke_where_it_is() -> None:
    on = [(ABS, Code.ABS_MT_POSITION_X, 32), REPORT]
    told = ink_of([*WRITING, multi(Touch(7, 30, 40, 50)), *on])
    assert told == [*WRITTEN, (30, 40, 50), (32, 40, 50)]


def test_a_touch_in_the_gap_is_ink() -> None:
    """Even a dot, which no further event tells of before its lift."""
    assert ink_of([multi(Touch(7, 30, 40, 50)), *UP]) == [(30, 40, 50), (30, 40, 0)]


def test_another_touch_in_the_gap_is_another_stroke() -> None:
    assert ink_of([*WRITING, multi(Touch(8, 30, 40, 50)), *UP]) == [*WRITTEN, (30, 40, 50), (30, 40, 0)]


def test_the_slot_that_changed_in_the_gap_is_the_one_that_events_are_about() -> None:
    palm_moves = [(ABS, Code.ABS_MT_POSITION_X, 901), REPORT]
    pen_moves = [at_slot(0), (ABS, Code.ABS_MT_POSITION_X, 31), REPORT]
    state = multi(Touch(7, 30, 40, 50), Touch(8, 900, 900, 200), slot=1)
    told = ink_of([*WRITING, state, *palm_moves, *pen_moves])
    assert told == [*WRITTEN, (30, 40, 50), (30, 40, 50), (31, 40, 50)]


def test_the_hand_that_lay_there_before_the_gap_does_not_become_the_pen() -> None:
    palm = [at_slot(1), contact(8), *touch(900, 900, 200), REPORT]
    state = multi(Touch(), Touch(8, 900, 900, 200), slot=1)
    again = [at_slot(0), contact(9), *touch(30, 40, 50), REPORT]
    told = ink_of([*WRITING, *palm, state, *again])
    assert told == [(10, 20, 30), *WRITTEN, (30, 40, 50)]


def test_of_two_that_touched_in_the_gap_the_first_is_the_pen() -> None:
    state = multi(Touch(9, 900, 900, 200), Touch(8, 30, 40, 50))
    assert ink_of([state]) == [(30, 40, 50)]


def test_a_new_touch_is_where_its_slot_was_when_the_kernel_does_not_say_again() -> None:
    """The kernel leaves out a value that the slot has already."""
    again = [contact(9), (ABS, Code.ABS_MT_POSITION_Y, 41), REPORT]
    assert ink_of([multi(Touch(), Touch(None, 30, 40, 50), slot=1), *again]) == [(30, 41, 50)]


def test_a_pad_of_one_touch_goes_on_from_the_gap() -> None:
    press = [(KEY, Code.BTN_TOUCH, 1), (ABS, Code.ABS_X, 10), (ABS, Code.ABS_PRESSURE, 99), REPORT]
    lift = [(KEY, Code.BTN_TOUCH, 0), REPORT]
    hover = [(ABS, Code.ABS_X, 12), REPORT]
    ended = [(10, 0, 99), (10, 0, 0)]
    assert ink_of([*press, single(Touch(None, 11, 0, 0)), *hover]) == ended
    assert ink_of([*press, single(Touch(0, 11, 2, 50)), *lift]) == [*ended, (11, 2, 50), (11, 2, 0)]


def test_a_recording_that_lost_events_is_not_believed_until_the_pen_touches_anew() -> None:
    """It cannot be asked how things stood."""
    lost = [(SYN, Code.SYN_DROPPED, 0), (ABS, Code.ABS_MT_POSITION_X, 4000), REPORT]
    palm = [at_slot(1), (ABS, Code.ABS_MT_POSITION_X, 900), REPORT]
    again = [at_slot(2), contact(9), *touch(30, 40, 50), REPORT]
    assert ink_of([*WRITING, *lost, *palm, *again]) == [*WRITTEN, (30, 40, 50)]


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
    assert "x=MIN:MAX:UNITS" in test.detail


@pytest.mark.parametrize("axis", ["", "5", "9:0", "0:4095:x", "0:4095:1:1"])
def test_what_is_no_axis_is_refused(axis: str) -> None:
    with pytest.raises(DeviceUrlError, match="parameter x"):
        open_device(f"evdev:///dev/input/event0?x={axis}&y=0:9:1")


def seen_of_mocked_pad(
    folder: Path, *, ioctls: Sequence[str], events: Sequence[tuple[float, Event]], count: int
) -> dict[str, Any]:
    """What tests.hw.touch_scene tells of umockdev's pad after `count` points. events: with moments in s."""
    (folder / "device").write_text(
        "P: /devices/usb1/1-1\nE: DEVTYPE=usb_device\nE: SUBSYSTEM=usb\nA: idVendor=056a\\n\n"
        "A: idProduct=0084\\n\nA: serial=S-7\\n\nA: manufacturer=CONTOH\\n\nA: product=Touch Pad\\n\n\n"
        f"P: /devices/usb1/1-1/1-1:1.0/input/input7/event7\nN: input/event7\nE: DEVNAME={NODE}\n"
        "E: SUBSYSTEM=input\nE: MAJOR=13\nE: MINOR=71\nA: dev=13:71\\n\n\n"
    )
    (folder / "ioctl").write_text("".join(f"{line}\n" for line in ioctls))
    told = [
        f"E: {1_700_000_000 + moment:.6f} {event[0]:04x} {event[1]:04x} {event[2]}" for moment, event in events
    ]
    (folder / "events").write_text("\n".join(["# EVEMU 1.2", *told, ""]))
    mocked = ["-d", f"{folder}/device", "-i", f"{NODE}={folder}/ioctl", "-e", f"{NODE}={folder}/events"]
    scene = [sys.executable, "-W", "error", "-m", "tests.hw.touch_scene", f"evdev://{NODE}", str(count)]
    command = [str(RUNNER), *mocked, "--", *scene]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=90)
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def axis_ioctl(code: int, *, value: int = 0, top: int, units: int = 0) -> str:
    return f"EVIOCGABS({code}) 0 {struct.pack('@6i', value, 0, top, 0, 0, units).hex().upper()}"


AXES_IOCTLS = (
    axis_ioctl(Code.ABS_MT_POSITION_X, top=4095, units=20),
    axis_ioctl(Code.ABS_MT_POSITION_Y, top=4095, units=35),
    axis_ioctl(Code.ABS_MT_PRESSURE, top=255),
)


@needs_umockdev
def test_umockdevs_input_device_is_asked_for_its_axes_and_read(tmp_path: Path) -> None:
    """Its ioctls and events are in umockdev's and evemu's formats; nothing of them is ours."""
    moments = [0.1, 0.11, 0.125]  # umockdev 0.17 reads 0.010000 as octal
    reports = ([*DOWN, *touch(100, 200, 30), REPORT], [*touch(110, 235, 40), REPORT], UP)
    events = [(moment, event) for moment, report in zip(moments, reports, strict=True) for event in report]
    assert seen_of_mocked_pad(tmp_path, ioctls=AXES_IOCTLS, events=events, count=3) == {
        "geometry": [4095, 2340, 255, 20.0],
        "points": [[100, 114, 0, 30], [110, 134, 10_000_000, 40], [110, 134, 25_000_000, 0]],
        "identity": ["CONTOH", "Touch Pad", "S-7"],
        "described": f"evdev://{NODE}?x=0:4095:20&y=0:4095:35&pressure=0:255:0",
    }


def slots_ioctl(code: Code, *values: int) -> str:
    return f"EVIOCGMTSLOTS 0 {struct.pack(f'@i{len(values)}i', code, *values).hex().upper()}"


@needs_umockdev
def test_where_umockdevs_input_device_lost_events_it_is_asked_how_things_stand(tmp_path: Path) -> None:
    """It plays the ioctls round and round in their order, which is that in which the driver asks.

    The hand in slot 1 came later than the pen in slot 0; the events before the loss speak of the hand alone.
    """
    asked = [
        axis_ioctl(Code.ABS_MT_SLOT, value=1, top=1),
        slots_ioctl(Code.ABS_MT_TRACKING_ID, 7, 8),
        slots_ioctl(Code.ABS_MT_POSITION_X, 30, 900),
        slots_ioctl(Code.ABS_MT_POSITION_Y, 35, 900),
        slots_ioctl(Code.ABS_MT_PRESSURE, 50, 200),
    ]
    hand = [*touch(901, 901, 201), REPORT]
    lost = [(SYN, Code.SYN_DROPPED, 0), at_slot(0), (ABS, Code.ABS_MT_POSITION_X, 4000), REPORT]
    events = [(0.1, event) for event in [*hand, *lost]]
    seen = seen_of_mocked_pad(tmp_path, ioctls=[*AXES_IOCTLS, *asked], events=events, count=4)
    assert [(x, y, pressure) for x, y, _, pressure in seen["points"]] == [
        (30, 20, 50),
        (30, 20, 50),
        (30, 20, 0),
        (30, 20, 50),
    ]


@needs_umockdev
def test_a_single_touch_that_ended_while_events_were_lost_has_ended(tmp_path: Path) -> None:
    """The pen's events tell of a touch; what it is asked for afterwards tells of none."""
    asked = [
        axis_ioctl(Code.ABS_X, value=500, top=4095, units=20),
        axis_ioctl(Code.ABS_Y, value=500, top=4095, units=20),
        f"EVIOCGKEY 0 {bytes(KEY_BITS_BYTES).hex().upper()}",
    ]
    press = [(KEY, Code.BTN_TOUCH, 1), (ABS, Code.ABS_X, 10), (ABS, Code.ABS_Y, 20), REPORT]
    lost = [(SYN, Code.SYN_DROPPED, 0), (ABS, Code.ABS_X, 4000), REPORT]
    events = [(0.1, event) for event in [*press, *lost]]
    seen = seen_of_mocked_pad(tmp_path, ioctls=asked, events=events, count=2)
    assert [(x, y, pressure) for x, y, _, pressure in seen["points"]] == [(10, 20, 1), (10, 20, 0)]
