"""`hw capture`: a session of a device into a file."""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from hw.api import Device, DeviceState, FaceCamera
from hw.commands.following import DEV, followed
from hw.device_url import DeviceUrl
from hw.recording.pictures import PictureRecorder
from hw.recording.tap import Tap
from hw.recording.tape import TapeWriter
from hw.recording.wires import Wire, described, wire_of
from hw.registry import kind_of, open_device

LOOK_S = 0.005


def capture(
    text: str, *, path: Path | None, seconds: float, through: bool, told: threading.Event, dev: Path = DEV
) -> tuple[Path, bool]:
    """Records until `seconds` are over or `told` is set. The file, and whether the device was well.

    through: another program drives the device, by the URL printed; else its driver runs here, self-test and
    all. dev: where the device nodes are. Raises DeviceUrlError, and OSError when the file is there already or
    the disk is full.
    """
    url = described(DeviceUrl.parse(text))
    kind, wire = kind_of(text), wire_of(url)
    chosen = path or Path(f"{kind}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.hwrec")
    open_device(text)  # a URL its driver would refuse leaves no file behind
    with (
        followed([url.text], dev=dev) as (to_open,),
        TapeWriter(chosen, url=url.text, wire=wire) as tape,
    ):
        if wire is Wire.PICTURES:
            well = _record_pictures(cast(FaceCamera, open_device(to_open)), tape, seconds, told)
        else:
            device = DeviceUrl.parse(to_open)
            well = _record_wire(device, tape, seconds, told, asked=url.text, through=through)
    if tape.failure is not None:
        raise tape.failure
    return chosen, well


def _record_wire(
    url: DeviceUrl, tape: TapeWriter, seconds: float, told: threading.Event, *, asked: str, through: bool
) -> bool:
    with (
        tempfile.TemporaryDirectory(prefix="hw-capture-") as folder,
        _tapped(url, tape, Path(folder)) as tapped,
    ):
        print(f"recording {asked} through {tapped}", file=sys.stderr, flush=True)
        if through:
            told.wait(seconds)
            return True
        with _started(open_device(tapped)) as device:
            well = all(test.passed for test in device.self_test())
            told.wait(seconds)
            return well


def _record_pictures(camera: FaceCamera, tape: TapeWriter, seconds: float, told: threading.Event) -> bool:
    recorder = PictureRecorder(camera, tape)
    with _started(camera):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not told.wait(LOOK_S):
            recorder.look()
        return camera.state() is DeviceState.READY


@contextmanager
def _tapped(url: DeviceUrl, tape: TapeWriter, folder: Path) -> Iterator[str]:
    tap = Tap(url, tape, folder=folder)
    tap.start()
    try:
        yield tap.url
    finally:
        tap.stop()


@contextmanager
def _started(device: Device) -> Iterator[Device]:
    device.start()
    try:
        yield device
    finally:
        device.stop()
