"""Units come, go and are swapped: the links follow them, and drivers go on."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hw.hotplug import DeviceLinks, UsbModel
from tests.hw.hotplug.scenes import SCENES

WRAPPER = shutil.which("umockdev-wrapper")
ROOT = Path(__file__).parents[3]
PATIENCE_S = 90


@pytest.mark.skipif(WRAPPER is None, reason="umockdev is absent: apt-get install umockdev")
@pytest.mark.parametrize("scene", SCENES)
def test_scene(scene: str) -> None:
    command = [str(WRAPPER), sys.executable, "-W", "error", "-m", "tests.hw.hotplug.scenes", scene]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stderr


def test_a_model_is_read_as_lsusb_writes_it() -> None:
    assert UsbModel.parse("tty", "0c2e:0200") == UsbModel("tty", 0x0C2E, 0x0200)
    assert UsbModel.parse("hidraw", "04df:0012:S-1") == UsbModel("hidraw", 0x04DF, 0x0012, "S-1")


@pytest.mark.parametrize("text", ["", "0c2e", "0C2E:0200", "0c2e:200", "0c2e:0200:", "0c2e:0200:a b"])
def test_what_is_no_model_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="VVVV:PPPP"):
        UsbModel.parse("tty", text)


def test_a_link_nobody_asked_for_is_none(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        DeviceLinks(tmp_path, {}).path("code")
