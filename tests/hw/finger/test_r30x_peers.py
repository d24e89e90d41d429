"""Programs nobody here wrote drive the simulated module; the driver's bytes are the same as theirs."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hw.api import Finger
from hw.finger.api import Buffer, LightColour, LightEffect
from hw.finger.codes import Command
from hw.finger.r30x import R30xFingerModule
from hw.sim.finger import SimulatedFingerModule
from tests.hw.finger.support import WavyFingers, opened
from tests.peers.environments import PeersAbsentError, install

PATIENCE_S = 60


@pytest.fixture(scope="module")
def drive() -> Callable[..., dict[str, Any]]:
    try:
        python = install("r30x") / "python"
    except PeersAbsentError as absent:
        pytest.skip(f"the peers are absent: {absent}")

    def run(program: str, *arguments: object) -> dict[str, Any]:
        command = [str(python), str(Path(__file__).with_name(program)), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    return run


def module_with_a_finger(folder: Path) -> SimulatedFingerModule:
    folder.mkdir(exist_ok=True)
    simulated = SimulatedFingerModule(WavyFingers(), folder=folder)
    simulated.start()
    simulated.place(Finger.RIGHT_INDEX)
    return simulated


def drive_ours(module: R30xFingerModule) -> None:
    """The commands the peers give, with the same arguments."""
    assert module.echo() is None
    assert module.capture_image() is None
    module.read_image()
    for buffer in Buffer:
        assert module.extract_features(buffer=buffer) is None
    module.match_buffers()
    assert module.combine_buffers() is None
    for page in (7, 260):
        assert module.store(buffer=Buffer.ONE, page=page) is None
        assert module.load(buffer=Buffer.TWO, page=page) is None
        module.search(buffer=Buffer.ONE)
        module.search(buffer=Buffer.ONE, high_speed=True)
        assert module.delete(first_page=page) is None
    module.template_count()
    module.occupied_pages()
    template = module.read_template(buffer=Buffer.ONE)
    assert isinstance(template, bytes)
    assert module.write_template(buffer=Buffer.TWO, template=template) is None
    module.random()
    assert module.light(effect=LightEffect.ON, colour=LightColour.BLUE, speed=90, cycles=0) is None
    assert module.set_security(level=4) is None
    assert module.set_packet_size(data_bytes=128) is None
    module.parameters()
    assert module.empty() is None
    assert module.soft_reset() is None
    assert module.set_password(password=0x01020304) is None
    assert module.verify_password() is None
    assert module.set_address(address=0x0A0B0C0D) is None


def test_pyfingerprint_drives_the_simulated_module_and_our_bytes_equal_its(
    drive: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    simulated = module_with_a_finger(tmp_path / "theirs")
    told = drive("drive_pyfingerprint.py", simulated.path, tmp_path / "finger.png")
    theirs = set(simulated.commands_heard)
    simulated.stop()
    score = told["score"]
    assert score > 0
    assert told | {"first_pixels": None} == {
        "password": True,
        "capacity": 300,
        "image": True,
        "first_pixels": None,
        "image_again": True,
        "score": score,
        "created": True,
        "stored": 7,
        "found": [7, score],
        "count": 1,
        "index": [7],
        "template_bytes": 512,
        "kept": True,
        "loaded": True,
        "random": True,
        "deleted": True,
        "not_found": [-1, -1],
        "security": True,
        "packet_size": True,
        "parameters": [0, 9, 300, 4, 0xFFFFFFFF, 2, 6],
        "cleared": True,
        "new_password": True,
        "new_password_verified": True,
        "new_address": True,
        "new_address_verified": True,
    }
    assert told["first_pixels"] == first_pixels(tmp_path / "again")
    assert theirs <= commands_of_ours(tmp_path / "ours")


def test_adafruits_library_drives_the_simulated_module_and_our_bytes_equal_its(
    drive: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    simulated = module_with_a_finger(tmp_path / "theirs")
    told = drive("drive_adafruit.py", simulated.path)
    theirs = {packet for packet in simulated.commands_heard if packet[9] != Command.DOWN_IMAGE}
    assert simulated.light == (3, 90, 2, 0)
    simulated.stop()
    score = told["score"]
    assert score > 0
    assert told == {
        "capacity": 300,
        "system_id": 9,
        "echo": True,
        "image": 0,
        "picture_bytes": 36_864,
        "picture_kept": True,
        "features": [0, 0, 0],
        "compared": 0,
        "score": score,
        "model": 0,
        "stored": 0,
        "fast_search": [0, 260, score],
        "search": [0, 260, score],
        "template_bytes": 512,
        "template_kept": True,
        "loaded": 0,
        "count": [0, 1],
        "pages": [0, [260]],
        "light": 0,
        "packet_size": 0,
        "deleted": 0,
        "not_found": 9,
        "emptied": 0,
        "verified_after_reset": 0,
    }
    assert theirs <= commands_of_ours(tmp_path / "ours")


def first_pixels(folder: Path) -> list[int]:
    """What our driver reads of the first picture of such a finger."""
    simulated = module_with_a_finger(folder)
    module = opened(simulated.url)
    assert module.capture_image() is None
    frame = module.read_image()
    module.stop()
    simulated.stop()
    row: list[int] = frame.pixels[0, :8].tolist()  # type: ignore[union-attr]
    return row


def commands_of_ours(folder: Path) -> set[bytes]:
    simulated = module_with_a_finger(folder)
    module = opened(simulated.url)
    drive_ours(module)
    module.stop()
    simulated.stop()
    return set(simulated.commands_heard)
