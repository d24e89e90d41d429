"""Where a driver is tried: on a simulator, on a recording of one, and on real hardware that is named.

    KIOSK_HW_PRINTER=escpos+tcp://192.0.2.9:9100 python -m pytest -s tests/hw/contract

A variable for each kind: KIOSK_HW_FACE, _SLAP, _IRIS, _SIGNATURE, _CODE, _PRINTER, _PANEL, _FINGER, _POWER,
_POSITION and _CARD (whose PIN is in KIOSK_HW_CARD_PIN; it is never tried wrong). Panel and fuel gauge have no
recording because they have no wire of bytes, the card because its would hold a PIN.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from hw.api import DeviceKind, Finger
from hw.device_url import DeviceUrl
from hw.power.max17043 import Max17043Gauge
from hw.recording.pictures import PictureRecorder
from hw.recording.player import Player
from hw.recording.tap import Tap
from hw.recording.tape import TapeWriter, read_tape
from hw.recording.wires import Wire, wire_of
from hw.registry import open_device
from hw.sim.camera import SimulatedFaceCamera
from hw.sim.code import SimulatedCodeScanner
from hw.sim.finger.module import SimulatedFingerModule
from hw.sim.panel import SimulatedPanel
from hw.sim.position import SimulatedGpsd
from hw.sim.power import SimulatedUps
from hw.sim.power_gauge import SimulatedGauge
from hw.sim.printer import SimulatedPrinter
from hw.sim.sbi.authority import DeviceAuthority
from hw.sim.sbi.service import SbiService
from hw.sim.signature import SimulatedSignaturePad
from hw.sim.token import PIN, SimulatedToken
from hw.sim.touch_pad import SimulatedTouchPad
from tests.hw.contract.sessions import SESSIONS
from tests.hw.finger.support import WavyFingers
from tests.hw.sbi.stage import Passenger
from tests.hw.support import DrawnSubject, eventually

HARDWARE, SIMULATOR, RECORDING = "hardware", "simulator", "recording"


@dataclass(frozen=True)
class World:
    """What is outside the driver. act: what a hand does: scans, signs, lays a finger on. rest: undoes it."""

    open: Callable[[], Any]
    act: Callable[[], None] = lambda: None
    rest: Callable[[], None] = lambda: None
    pin: str = PIN


@dataclass(frozen=True)
class Bench:
    kind: DeviceKind
    name: str
    world: World


def _face(folder: Path, stack: ExitStack) -> World:
    return _by_url(_running(SimulatedFaceCamera(DrawnSubject()), stack))


def _film(folder: Path, stack: ExitStack) -> World:
    path = folder / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25.0, (160, 120))
    for level in range(12):
        writer.write(np.full((120, 160, 3), 20 + 15 * level, dtype=np.uint8))
    writer.release()
    return World(lambda: open_device(f"video://{path}"))


def _sbi(kind: DeviceKind) -> Callable[[Path, ExitStack], World]:
    def make(folder: Path, stack: ExitStack) -> World:
        authority = DeviceAuthority.open(folder / "authority")
        service = SbiService(Passenger(), authority=authority, kind=kind, capture_delay_s=0.0)
        return _by_url(_running(service, stack))

    return make


def _pad(folder: Path, stack: ExitStack) -> World:
    device = _running(SimulatedSignaturePad(DrawnSubject(), folder=folder), stack)
    return _by_url(device, act=lambda: device.sign(speed=5))


def _touch_pad(folder: Path, stack: ExitStack) -> World:
    device = _running(SimulatedTouchPad(DrawnSubject(), folder=folder), stack)
    return _by_url(device, act=device.sign)


def _code(folder: Path, stack: ExitStack) -> World:
    device = _running(SimulatedCodeScanner(folder=folder), stack)
    return _by_url(device, act=lambda: device.scan("A-014"))


def _printer(folder: Path, stack: ExitStack) -> World:
    return _by_url(_running(SimulatedPrinter(), stack))


def _panel(folder: Path, stack: ExitStack) -> World:
    device = _running(SimulatedPanel(), stack)
    return _by_url(
        device, act=lambda: device.set_inputs(presence=True), rest=lambda: device.set_inputs(presence=False)
    )


def _finger(folder: Path, stack: ExitStack) -> World:
    device = _running(SimulatedFingerModule(WavyFingers(), folder=folder), stack)
    return _by_url(device, act=lambda: device.place(Finger.RIGHT_INDEX), rest=device.lift)


def _ups(folder: Path, stack: ExitStack) -> World:
    return _by_url(_running(SimulatedUps(), stack))


def _gauge(folder: Path, stack: ExitStack) -> World:
    device = _running(SimulatedGauge(), stack)
    return World(lambda: Max17043Gauge(device.open_bus, url=device.url))


def _gpsd(folder: Path, stack: ExitStack) -> World:
    return _by_url(_running(SimulatedGpsd(interval_s=0.2), stack))


def _card(folder: Path, stack: ExitStack) -> World:
    if not SimulatedToken.installed():
        pytest.skip("SoftHSM is absent: apt-get install softhsm2")
    device = _running(SimulatedToken(folder=folder), stack)
    return _by_url(device, act=device.plug, rest=device.unplug)


Maker = Callable[[Path, ExitStack], World]
SIMULATED: dict[DeviceKind, dict[str, Maker]] = {
    DeviceKind.FACE_CAMERA: {"http": _face, "video": _film},
    DeviceKind.SLAP_SCANNER: {"sbi": _sbi(DeviceKind.SLAP_SCANNER)},
    DeviceKind.IRIS_CAMERA: {"sbi": _sbi(DeviceKind.IRIS_CAMERA)},
    DeviceKind.SIGNATURE_PAD: {"epad": _pad, "evdev": _touch_pad},
    DeviceKind.CODE_SCANNER: {"serial": _code},
    DeviceKind.PRINTER: {"escpos+tcp": _printer},
    DeviceKind.PANEL: {"gpio": _panel},
    DeviceKind.FINGER_MODULE: {"serial": _finger},
    DeviceKind.POWER: {"nut": _ups, "max17043": _gauge},
    DeviceKind.POSITION: {"gpsd": _gpsd},
    DeviceKind.CARD: {"pkcs11": _card},
}
UNRECORDED = ("gpio", "max17043", "pkcs11")

BENCHES = [
    (kind, f"{source}-{name}" if name else source)
    for kind, makers in SIMULATED.items()
    for source, name in (
        *((SIMULATOR, name) for name in makers),
        *((RECORDING, name) for name in makers if name not in UNRECORDED),
        (HARDWARE, ""),
    )
]


@contextmanager
def set_up(kind: DeviceKind, name: str, folder: Path, tapes: dict[str, Path]) -> Iterator[Bench]:
    """tapes: recordings already made, by kind and scheme."""
    source, _, scheme = name.partition("-")
    with ExitStack() as stack:
        if source == HARDWARE:
            world = _hardware(kind)
        elif source == SIMULATOR:
            world = SIMULATED[kind][scheme](folder, stack)
        else:
            key = f"{kind}-{scheme}"
            if key not in tapes:
                tapes[key] = _record(kind, scheme, folder)
            player = Player(read_tape(tapes[key]), folder=folder)
            player.start()
            stack.callback(player.stop)
            world = World(lambda: open_device(player.url))
        yield Bench(kind, name, world)


def _hardware(kind: DeviceKind) -> World:
    variable = f"KIOSK_HW_{kind.upper()}"
    if not (url := os.environ.get(variable)):
        pytest.skip(f"no real device: {variable} is not set")
    return World(
        lambda: open_device(url),
        act=lambda: print(f"{url}: now scan, sign, put the card or a finger there", flush=True),
        rest=lambda: print(f"{url}: now take it away", flush=True),
        pin=os.environ.get("KIOSK_HW_CARD_PIN", ""),
    )


def _record(kind: DeviceKind, scheme: str, folder: Path) -> Path:
    """A session with the simulator, through the tap, as `hw capture --through` records it."""
    inner = folder / "recorded-device"
    inner.mkdir()
    path = folder / f"{kind}-{scheme}.hwrec"
    with ExitStack() as stack:
        world = SIMULATED[kind][scheme](inner, stack)
        device = world.open()
        url = DeviceUrl.parse(device.url)
        tape = stack.enter_context(TapeWriter(path, url=url.text, wire=wire_of(url)))
        if wire_of(url) is Wire.PICTURES:
            stack.callback(device.stop)
            recorder = PictureRecorder(device, tape)
            device.start()
            eventually(lambda: recorder.look() or getattr(device.latest(), "sequence", 0) > 12)
            return path
        tap = Tap(url, tape, folder=folder)
        tap.start()
        stack.callback(tap.stop)
        driver = open_device(tap.url)
        stack.callback(driver.stop)
        assert driver.self_test()
        SESSIONS[kind](driver, World(lambda: driver, world.act, world.rest))
    return path


def _by_url(device: Any, **hands: Callable[[], None]) -> World:
    return World(lambda: open_device(device.url), **hands)


def _running(device: Any, stack: ExitStack) -> Any:
    device.start()
    stack.callback(device.stop)
    return device
