"""From either pad to the ISO/IEC 19794-7 record in the packet: its size, its pace and its pressure."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from hw.api import DeviceState, Fault, SignaturePad
from hw.registry import open_device
from hw.sim.signature import SimulatedSignaturePad
from hw.sim.touch_pad import SimulatedTouchPad
from kiosk.app.ink import ScreenInk
from kiosk.capture.signature_plan import SignaturePlan
from kiosk.packet.records.signature import SignatureRecord, decode_signature, encode_signature
from kiosk.packet.strokes import read_strokes, signature_record
from tests.hw.support import DrawnSubject, eventually


@pytest.mark.parametrize(("scheme", "units_per_mm"), [("epad", 1000 / 25.4), ("evdev", 40.0)])
def test_a_signature_reaches_its_record(scheme: str, units_per_mm: float, tmp_path: Path) -> None:
    device: SimulatedSignaturePad | SimulatedTouchPad
    if scheme == "epad":
        device = SimulatedSignaturePad(DrawnSubject(), folder=tmp_path)
    else:
        device = SimulatedTouchPad(DrawnSubject(), folder=tmp_path)
    device.start()
    pad: Any = open_device(device.url)
    screen = ScreenInk()
    plan = SignaturePlan(pad, screen_ink=screen.read, clear_screen=screen.clear)
    pad.start()
    eventually(lambda: pad.state() is DeviceState.READY)
    plan.start()
    device.sign()
    eventually(lambda: _signed(pad), what="the last stroke is lifted")
    samples = plan.take()
    pad.stop()
    device.stop()
    assert isinstance(samples, tuple)
    assert samples[0].strokes is not None
    record = decode_signature(encode_signature(signature_record(read_strokes(samples[0].strokes))))
    assert isinstance(record, SignatureRecord)
    assert record.units_per_mm == pytest.approx(units_per_mm, rel=1 / 2048)  # 11 bits of fraction
    told = [point for point in DrawnSubject().signature() if point.pressure > 0]
    inked = [point for point in record.points if point.pressure > 0]
    assert [(p.x, p.y, p.pressure) for p in inked] == [(p.x, p.y, p.pressure) for p in told]
    assert record.ticks_per_second == 1000
    ticks = [point.ticks for point in inked]
    assert ticks == sorted(ticks)
    if scheme == "evdev":  # the kernel's times; ePadLink reports carry none, so theirs are those of reading
        assert ticks == [point.t_ns // 1_000_000 for point in told]


def _signed(pad: SignaturePad) -> bool:
    points = pad.points()
    return (
        not isinstance(points, Fault)
        and sum(after.pressure == 0 < before.pressure for before, after in pairwise(points)) == 3
    )
