"""The face camera: live pictures from the simulated camera's stream, and from a film."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from hw.api import DeviceInfo, DeviceState, Fault, FaultCode, Frame, PixelFormat
from hw.camera.face_camera import OpenCvFaceCamera
from hw.registry import DeviceUrlError, open_device
from hw.sim.camera import SimulatedFaceCamera
from tests.hw.support import DrawnSubject, eventually

FOR_EVER = 10**9


@pytest.fixture
def simulated() -> Iterator[SimulatedFaceCamera]:
    device = SimulatedFaceCamera(DrawnSubject())
    device.start()
    yield device
    device.stop()


@pytest.fixture
def camera(simulated: SimulatedFaceCamera) -> Iterator[Any]:
    driver = open_device(simulated.url)
    driver.start()
    yield driver
    driver.stop()


def live(camera: OpenCvFaceCamera) -> bool:
    return isinstance(camera.latest(), Frame)


def fault_code(camera: OpenCvFaceCamera) -> FaultCode | None:
    latest = camera.latest()
    return latest.code if isinstance(latest, Fault) else None


def test_the_picture_is_what_stands_before_the_camera(camera: OpenCvFaceCamera) -> None:
    eventually(lambda: live(camera))
    frame = camera.latest()
    assert isinstance(frame, Frame)
    assert (frame.pixels.shape, frame.pixels.dtype) == ((720, 1280, 3), np.uint8)
    assert (frame.pixel_format, frame.dpi) == (PixelFormat.RGB8, None)
    assert np.abs(frame.pixels.astype(int) - (200, 40, 20)).max() <= 4


def test_a_frame_cannot_be_written_to(camera: OpenCvFaceCamera) -> None:
    eventually(lambda: live(camera))
    frame = camera.latest()
    assert isinstance(frame, Frame)
    with pytest.raises(ValueError, match="read-only"):
        frame.pixels[0, 0] = 0


def test_only_the_newest_frame_is_kept(camera: OpenCvFaceCamera) -> None:
    eventually(lambda: live(camera))
    first = camera.latest()
    assert isinstance(first, Frame)
    eventually(lambda: live(camera) and camera.latest().sequence >= first.sequence + 5)
    second = camera.latest()
    assert isinstance(second, Frame)
    assert second.captured_ns > first.captured_ns


def test_another_person_sits_down_in_mid_stream(
    simulated: SimulatedFaceCamera, camera: OpenCvFaceCamera
) -> None:
    eventually(lambda: live(camera))
    simulated.meet(DrawnSubject(colour=(10, 20, 220)))
    eventually(lambda: live(camera) and camera.latest().pixels[0, 0, 2] > 200)


def test_a_frozen_stream_is_a_fault_and_not_a_frozen_face(
    simulated: SimulatedFaceCamera, camera: OpenCvFaceCamera
) -> None:
    eventually(lambda: live(camera))
    simulated.fail("stalled", count=FOR_EVER)
    eventually(lambda: fault_code(camera) is FaultCode.STALLED)
    assert camera.state() is DeviceState.FAULT


def test_a_frozen_stream_heals(simulated: SimulatedFaceCamera, camera: OpenCvFaceCamera) -> None:
    eventually(lambda: live(camera))
    simulated.fail("stalled", count=FOR_EVER)
    eventually(lambda: fault_code(camera) is not None)
    simulated.fail("stalled", count=0)
    eventually(lambda: live(camera))
    assert camera.state() is DeviceState.READY


def test_a_camera_that_never_sends_is_a_fault_too(simulated: SimulatedFaceCamera) -> None:
    simulated.fail("stalled", count=FOR_EVER)
    camera = open_device(simulated.url)
    camera.start()
    eventually(lambda: camera.state() is DeviceState.LOST)
    assert isinstance(camera.info(), Fault)
    camera.stop()


def test_damaged_pictures_do_not_end_the_stream(
    simulated: SimulatedFaceCamera, camera: OpenCvFaceCamera
) -> None:
    eventually(lambda: live(camera))
    before = camera.latest()
    assert isinstance(before, Frame)
    simulated.fail("corrupt", count=5)
    eventually(lambda: live(camera) and camera.latest().sequence > before.sequence + 8)


def test_the_picture_is_gone_while_the_camera_is(
    simulated: SimulatedFaceCamera, camera: OpenCvFaceCamera
) -> None:
    eventually(lambda: live(camera))
    simulated.unplug()
    eventually(lambda: fault_code(camera) is FaultCode.NOT_CONNECTED)


def test_the_picture_is_gone_after_stop(camera: OpenCvFaceCamera) -> None:
    eventually(lambda: live(camera))
    camera.stop()
    assert fault_code(camera) is FaultCode.NOT_CONNECTED


def test_sequence_begins_anew_at_each_start(camera: OpenCvFaceCamera) -> None:
    eventually(lambda: live(camera) and camera.latest().sequence > 3)
    camera.stop()
    camera.start()
    eventually(lambda: live(camera))
    assert camera.latest().sequence <= 3


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Eight pictures, each lighter than the one before, at 50 a second."""
    path = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 50.0, (320, 240))
    for level in range(8):
        writer.write(np.full((240, 320, 3), 20 + 25 * level, dtype=np.uint8))
    writer.release()
    return path


def test_a_film_is_played_over_and_over(film: Path) -> None:
    camera = open_device(f"video://{film}")
    camera.start()
    seen: list[int] = []

    def played_three_times() -> bool:
        frame = camera.latest()
        if isinstance(frame, Frame) and (not seen or frame.sequence != seen[-1]):
            seen.append(frame.sequence)
        return bool(seen) and seen[-1] >= 24

    eventually(played_three_times)
    info = camera.info()
    assert isinstance(info, DeviceInfo)
    assert info.model == "film.avi"
    camera.stop()


def test_a_film_that_is_missing_is_a_lost_camera(tmp_path: Path) -> None:
    camera = open_device(f"video://{tmp_path / 'none.avi'}")
    camera.start()
    eventually(lambda: camera.state() is DeviceState.LOST)
    camera.stop()


def test_a_file_without_pictures_is_a_lost_camera(tmp_path: Path) -> None:
    (tmp_path / "text.avi").write_text("no film")
    camera = open_device(f"video://{tmp_path / 'text.avi'}")
    camera.start()
    eventually(lambda: camera.state() is DeviceState.LOST)
    camera.stop()


def test_a_missing_video_node_is_a_lost_camera() -> None:
    camera = open_device("v4l2:///dev/v4l/by-id/usb-NO_SUCH-video-index0")
    camera.start()
    eventually(lambda: camera.state() is DeviceState.LOST)
    camera.stop()


def test_a_picture_size_out_of_range_is_refused() -> None:
    with pytest.raises(DeviceUrlError, match=r"parameter width '99999' .* 160 to 4096"):
        open_device("v4l2:///dev/video0?width=99999")
