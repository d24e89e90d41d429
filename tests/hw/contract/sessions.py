"""What each protocol of `hw.api` promises, as a session with one device of the kind, whatever its wire."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from cryptography import x509

from hw.api import (
    CaptureRequest,
    CaptureSet,
    Card,
    CardAbsent,
    CardSignature,
    DeviceKind,
    DeviceState,
    Fault,
    Frame,
    PadGeometry,
    PanelInputs,
    PanelState,
    PenPoint,
    PixelFormat,
    Position,
    PowerStatus,
    SatelliteTime,
    ScannerCapture,
    Slip,
)
from tests.hw.support import eventually

if TYPE_CHECKING:
    from tests.hw.contract.benches import World

SLIP = Slip("BUKTI PEREKAMAN", ("Nama: SITI CONTOH",), "KTP-EL:7f3a")
TRANSACTION = "contract-0001"
"""The same in every session, since a scanner signs it into its answer."""


def begun(device: Any) -> None:
    device.start()
    eventually(lambda: device.state() is DeviceState.READY, what=f"{device.url} is ready")


def good_frame(frame: object, device: Any, *, pixel_format: PixelFormat) -> Frame:
    assert isinstance(frame, Frame)
    assert frame.pixel_format is pixel_format
    assert frame.pixels.dtype == np.uint8
    assert frame.pixels.ndim == (3 if pixel_format is PixelFormat.RGB8 else 2)
    assert not frame.pixels.flags.writeable
    assert frame.captured_ns <= time.monotonic_ns()
    return frame


def camera(device: Any, world: World) -> None:
    begun(device)
    seen: list[Frame] = []

    def five_seen() -> bool:
        frame = device.latest()
        if isinstance(frame, Frame) and (not seen or frame.sequence != seen[-1].sequence):
            seen.append(good_frame(frame, device, pixel_format=PixelFormat.RGB8))
        return len(seen) >= 5

    eventually(five_seen)
    assert all(before.sequence < after.sequence for before, after in pairwise(seen))
    assert all(before.captured_ns < after.captured_ns for before, after in pairwise(seen))
    assert len({frame.pixels.shape for frame in seen}) == 1
    device.stop()
    assert isinstance(device.latest(), Fault), "no picture stays when the camera is off"


def slaps(device: Any, world: World) -> None:
    scanner(device, CaptureSet.RIGHT_SLAP, (2, 3, 4, 5))


def irises(device: Any, world: World) -> None:
    scanner(device, CaptureSet.BOTH_IRISES, (1, 2))


def scanner(device: Any, capture_set: CaptureSet, positions: tuple[int, ...]) -> None:
    begun(device)
    device.start_preview(capture_set)
    eventually(lambda: isinstance(device.latest(), Frame), what="a preview")
    good_frame(device.latest(), device, pixel_format=PixelFormat.GRAY8)
    device.stop_preview()
    eventually(lambda: device.state() is DeviceState.READY)
    request = CaptureRequest(capture_set, positions, transaction_id=TRANSACTION)
    answer = device.capture(request)
    assert isinstance(answer, ScannerCapture), answer
    assert sorted(sample.position for sample in answer.samples) == sorted(positions)
    chain = ""
    for sample in answer.samples:
        good_frame(sample.frame, device, pixel_format=PixelFormat.GRAY8)
        chain = chained(chain, sample.record)
        assert sample.chain_hash == chain
    device.stop()
    assert isinstance(device.capture(request), Fault), "nothing is captured by a scanner that is off"


def chained(before: str, record: bytes) -> str:
    """SBI 0.9.5, "hash": of the previous hash and the record's own; the first follows that of nothing."""
    previous = bytes.fromhex(before) if before else hashlib.sha256(b"").digest()
    return hashlib.sha256(previous + hashlib.sha256(record).digest()).hexdigest().upper()


def signature(device: Any, world: World) -> None:
    begun(device)
    size = device.geometry
    assert isinstance(size, PadGeometry)
    assert min(size.width, size.height, size.max_pressure, size.units_per_mm) > 0
    device.clear()
    assert device.points() == ()
    world.act()

    def signed() -> bool:
        points = device.points()
        return not isinstance(points, Fault) and len(lifts(points)) >= 1 and len(points) > 20

    eventually(signed)
    points = device.points()
    assert all(0 <= point.x <= size.width and 0 <= point.y <= size.height for point in points)
    assert all(0 <= point.pressure <= size.max_pressure for point in points)
    assert all(before.t_ns <= after.t_ns for before, after in pairwise(points))
    device.stop()
    assert isinstance(device.points(), Fault)


