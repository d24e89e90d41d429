"""Opening, closing and frames leave threads, descriptors and memory where they were.

A few rounds here; `make soak` asks for a thousand openings and ten thousand frames of each.
"""

from __future__ import annotations

import ctypes
import gc
import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from hw.api import CaptureSet, DeviceKind, DeviceState, Frame
from hw.camera.face_camera import OpenCvFaceCamera
from hw.camera.sources import V4l2Node
from hw.iris.nir_pair import NirPairScanner
from hw.recording.player import Player
from hw.recording.tape import read_tape
from hw.registry import open_device
from tests.hw.contract.benches import BENCHES, HARDWARE, set_up
from tests.hw.fake_v4l2 import FakeCamera
from tests.hw.holdings import Holdings, holdings, python_threads
from tests.hw.support import eventually

OPENINGS = int(os.environ.get("KIOSK_SOAK_OPENINGS", "6"))
FRAMES = int(os.environ.get("KIOSK_SOAK_FRAMES", "40"))
PATIENCE_S = max(30.0, FRAMES / 2)
WARM_UP = 3
"""The first times libraries keep what they need for good."""

SLACK_BYTES = 12 * 1024 * 1024
"""What the allocators of C libraries keep or give back at their own time: less than five pictures of 720
lines, or 1.2 kB for each of ten thousand frames."""

SIMULATED = [(kind, name) for kind, name in BENCHES if name != HARDWARE]


def resident_bytes() -> int:
    """Of this process, after what is free was given back to the kernel."""
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def settled(before: Holdings, resident: int) -> None:
    def back() -> bool:
        now = holdings()
        return now.threads <= before.threads and now.descriptors <= before.descriptors

    eventually(back, what=f"{before}, but {holdings()}, {python_threads()}")
    grown = resident_bytes() - resident
    assert grown <= SLACK_BYTES, f"{grown / 1e6:.1f} MB more"


def opened_and_closed(device: Any) -> None:
    device.start()
    eventually(lambda: device.state() is DeviceState.READY)
    device.stop()


@pytest.fixture(scope="module")
def tapes() -> dict[str, Path]:
    return {}


@pytest.mark.parametrize(("kind", "name"), SIMULATED, ids=[f"{kind}-{name}" for kind, name in SIMULATED])
def test_opening_and_closing_leaves_nothing(
    kind: DeviceKind, name: str, tmp_path: Path, tapes: dict[str, Path]
) -> None:
    with set_up(kind, name, tmp_path, tapes) as bench:
        device = bench.world.open()
        for _ in range(WARM_UP):
            opened_and_closed(device)
        eventually(lambda: not any(thread.startswith("process_request") for thread in python_threads()))
        before, resident = holdings(), resident_bytes()
        for _ in range(OPENINGS):
            opened_and_closed(device)
        settled(before, resident)


Maker = Callable[[Path, ExitStack, dict[str, Path]], Any]


def v4l2(folder: Path, name: str) -> OpenCvFaceCamera:
    (folder / name).touch()
    source = V4l2Node(folder / name, width=640, height=480, backend=FakeCamera(frame_s=0.001).backend())
    return OpenCvFaceCamera(source, url=f"v4l2://{folder / name}")


def v4l2_camera(folder: Path, stack: ExitStack, tapes: dict[str, Path]) -> Any:
    return v4l2(folder, "video0")


def nir_pair(folder: Path, stack: ExitStack, tapes: dict[str, Path]) -> Any:
    pair = NirPairScanner(right=v4l2(folder, "right"), left=v4l2(folder, "left"), url="nir:")
    pair.start_preview(CaptureSet.BOTH_IRISES)
    return pair


def http_camera(folder: Path, stack: ExitStack, tapes: dict[str, Path]) -> Any:
    """A recorded film as motion JPEG, faster than life."""
    stack.enter_context(set_up(DeviceKind.FACE_CAMERA, "recording-video", folder, tapes))
    player = Player(read_tape(tapes["face-video"]), folder=folder, speed=20.0)
    player.start()
    stack.callback(player.stop)
    return open_device(player.url)


def scanner(kind: DeviceKind, capture_set: CaptureSet) -> Maker:
    def make(folder: Path, stack: ExitStack, tapes: dict[str, Path]) -> Any:
        device = stack.enter_context(set_up(kind, "simulator-sbi", folder, tapes)).world.open()
        device.start_preview(capture_set)
        return device

    return make


SOURCES: dict[str, Maker] = {
    "v4l2": v4l2_camera,
    "http": http_camera,
    "nir": nir_pair,
    "slap": scanner(DeviceKind.SLAP_SCANNER, CaptureSet.RIGHT_SLAP),
    "iris": scanner(DeviceKind.IRIS_CAMERA, CaptureSet.BOTH_IRISES),
}


@pytest.mark.parametrize("source", SOURCES)
def test_frames_leave_nothing(source: str, tmp_path: Path, tapes: dict[str, Path]) -> None:
    with ExitStack() as stack:
        device = SOURCES[source](tmp_path, stack, tapes)
        device.start()
        stack.callback(device.stop)
        seen(device, FRAMES // 10)
        before, resident = holdings(), resident_bytes()
        seen(device, FRAMES)
        settled(before, resident)


def seen(device: Any, frames: int) -> None:
    """Waits for so many more frames; one that is not looked at counts, as the driver received it."""
    first: list[int] = []

    def passed() -> bool:
        frame = device.latest()
        if isinstance(frame, Frame):
            first.append(frame.sequence)
            del first[1:]
            return frame.sequence >= first[0] + frames
        return False

    eventually(passed, patience_s=PATIENCE_S, what=f"{frames} frames")
