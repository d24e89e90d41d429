"""What is done over and over: every driver opened and closed, and every stream's frames received."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hw.api import CaptureSet, DeviceKind, Frame
from hw.camera.face_camera import OpenCvFaceCamera
from hw.camera.sources import V4l2Node
from hw.iris.nir_pair import NirPairScanner
from hw.recording.player import Player
from hw.recording.tape import read_tape
from hw.registry import open_device
from hw.sim.sbi.authority import DeviceAuthority
from hw.sim.sbi.service import SbiService
from tests.hw.contract.benches import BENCHES, HARDWARE, set_up
from tests.hw.fake_v4l2 import FakeCamera
from tests.hw.holdings import open_and_close
from tests.hw.sbi.stage import Passenger
from tests.hw.support import eventually

FRAME_S = 0.002
"""From one frame to the next: what leaks, leaks with frames and not with time."""

OPENINGS, FRAMES = "openings", "frames"

Repeat = Callable[[int], None]
"""Does it so many more times."""


@dataclass(frozen=True)
class Subject:
    """unit: OPENINGS or FRAMES. prepared: the simulator in a folder of its own; gone afterwards."""

    unit: str
    prepared: Callable[[Path], AbstractContextManager[Repeat]]


def _openings(kind: DeviceKind, name: str) -> Subject:
    @contextmanager
    def prepared(folder: Path) -> Iterator[Repeat]:
        with set_up(kind, name, folder, {}) as bench:
            device = bench.world.open()

            def repeat(count: int) -> None:
                for _ in range(count):
                    open_and_close(device)

            yield repeat

    return Subject(OPENINGS, prepared)


def _frames(make: Callable[[Path, ExitStack], Any]) -> Subject:
    @contextmanager
    def prepared(folder: Path) -> Iterator[Repeat]:
        with ExitStack() as stack:
            device = make(folder, stack)
            stack.callback(device.stop)
            device.start()
            yield lambda count: _see(device, count)

    return Subject(FRAMES, prepared)


def _see(device: Any, count: int) -> None:
    """Waits for so many more frames; one that is not looked at counts, as the driver received it."""

    def sequence() -> int:
        frame = device.latest()
        return frame.sequence if isinstance(frame, Frame) else 0

    eventually(sequence, what=lambda: f"a first frame, but {device.latest()}")
    last = sequence() + count
    while (seen := sequence()) < last:
        eventually(lambda seen=seen: sequence() > seen, what=lambda: f"another frame, but {device.latest()}")


def _v4l2(folder: Path, name: str = "video0") -> OpenCvFaceCamera:
    (folder / name).touch()
    source = V4l2Node(folder / name, width=640, height=480, backend=FakeCamera(frame_s=FRAME_S).backend())
    return OpenCvFaceCamera(source, url=f"v4l2://{folder / name}")


def _nir_pair(folder: Path) -> Any:
    pair = NirPairScanner(right=_v4l2(folder, "right"), left=_v4l2(folder, "left"), url="nir:")
    pair.start_preview(CaptureSet.BOTH_IRISES)
    return pair


def _http(folder: Path, stack: ExitStack) -> Any:
    """A recorded film as motion JPEG, faster than life."""
    tapes: dict[str, Path] = {}
    stack.enter_context(set_up(DeviceKind.FACE_CAMERA, "recording-video", folder, tapes))
    player = Player(read_tape(tapes["face-video"]), folder=folder, speed=0.04 / FRAME_S)
    player.start()
    stack.callback(player.stop)
    return open_device(player.url)


def _sbi(kind: DeviceKind, capture_set: CaptureSet) -> Callable[[Path, ExitStack], Any]:
    def make(folder: Path, stack: ExitStack) -> Any:
        authority = DeviceAuthority.open(folder / "authority")
        service = SbiService(Passenger(), authority=authority, kind=kind, frame_interval_s=FRAME_S)
        service.start()
        stack.callback(service.stop)
        device = open_device(service.url)
        device.start_preview(capture_set)
        return device

    return make


SUBJECTS: dict[str, Subject] = {
    **{f"{kind}-{name}": _openings(kind, name) for kind, name in BENCHES if name != HARDWARE},
    "frames-v4l2": _frames(lambda folder, _: _v4l2(folder)),
    "frames-http": _frames(_http),
    "frames-nir": _frames(lambda folder, _: _nir_pair(folder)),
    "frames-slap": _frames(_sbi(DeviceKind.SLAP_SCANNER, CaptureSet.RIGHT_SLAP)),
    "frames-iris": _frames(_sbi(DeviceKind.IRIS_CAMERA, CaptureSet.BOTH_IRISES)),
}