def lifts(points: tuple[PenPoint, ...]) -> list[PenPoint]:
    return [after for before, after in pairwise(points) if after.pressure == 0 < before.pressure]


def code(device: Any, world: World) -> None:
    begun(device)
    assert device.read() is None
    world.act()
    read: list[str] = []

    def scanned() -> bool:
        answer = device.read()
        if isinstance(answer, str):
            read.append(answer)
        return bool(read)

    eventually(scanned)
    assert read[0]
    assert read[0].isprintable()
    assert read[0] == read[0].strip("\r\n")
    device.stop()
    assert isinstance(device.read(), Fault)


def printer(device: Any, world: World) -> None:
    begun(device)
    assert device.print_slip(SLIP) is None
    device.stop()
    assert isinstance(device.print_slip(SLIP), Fault), "a slip for a printer that is off is refused, not lost"


def panel(device: Any, world: World) -> None:
    begun(device)
    for state in PanelState:
        device.show(state)
        assert isinstance(device.inputs(), PanelInputs)
    world.rest()
    eventually(lambda: not device.inputs().presence)
    world.act()
    eventually(lambda: device.inputs().presence, what="somebody stands before it")
    world.rest()
    device.stop()
    assert device.inputs() == PanelInputs()


def finger(device: Any, world: World) -> None:
    begun(device)
    world.rest()
    eventually(lambda: device.scan() is None, what="no finger")
    world.act()
    seen: list[Frame] = []

    def pressed() -> bool:
        frame = device.scan()
        if isinstance(frame, Frame):
            seen.append(good_frame(frame, device, pixel_format=PixelFormat.GRAY8))
        return bool(seen)

    eventually(pressed)
    assert seen[0].pixels.shape == (288, 256)
    assert seen[0].dpi is not None
    world.rest()
    device.stop()
    assert isinstance(device.scan(), Fault)


def power(device: Any, world: World) -> None:
    begun(device)
    eventually(lambda: isinstance(device.power(), PowerStatus))
    status = device.power()
    assert status.on_mains in (True, False, None)
    assert status.charge_percent is None or 0 <= status.charge_percent <= 100
    assert status.runtime_s is None or status.runtime_s >= 0
    assert status.read_ns <= time.monotonic_ns()
    device.stop()
    assert isinstance(device.power(), Fault)


def position(device: Any, world: World) -> None:
    begun(device)
    eventually(lambda: isinstance(device.position(), Position), what="a fix: out of doors")
    place, told = device.position(), device.satellite_time()
    assert isinstance(place, Position)
    assert -90 <= place.latitude_deg <= 90
    assert -180 <= place.longitude_deg <= 180
    assert isinstance(told, SatelliteTime)
    assert told.utc.tzinfo is UTC
    assert told.uncertainty_s > 0
    device.stop()
    assert isinstance(device.position(), Fault)
    assert isinstance(device.satellite_time(), Fault)


def card(device: Any, world: World) -> None:
    if not world.pin:
        pytest.skip("KIOSK_HW_CARD_PIN is not set")
    begun(device)
    world.act()
    eventually(lambda: isinstance(device.card(), Card))
    named = device.card()
    assert named.label or named.serial
    x509.load_der_x509_certificate(named.certificate)
    signed = device.sign(challenge=os.urandom(32), pin=world.pin)
    assert isinstance(signed, CardSignature)
    assert signed.certificate == named.certificate
    with pytest.raises(ValueError, match="challenge"):
        device.sign(challenge=b"", pin=world.pin)
    world.rest()
    eventually(lambda: device.card() == CardAbsent())
    assert device.sign(challenge=b"x", pin=world.pin) == CardAbsent()
    device.stop()
    assert isinstance(device.card(), Fault)


SESSIONS: Mapping[DeviceKind, Callable[[Any, World], None]] = {
    DeviceKind.FACE_CAMERA: camera,
    DeviceKind.SLAP_SCANNER: slaps,
    DeviceKind.IRIS_CAMERA: irises,
    DeviceKind.SIGNATURE_PAD: signature,
    DeviceKind.CODE_SCANNER: code,
    DeviceKind.PRINTER: printer,
    DeviceKind.PANEL: panel,
    DeviceKind.FINGER_MODULE: finger,
    DeviceKind.POWER: power,
    DeviceKind.POSITION: position,
    DeviceKind.CARD: card,
}
