"""Two near-infrared cameras as one iris camera: the eyes in their places, of one moment, never mirrored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from hw.api import (
    CaptureRequest,
    CaptureSet,
    DeviceKind,
    DeviceState,
    Eye,
    Fault,
    FaultCode,
    Frame,
    ScannerCapture,
    SelfTest,
    SelfTestCode,
)
from hw.camera.face_camera import OpenCvFaceCamera
from hw.camera.sources import V4l2Node
from hw.iris.nir_pair import NirPairScanner
from hw.registry import DeviceUrlError, kind_of, open_device
from hw.sbi.chain import next_hash
from hw.sbi.records import parse_iris_record
from hw.self_tests import check_of
from tests.hw.fake_v4l2 import FakeCamera
from tests.hw.support import eventually

BY_ID = "v4l2:///dev/v4l/by-id/usb-CAM_"


@dataclass(frozen=True)
class Bench:
    scanner: NirPairScanner
    right: FakeCamera
    left: FakeCamera


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with built(tmp_path) as ready:
        yield ready


@contextmanager
def built(folder: Path) -> Iterator[Bench]:
    fakes = (FakeCamera(level=200), FakeCamera(level=60))

    def camera(name: str, fake: FakeCamera) -> OpenCvFaceCamera:
        (folder / name).touch()
        node = V4l2Node(folder / name, width=320, height=240, backend=fake.backend())
        return OpenCvFaceCamera(node, url=f"v4l2://{folder / name}")

    scanner = NirPairScanner(right=camera("right", fakes[0]), left=camera("left", fakes[1]), url="nir:")
    scanner.start()
    eventually(lambda: scanner.state() is DeviceState.READY)
    yield Bench(scanner, *fakes)
    scanner.stop()


def seen(scanner: NirPairScanner) -> Frame:
    eventually(lambda: isinstance(scanner.latest(), Frame))
    frame = scanner.latest()
    assert isinstance(frame, Frame)
    return frame


def captured(scanner: NirPairScanner, *positions: int, previous: str = "") -> ScannerCapture:
    answer = scanner.capture(CaptureRequest(CaptureSet.BOTH_IRISES, positions, previous_hash=previous))
    assert isinstance(answer, ScannerCapture), answer
    return answer


def test_the_right_eye_is_in_the_left_half(bench: Bench) -> None:
    bench.scanner.start_preview(CaptureSet.BOTH_IRISES)
    frame = seen(bench.scanner)
    assert frame.pixels.shape == (240, 640)
    assert not frame.pixels.flags.writeable
    assert (frame.pixels[0, 0], frame.pixels[0, -1]) == (200, 60)


def test_pictures_are_never_mirrored(bench: Bench) -> None:
    bench.right.mark = bench.left.mark = (5, 10)
    for sample in captured(bench.scanner, 1, 2).samples:
        marked = np.argwhere(sample.frame.pixels == 255)
        assert [tuple(place) for place in marked] == [(5, 10)]


def test_frames_come_only_while_a_preview_runs(bench: Bench) -> None:
    assert bench.scanner.latest() is None
    bench.scanner.start_preview(CaptureSet.BOTH_IRISES)
    seen(bench.scanner)
    bench.scanner.stop_preview()
    assert bench.scanner.latest() is None
    bench.scanner.start_preview(CaptureSet.RIGHT_SLAP)
    assert bench.scanner.latest() is None


def test_a_capture_has_each_eye_in_a_record_of_its_own(bench: Bench) -> None:
    first = captured(bench.scanner, Eye.RIGHT, Eye.LEFT)
    assert [(sample.position, int(sample.frame.pixels[0, 0])) for sample in first.samples] == [
        (1, 200),
        (2, 60),
    ]
    for sample in first.samples:
        record = parse_iris_record(sample.record)
        assert record.position == sample.position
        picture = cv2.imdecode(np.frombuffer(record.data, np.uint8), cv2.IMREAD_UNCHANGED)
        assert np.array_equal(picture, sample.frame.pixels), "without loss"
    right, left = first.samples
    assert right.chain_hash == next_hash("", right.record)
    assert left.chain_hash == next_hash(right.chain_hash, left.record)


def test_one_eye_alone_continues_the_chain(bench: Bench) -> None:
    before = "AB" * 32
    (only,) = captured(bench.scanner, Eye.LEFT, previous=before).samples
    assert only.position == Eye.LEFT
    assert only.chain_hash == next_hash(before, only.record)


@pytest.mark.parametrize(
    ("capture_set", "positions"), [(CaptureSet.RIGHT_SLAP, (2, 3)), (CaptureSet.BOTH_IRISES, (1, 2, 3))]
)
def test_a_hand_is_no_eye(bench: Bench, capture_set: CaptureSet, positions: tuple[int, ...]) -> None:
    fault = bench.scanner.capture(CaptureRequest(capture_set, positions))
    assert isinstance(fault, Fault)
    assert fault.code is FaultCode.WRONG_POSITIONS


def test_pictures_of_different_moments_are_no_pair(bench: Bench) -> None:
    bench.left.stuck.set()
    fault = bench.scanner.capture(CaptureRequest(CaptureSet.BOTH_IRISES, (1, 2), timeout_s=0.3))
    assert isinstance(fault, Fault)
    assert fault.code in (FaultCode.TIMED_OUT, FaultCode.STALLED)
    eventually(lambda: bench.scanner.state() is DeviceState.READY, what="opened again")
    assert len(captured(bench.scanner, 1, 2).samples) == 2


def test_one_camera_pulled_out_is_the_iris_cameras_fault_and_heals(bench: Bench) -> None:
    bench.right.gone.set()
    eventually(lambda: bench.scanner.state() is not DeviceState.READY)
    fault = bench.scanner.latest()
    assert isinstance(fault, Fault)
    assert fault.device is DeviceKind.IRIS_CAMERA
    bench.right.gone.clear()
    eventually(lambda: bench.scanner.state() is DeviceState.READY)


def test_the_self_test_names_the_eye(bench: Bench) -> None:
    codes = (SelfTestCode.CAMERA_OPENS, SelfTestCode.PICTURES_ARRIVE)
    tests = bench.scanner.self_test()
    assert tests == tuple(SelfTest(code, passed=True, eye=eye) for eye in Eye for code in codes)
    assert [check_of(test) for test in tests][::2] == [
        "right eye: the camera opens",
        "left eye: the camera opens",
    ]


def test_cameras_are_bound_by_who_they_are() -> None:
    url = f"nir:?right={BY_ID}1-video-index0&left={BY_ID}2-video-index0"
    assert kind_of(url) is DeviceKind.IRIS_CAMERA
    assert isinstance(open_device(url), NirPairScanner)


@pytest.mark.parametrize(
    ("right", "left", "wrong"),
    [
        ("v4l2:///dev/video0", f"{BY_ID}2", "right"),
        (f"{BY_ID}1", "v4l2:///dev/video2", "left"),
        (f"{BY_ID}1", f"{BY_ID}1", "left"),
        (f"{BY_ID}1", "", "left"),
        ("serial:///dev/ttyUSB0", f"{BY_ID}2", "right"),
    ],
)
def test_eyes_that_could_change_places_are_refused(right: str, left: str, wrong: str) -> None:
    with pytest.raises(DeviceUrlError, match=f"parameter {wrong}"):
        open_device(f"nir:?right={right}&left={left}")
