"""Two near-infrared cameras as one iris camera: `nir:?right=v4l2:///dev/v4l/by-id/..&left=v4l2:///dev/v4l/by-id/..`.

The fallback where there is no certified dual-iris camera. Which camera looks at which eye is told by who the
cameras are, never by the order in which they were found; pictures are as the sensors gave them, never
mirrored. Its records are not signed: nothing but this kiosk vouches for them.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hw.api import (
    CapturedSample,
    CaptureRequest,
    CaptureSet,
    DeviceInfo,
    DeviceKind,
    DeviceState,
    Eye,
    FaceCamera,
    Fault,
    FaultCode,
    Frame,
    PixelFormat,
    Scanner,
    ScannerCapture,
    SelfTest,
)
from hw.camera import face_camera
from hw.device_url import DeviceUrl, DeviceUrlError
from hw.iris.record import iris_record
from hw.sbi.chain import next_hash

MAX_APART_NS: Final = 100_000_000
"""Two free-running cameras at 15 pictures a second are at most 67 ms apart; an eye moves on after that."""

LOOK_S: Final = 0.01
_SCHEMES: Final = ("v4l2", "http", "video")
_FIRM_NAMES: Final = ("/dev/v4l/by-id/", "/dev/v4l/by-path/")


@dataclass(frozen=True, slots=True, eq=False)
class _Pair:
    right: Frame
    left: Frame

    @property
    def taken_ns(self) -> int:
        return min(self.right.captured_ns, self.left.captured_ns)


class NirPairScanner:
    """See `hw.api.Scanner`. A preview frame has the person's right eye in its left half, as one faces them."""

    def __init__(self, *, right: FaceCamera, left: FaceCamera, url: str) -> None:
        """The cameras are this scanner's alone."""
        self._eyes = {Eye.RIGHT: right, Eye.LEFT: left}
        self._url = url
        self._lock = threading.Lock()
        self._previewing = False
        self._shown: tuple[int, int] | None = None
        self._frame: Frame | None = None
        self._sequence = 0

    @property
    def kind(self) -> DeviceKind:
        return DeviceKind.IRIS_CAMERA

    @property
    def url(self) -> str:
        return self._url

    def info(self) -> DeviceInfo | Fault:
        right, left = (camera.info() for camera in self._eyes.values())
        for info in (right, left):
            if isinstance(info, Fault):
                return self._own(info)
        assert isinstance(right, DeviceInfo)  # noqa: S101 - looked at above
        assert isinstance(left, DeviceInfo)  # noqa: S101
        serials = "+".join(filter(None, (right.serial, left.serial)))
        return replace(right, kind=self.kind, url=self._url, serial=serials)

    def state(self) -> DeviceState:
        """READY when both are; else what is wrong with one of them."""
        states = [camera.state() for camera in self._eyes.values()]
        return next((state for state in states if state is not DeviceState.READY), DeviceState.READY)

    def start(self) -> None:
        for camera in self._eyes.values():
            camera.start()

    def stop(self) -> None:
        self.stop_preview()
        for camera in self._eyes.values():
            camera.stop()

    def self_test(self) -> tuple[SelfTest, ...]:
        return tuple(
            replace(test, eye=eye) for eye, camera in self._eyes.items() for test in camera.self_test()
        )

    def start_preview(self, capture_set: CaptureSet) -> None:
        with self._lock:
            self._previewing = capture_set is CaptureSet.BOTH_IRISES
            self._shown = self._frame = None

    def stop_preview(self) -> None:
        with self._lock:
            self._previewing = False
            self._shown = self._frame = None

    def latest(self) -> Frame | Fault | None:
        pair = self._pair()
        with self._lock:
            if isinstance(pair, Fault) or not self._previewing:
                return pair if isinstance(pair, Fault) else None
            if pair is not None and (pair.right.sequence, pair.left.sequence) != self._shown:
                self._shown = (pair.right.sequence, pair.left.sequence)
                self._sequence += 1
                both = np.hstack((_grey(pair.right), _grey(pair.left)))
                self._frame = self._as_frame(both, sequence=self._sequence, taken_ns=pair.taken_ns)
            return self._frame

    def capture(self, request: CaptureRequest) -> ScannerCapture | Fault:
        """The first pair of pictures taken after the call."""
        wanted = set(request.positions)
        if request.capture_set is not CaptureSet.BOTH_IRISES or not wanted or not wanted <= set(Eye):
            return Fault(FaultCode.WRONG_POSITIONS, self.kind, "this camera sees irises alone")
        self.stop_preview()
        asked_ns = time.monotonic_ns()
        while time.monotonic_ns() - asked_ns < request.timeout_s * 1e9:
            pair = self._pair()
            if isinstance(pair, Fault):
                return pair
            if pair is not None and pair.taken_ns > asked_ns:
                return self._captured(pair, request)
            time.sleep(LOOK_S)
        return Fault(FaultCode.TIMED_OUT, self.kind, "no pair of pictures in time")

    def _captured(self, pair: _Pair, request: CaptureRequest) -> ScannerCapture | Fault:
        info = self.info()
        if isinstance(info, Fault):
            return info
        taken = datetime.now(UTC)
        chain, samples = request.previous_hash, []
        for eye, frame in ((Eye.RIGHT, pair.right), (Eye.LEFT, pair.left)):
            if eye not in request.positions:
                continue
            pixels = _grey(frame)
            record = iris_record(pixels, eye, taken=taken)
            chain = next_hash(chain, record)
            own = self._as_frame(pixels, sequence=frame.sequence, taken_ns=frame.captured_ns)
            samples.append(CapturedSample(eye, own, record, None, chain))
        return ScannerCapture(tuple(samples), info)

    def _pair(self) -> _Pair | Fault | None:
        """None until both have a picture of the same moment."""
        right, left = (camera.latest() for camera in self._eyes.values())
        for frame in (right, left):
            if isinstance(frame, Fault):
                return self._own(frame)
        if not (isinstance(right, Frame) and isinstance(left, Frame)):
            return None
        if abs(right.captured_ns - left.captured_ns) > MAX_APART_NS or right.pixels.shape != left.pixels.shape:
            return None
        return _Pair(right, left)

    def _as_frame(self, pixels: NDArray[np.uint8], *, sequence: int, taken_ns: int) -> Frame:
        pixels.setflags(write=False)
        return Frame(pixels, PixelFormat.GRAY8, None, sequence, taken_ns, self._url)

    def _own(self, fault: Fault) -> Fault:
        return replace(fault, device=self.kind)


