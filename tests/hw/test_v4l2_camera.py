"""A V4L2 camera: exposure and white balance held, a stall seen and healed; a fake at OpenCV's boundary."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest

from hw.api import DeviceState, Fault, FaultCode, Frame, SelfTest, SelfTestCode
from hw.camera.controls import AUTOMATIC, Controls
from hw.camera.face_camera import STALL_S, OpenCvFaceCamera
from hw.camera.sources import READ_TIMEOUT_MS, V4l2Node
from hw.device_url import DeviceUrl
from hw.registry import DeviceUrlError, open_device
from hw.self_tests import advice_of
from tests.hw.fake_v4l2 import FakeCamera
from tests.hw.support import eventually

HELD = Controls(exposure=157, white_balance_k=4600)


@pytest.fixture
def fake() -> FakeCamera:
    return FakeCamera()


@pytest.fixture
def driver(fake: FakeCamera, tmp_path: Path) -> Iterator[OpenCvFaceCamera]:
    camera = opened(fake, tmp_path, HELD)
    yield camera
    camera.stop()


def opened(fake: FakeCamera, folder: Path, controls: Controls) -> OpenCvFaceCamera:
    node = folder / "video0"
    node.touch()
    link = folder / "usb-CAM_1-video-index0"
    link.symlink_to(node)
    source = V4l2Node(link, width=320, height=240, controls=controls, backend=fake.backend())
    return OpenCvFaceCamera(source, url=f"v4l2://{link}")


def live(camera: OpenCvFaceCamera) -> bool:
    return isinstance(camera.latest(), Frame)


def test_exposure_and_white_balance_are_held(fake: FakeCamera, driver: OpenCvFaceCamera) -> None:
    driver.start()
    eventually(lambda: live(driver))
    assert fake.properties == {
        cv2.CAP_PROP_AUTO_EXPOSURE: 1,
        cv2.CAP_PROP_EXPOSURE: 157,
        cv2.CAP_PROP_AUTO_WB: 0,
        cv2.CAP_PROP_WB_TEMPERATURE: 4600,
    }
    assert all(test.passed for test in driver.self_test())


def test_what_the_url_does_not_hold_is_given_back_to_the_camera(fake: FakeCamera, tmp_path: Path) -> None:
    fake.properties = {cv2.CAP_PROP_AUTO_EXPOSURE: 1, cv2.CAP_PROP_EXPOSURE: 5, cv2.CAP_PROP_AUTO_WB: 0}
    camera = opened(fake, tmp_path, AUTOMATIC)
    assert all(test.passed for test in camera.self_test())
    assert fake.properties[cv2.CAP_PROP_AUTO_EXPOSURE] == 3
    assert fake.properties[cv2.CAP_PROP_AUTO_WB] == 1


@pytest.mark.parametrize(
    ("fixed", "name"),
    [
        ({cv2.CAP_PROP_AUTO_EXPOSURE: 3}, "exposure"),
        ({cv2.CAP_PROP_EXPOSURE: 300}, "exposure"),
        ({cv2.CAP_PROP_WB_TEMPERATURE: 6500}, "white_balance"),
    ],
)
def test_a_camera_that_does_not_hold_still_serves_and_its_self_test_says_so(
    fixed: dict[int, float], name: str, tmp_path: Path
) -> None:
    camera = opened(FakeCamera(fixed=fixed), tmp_path, HELD)
    failed = [test for test in camera.self_test() if not test.passed]
    assert failed == [SelfTest(SelfTestCode(f"{name}_held"), passed=False)]
    assert f"{name}=" in advice_of(failed[0])
    camera.start()
    eventually(lambda: live(camera))
    camera.stop()


def test_a_rounded_exposure_is_held(tmp_path: Path) -> None:
    camera = opened(FakeCamera(fixed={cv2.CAP_PROP_EXPOSURE: 156}), tmp_path, HELD)
    assert all(test.passed for test in camera.self_test())


def test_a_stall_is_a_fault_within_a_second_and_the_camera_is_opened_again(
    fake: FakeCamera, driver: OpenCvFaceCamera
) -> None:
    driver.start()
    eventually(lambda: live(driver))
    fake.stuck.set()
    eventually(lambda: len(fake.opened) == 2, what="opened again")
    eventually(lambda: live(driver))
    assert fake.opened[0].released
    assert fake.properties[cv2.CAP_PROP_EXPOSURE] == 157
    assert max(STALL_S * 1000, READ_TIMEOUT_MS) <= 1000


def test_a_picture_that_is_late_is_not_shown_as_live(fake: FakeCamera, driver: OpenCvFaceCamera) -> None:
    driver.start()
    eventually(lambda: live(driver))
    fake.stuck.set()
    codes: list[FaultCode] = []

    def stalled() -> bool:
        latest = driver.latest()
        codes.extend([latest.code] if isinstance(latest, Fault) else [])
        return bool(codes)

    eventually(stalled)
    assert codes == [FaultCode.STALLED]


def test_a_camera_pulled_out_is_released_and_returns(fake: FakeCamera, driver: OpenCvFaceCamera) -> None:
    driver.start()
    eventually(lambda: live(driver))
    fake.gone.set()
    eventually(lambda: driver.state() in (DeviceState.FAULT, DeviceState.LOST))
    eventually(lambda: len(fake.opened) >= 2, what="tried again")
    fake.gone.clear()
    eventually(lambda: live(driver))
    driver.stop()
    assert all(capture.released for capture in fake.opened)


@pytest.mark.parametrize("query", ["exposure=0", "exposure=auto", "white_balance=1000", "exposure=1&gain=3"])
def test_a_control_out_of_its_range_is_refused(query: str) -> None:
    with pytest.raises(DeviceUrlError):
        open_device(f"v4l2:///dev/video0?{query}")


def test_the_url_says_what_is_held() -> None:
    assert Controls.of(DeviceUrl.parse("v4l2:///dev/video0?exposure=157&white_balance=4600")) == HELD
    assert Controls.of(DeviceUrl.parse("v4l2:///dev/video0")) == AUTOMATIC
