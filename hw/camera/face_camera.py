"""The face camera's driver: one thread that keeps the newest picture, and nothing older."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from types import MappingProxyType

import cv2
import numpy as np

from hw import udev
from hw.api import (
    DeviceInfo,
    DeviceKind,
    DeviceState,
    FaceCamera,
    Fault,
    FaultCode,
    Frame,
    PixelFormat,
    SelfTest,
    SelfTestCode,
)
from hw.camera.controls import Controls
from hw.camera.sources import HttpStream, Picture, SourceSpec, V4l2Node, VideoFile
from hw.device_url import DeviceUrl
from hw.worker import DeviceWorker, Session, SessionEnded

STALL_S = 1.0
"""A frozen face on the screen is worse than none: past this age a picture is not shown as live."""

STOP_TIMEOUT_S = 12.0
"""OpenCV waits up to 10 s for the first picture of a V4L2 camera that is stuck."""

_HELD: Mapping[str, SelfTestCode] = MappingProxyType(
    {"exposure": SelfTestCode.EXPOSURE_HELD, "white_balance": SelfTestCode.WHITE_BALANCE_HELD}
)

SELF_TEST_FRAMES = 3
SELF_TEST_TIMEOUT_S = 3.0


class OpenCvFaceCamera:
    def __init__(self, source: SourceSpec, *, url: str) -> None:
        self._source = source
        self._url = url
        self._worker = DeviceWorker(kind=self.kind, serve=self._serve, stop_timeout_s=STOP_TIMEOUT_S)
        self._latest: Frame | None = None
        self._received = 0
        self._not_held: tuple[str, ...] = ()

    @property
    def kind(self) -> DeviceKind:
        return DeviceKind.FACE_CAMERA

    @property
    def url(self) -> str:
        return self._url

    def info(self) -> DeviceInfo | Fault:
        standing = self._worker.standing
        if standing.fault is not None:
            return standing.fault
        match self._source:
            case V4l2Node(path=path):
                return udev.identify(path, kind=self.kind, url=self._url)
            case VideoFile(path=path):
                return DeviceInfo(kind=self.kind, url=self._url, make="file", model=path.name)
            case HttpStream():
                return DeviceInfo(kind=self.kind, url=self._url, make="http", model="motion JPEG")

    def state(self) -> DeviceState:
        if self._worker.standing.state is DeviceState.READY and self._stalled_for_s() > STALL_S:
            return DeviceState.FAULT
        return self._worker.standing.state

    def start(self) -> None:
        self._worker.start()

    def stop(self) -> None:
        self._worker.stop()
        self._latest = None
        self._received = 0

    def latest(self) -> Frame | Fault | None:
        """None while the source is being opened for the first time; see `hw.api.FaceCamera`."""
        standing = self._worker.standing
        if standing.state is DeviceState.CONNECTING:
            return None
        if standing.fault is not None:
            return standing.fault
        if (age_s := self._stalled_for_s()) > STALL_S:
            return Fault(FaultCode.STALLED, self.kind, f"no picture for {age_s:.1f} s")
        return self._latest

    def self_test(self) -> tuple[SelfTest, ...]:
        with self._worker.running():
            opened = self._worker.test_opening(SelfTestCode.CAMERA_OPENS)
            if not opened.passed:
                return (opened,)
            return (opened, self._test_pictures(), *self._test_controls())

    def _test_pictures(self) -> SelfTest:
        deadline = time.monotonic() + SELF_TEST_TIMEOUT_S
        first = self._received
        while self._received < first + SELF_TEST_FRAMES and time.monotonic() < deadline:
            time.sleep(0.02)
        arrived = self._received - first
        enough = arrived >= SELF_TEST_FRAMES
        detail = "" if enough else f"{arrived} of {SELF_TEST_FRAMES} in {SELF_TEST_TIMEOUT_S:.0f} s"
        return SelfTest(SelfTestCode.PICTURES_ARRIVE, passed=enough, detail=detail)

    def _test_controls(self) -> tuple[SelfTest, ...]:
        """One line for each control that the camera did not take."""
        return tuple(SelfTest(_HELD[control], passed=False) for control in self._not_held)

    def _stalled_for_s(self) -> float:
        frame = self._latest
        return (time.monotonic_ns() - frame.captured_ns) / 1e9 if frame is not None else 0.0

    def _serve(self, session: Session) -> None:
        with contextlib.closing(self._source.open()) as source:
            self._not_held = source.not_held
            while not session.stopped:
                picture = source.read()
                if picture is None:
                    raise SessionEnded(FaultCode.STALLED, "the source gives no more pictures")
                self._keep(picture)
                session.ready()
                session.wait(source.interval_s)

    def _keep(self, picture: Picture) -> None:
        pixels = _rgb(picture)
        pixels.setflags(write=False)
        self._received += 1
        self._latest = Frame(
            pixels=pixels,
            pixel_format=PixelFormat.RGB8,
            dpi=None,
            sequence=self._received,
            captured_ns=time.monotonic_ns(),
            device=self._url,
        )


def _rgb(picture: Picture) -> Picture:
    """As one long row, in the same time: OpenCV shares several among its threads, and keeps 0.9 kB for good of
    each thread that made it do so (opencv/opencv#23912, seen with 5.0). Ours is a new one at each opening."""
    row = cv2.cvtColor(picture.reshape(1, -1, 3), cv2.COLOR_BGR2RGB)
    return np.asarray(row, dtype=np.uint8).reshape(picture.shape)


def open_url(url: DeviceUrl) -> FaceCamera:
    width = url.integer("width", default=1280, lowest=160, highest=4096)
    height = url.integer("height", default=720, lowest=120, highest=4096)
    source: SourceSpec
    if url.scheme == "v4l2":
        source = V4l2Node(url.device_path(), width=width, height=height, controls=Controls.of(url))
    elif url.scheme == "video":
        source = VideoFile(path=url.device_path())
    else:
        url.address()
        source = HttpStream(address=url.text)
    return OpenCvFaceCamera(source, url=url.text)