def _grey(frame: Frame) -> NDArray[np.uint8]:
    """A camera without a colour filter says the same in all channels."""
    return np.asarray(cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def open_url(url: DeviceUrl) -> Scanner:
    right, left = (_camera(url, name) for name in ("right", "left"))
    if right.text == left.text:
        raise DeviceUrlError(url.text, "parameter left", left.text, ["another camera than the right eye's"])
    return NirPairScanner(right=face_camera.open_url(right), left=face_camera.open_url(left), url=url.text)


def _camera(url: DeviceUrl, name: str) -> DeviceUrl:
    """Numbers of nodes are dealt out anew at each start: with them the eyes would change places.

    A link outside /dev is kept by somebody who knows the unit, as `hw.hotplug.DeviceLinks` does.
    """
    text = url.parameters.get(name, "")
    camera = DeviceUrl.parse(text) if text else None
    if camera is None or camera.scheme not in _SCHEMES:
        raise DeviceUrlError(url.text, f"parameter {name}", text, [f"{scheme}:.. URL" for scheme in _SCHEMES])
    firm = not camera.path.startswith("/dev/") or camera.path.startswith(_FIRM_NAMES)
    if camera.scheme == "v4l2" and not firm:
        raise DeviceUrlError(url.text, f"parameter {name}", text, [f"v4l2://{firm}.." for firm in _FIRM_NAMES])
    return camera
