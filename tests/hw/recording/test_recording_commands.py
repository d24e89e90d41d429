"""`hw capture` and `hw replay`: a session into a file, and the file a device again."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from hw.api import DeviceState
from hw.commands import capture, cli, replay
from hw.recording.tape import Event, read_tape
from hw.recording.wires import Wire
from hw.registry import open_device
from hw.sim.code import SimulatedCodeScanner
from hw.sim.printer import SimulatedPrinter
from tests.hw.support import eventually


@pytest.fixture
def scanner(tmp_path: Path) -> Iterator[SimulatedCodeScanner]:
    device = SimulatedCodeScanner(folder=tmp_path)
    device.start()
    yield device
    device.stop()


@pytest.fixture
def printer() -> Iterator[SimulatedPrinter]:
    device = SimulatedPrinter()
    device.start()
    yield device
    device.stop()


def test_a_printer_is_recorded_and_its_recording_passes_the_self_test(
    printer: SimulatedPrinter, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "printer.hwrec"
    assert cli.main(["capture", "--seconds", "0.1", "-o", str(path), printer.url]) == cli.OK
    assert capsys.readouterr().out == f"{path}\n"
    printer.stop()
    assert cli.main(["replay", "--open", str(path)]) == cli.OK
    shown = capsys.readouterr().out
    assert shown.startswith("escpos+tcp://127.0.0.1:")
    assert "ok      the printer is ready" in shown


def test_another_program_is_recorded_while_it_uses_the_device(
    scanner: SimulatedCodeScanner, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, told = tmp_path / "code.hwrec", threading.Event()
    recorder = threading.Thread(
        target=capture.capture,
        args=(scanner.url,),
        kwargs={"path": path, "seconds": 60, "through": True, "told": told},
    )
    recorder.start()
    said: list[str] = []

    def printed() -> bool:
        said.append(capsys.readouterr().err)
        return "through" in "".join(said)

    eventually(printed)
    driver: Any = open_device("".join(said).split("through ")[1].strip())
    driver.start()
    eventually(lambda: driver.state() is DeviceState.READY)
    eventually(lambda: any(entry.event is Event.OPENED for entry in read_tape(path).entries))
    scanner.scan("A-014")
    eventually(lambda: driver.read() == "A-014")
    driver.stop()
    told.set()
    recorder.join()
    assert b"".join(entry.data for entry in read_tape(path).entries) == b"A-014\r"


def test_a_film_is_recorded_picture_by_picture(tmp_path: Path) -> None:
    film = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(film), cv2.VideoWriter.fourcc(*"MJPG"), 50.0, (64, 48))
    for level in range(4):
        writer.write(np.full((48, 64, 3), 50 + 40 * level, dtype=np.uint8))
    writer.release()
    path = tmp_path / "film.hwrec"
    assert cli.main(["capture", "--seconds", "1", "-o", str(path), f"video://{film}"]) == cli.OK
    tape = read_tape(path)
    assert tape.wire is Wire.PICTURES
    assert len(tape.entries) >= 4
    with replay.replayed(path, speed=1.0) as url:
        assert url.startswith("http://127.0.0.1:")
        camera: Any = open_device(url)
        assert all(test.passed for test in camera.self_test())
        camera.start()
        once_through = len(tape.entries) + 2
        eventually(lambda: getattr(camera.latest(), "sequence", 0) > once_through)
        camera.stop()


@pytest.mark.parametrize(
    "url", ["gpio:?factory=lgpio", "pkcs11:///usr/lib/opensc-pkcs11.so", "sbi://127.0.0.1?type=slap"]
)
def test_a_device_without_a_wire_to_stand_in_is_refused(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.hwrec"
    assert cli.main(["capture", "-o", str(path), url]) == cli.USAGE
    assert "allowed:" in capsys.readouterr().err
    assert not path.exists()


def test_a_device_that_is_away_makes_a_recording_that_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "none.hwrec"
    url = f"epad://{tmp_path / 'hidraw9'}"
    assert cli.main(["capture", "--seconds", "0", "-o", str(path), url]) == cli.NOT_WELL
    assert read_tape(path).entries == ()
    capsys.readouterr()


def test_what_is_no_recording_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.hwrec").write_text("no")
    assert cli.main(["replay", str(tmp_path / "x.hwrec")]) == cli.NOT_WELL
    assert "is no recording" in capsys.readouterr().err
    assert cli.main(["replay", str(tmp_path / "y.hwrec")]) == cli.NOT_WELL


def test_it_plays_until_its_caller_leaves(
    scanner: SimulatedCodeScanner, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "code.hwrec"
    assert cli.main(["capture", "--seconds", "0", "-o", str(path), scanner.url]) == cli.OK
    capsys.readouterr()
    command = [sys.executable, "-m", "hw", "replay", str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as player:
        assert player.stdout is not None
        assert player.stdin is not None
        link = Path(player.stdout.readline().removeprefix("serial://").partition("?")[0])
        assert link.is_symlink()
        player.stdin.close()
        assert player.wait(timeout=60) == 0
    assert not link.is_symlink()
