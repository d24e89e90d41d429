"""The signature pad: a signature written on the simulated pad arrives stroke for stroke."""

from __future__ import annotations

import os
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from hw.api import DeviceState, Fault, FaultCode, PenPoint
from hw.registry import open_device
from hw.signature.epad import EpadSignaturePad
from hw.signature.epad_report import EpadReport
from hw.sim.signature import SimulatedSignaturePad, encode
from tests.hw.support import PATIENCE_S, DrawnSubject, eventually

FAST = 20.0


@pytest.fixture
def simulated(tmp_path: Path) -> Iterator[SimulatedSignaturePad]:
    device = SimulatedSignaturePad(DrawnSubject(), folder=tmp_path)
    device.start()
    yield device
    device.stop()


@pytest.fixture
def pad(simulated: SimulatedSignaturePad) -> Iterator[EpadSignaturePad]:
    driver = open_device(simulated.url)
    assert isinstance(driver, EpadSignaturePad)
    driver.start()
    eventually(lambda: driver.state() is DeviceState.READY)
    yield driver
    driver.stop()


def ink(pad: EpadSignaturePad) -> tuple[PenPoint, ...]:
    points = pad.points()
    assert not isinstance(points, Fault)
    return points


def places(points: tuple[PenPoint, ...]) -> list[tuple[int, int, int]]:
    return [(point.x, point.y, point.pressure) for point in points]


def write(simulated: SimulatedSignaturePad, pad: EpadSignaturePad, *, reports: int) -> None:
    simulated.sign(speed=FAST)
    assert simulated.wait(timeout_s=PATIENCE_S)
    eventually(lambda: len(ink(pad)) >= reports)


def test_every_report_arrives_in_order(simulated: SimulatedSignaturePad, pad: EpadSignaturePad) -> None:
    written = DrawnSubject().signature()
    write(simulated, pad, reports=len(written))
    assert places(ink(pad)) == places(written)


def test_time_runs_forward_along_the_ink(simulated: SimulatedSignaturePad, pad: EpadSignaturePad) -> None:
    write(simulated, pad, reports=120)
    times = [point.t_ns for point in ink(pad)]
    assert times == sorted(times)


def test_between_strokes_the_pressure_is_zero(simulated: SimulatedSignaturePad, pad: EpadSignaturePad) -> None:
    write(simulated, pad, reports=120)
    strokes = sum(
        1
        for before, after in zip(ink(pad), ink(pad)[1:], strict=False)
        if before.pressure == 0 < after.pressure
    )
    assert strokes == 2  # and the first, which has nothing before it


def test_a_light_touch_is_ink_even_when_the_pad_reports_no_pressure(tmp_path: Path) -> None:
    points = tap(tmp_path, EpadReport(x=5, y=6, pressure=0, touch=True, in_range=True))
    assert points[0].pressure == 1


def test_a_hovering_pen_leaves_no_ink(tmp_path: Path) -> None:
    points = tap(tmp_path, EpadReport(x=5, y=6, pressure=9, touch=False, in_range=True))
    assert points[0].pressure == 0


def test_a_pen_out_of_range_ends_the_stroke_once(tmp_path: Path) -> None:
    written = EpadReport(x=5, y=6, pressure=9, touch=True, in_range=True)
    away = EpadReport(x=5, y=6, pressure=0, touch=False, in_range=False)
    assert places(tap(tmp_path, written, away, away, away)) == [(5, 6, 9), (5, 6, 0)]


def tap(folder: Path, *reports: EpadReport) -> tuple[PenPoint, ...]:
    """The points of reports put on the wire by hand."""
    master, slave = os.openpty()
    tty.setraw(slave)
    (folder / "node").symlink_to(os.ttyname(slave))
    pad = EpadSignaturePad(folder / "node", url="epad://node")
    pad.start()
    eventually(lambda: pad.state() is DeviceState.READY)
    for report in reports:
        os.write(master, encode(report))
    eventually(lambda: ink(pad))
    eventually(lambda: len(ink(pad)) >= min(len(reports), 2))
    points = ink(pad)
    pad.stop()
    os.close(master)
    os.close(slave)
    return points


def test_clear_takes_the_ink_away(simulated: SimulatedSignaturePad, pad: EpadSignaturePad) -> None:
    write(simulated, pad, reports=120)
    pad.clear()
    assert ink(pad) == ()


def test_ink_from_before_start_is_not_the_residents(simulated: SimulatedSignaturePad) -> None:
    simulated.sign(speed=100)
    assert simulated.wait(timeout_s=PATIENCE_S)
    pad = open_device(simulated.url)
    assert isinstance(pad, EpadSignaturePad)
    pad.start()
    eventually(lambda: pad.state() is DeviceState.READY)
    write(simulated, pad, reports=120)
    assert len(ink(pad)) == 120
    pad.stop()


def test_starting_again_begins_with_a_blank_pad(
    simulated: SimulatedSignaturePad, pad: EpadSignaturePad
) -> None:
    write(simulated, pad, reports=120)
    pad.stop()
    pad.start()
    eventually(lambda: pad.state() is DeviceState.READY)
    assert ink(pad) == ()


@pytest.mark.parametrize("fault", ["lost_byte", "noise"])
def test_a_disturbed_line_costs_a_few_reports(
    fault: str, simulated: SimulatedSignaturePad, pad: EpadSignaturePad
) -> None:
    simulated.fail(fault, count=1)
    write(simulated, pad, reports=110)
    assert set(places(ink(pad))[5:]) <= set(places(DrawnSubject().signature()))


def test_a_pad_pulled_out_in_mid_signature_is_lost(
    simulated: SimulatedSignaturePad, pad: EpadSignaturePad
) -> None:
    simulated.sign()
    eventually(lambda: len(ink(pad)) > 10)
    simulated.unplug()
    eventually(lambda: pad.state() is DeviceState.LOST)
    fault = pad.points()
    assert isinstance(fault, Fault)
    assert fault.code is FaultCode.NOT_CONNECTED


def test_a_pad_that_returns_goes_on_with_the_ink_it_has(
    simulated: SimulatedSignaturePad, pad: EpadSignaturePad
) -> None:
    simulated.sign()
    eventually(lambda: len(ink(pad)) > 10)
    before = len(ink(pad))
    simulated.unplug()
    eventually(lambda: pad.state() is DeviceState.LOST)
    simulated.plug()
    eventually(lambda: pad.state() is DeviceState.READY)
    assert len(ink(pad)) >= before
    write(simulated, pad, reports=before + 120)


def test_a_pen_that_never_rests_does_not_fill_the_memory(
    simulated: SimulatedSignaturePad, tmp_path: Path
) -> None:
    pad = EpadSignaturePad(tmp_path / "signature", url=simulated.url, max_points=50)
    pad.start()
    eventually(lambda: pad.state() is DeviceState.READY)
    write(simulated, pad, reports=50)
    assert len(ink(pad)) == 50
    pad.stop()
