"""Standing in the wire: bytes and line settings pass both ways, and either side may come and go."""

from __future__ import annotations

import os
import resource
import termios
import threading
import tty
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import serial

from hw.api import DeviceState
from hw.device_url import DeviceUrl
from hw.recording.player import Player
from hw.recording.tap import Tap
from hw.recording.tape import Event, TapeWriter, read_tape
from hw.recording.wires import Wire
from hw.registry import open_device
from hw.sim.code import SimulatedCodeScanner
from hw.sim.printer import SimulatedPrinter
from tests.hw.holdings import leaving_nothing
from tests.hw.support import eventually


@dataclass(frozen=True)
class Tapped:
    tap: Tap
    path: Path
    folder: Path

    def heard(self, event: Event) -> bytes:
        return b"".join(entry.data for entry in read_tape(self.path).entries if entry.event is event)


@pytest.fixture
def tapped(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Tapped]:
    """A tap before `device`, a node that need not be there."""
    url = DeviceUrl.parse(f"serial://{tmp_path / 'device'}?proto=code")
    (tmp_path / "tap").mkdir()
    with TapeWriter(tmp_path / "tape", url=url.text, wire=Wire.TERMINAL) as tape:
        tap = Tap(url, tape, folder=tmp_path / "tap")
        tap.start()
        yield Tapped(tap, tmp_path / "tape", tmp_path)
        tap.stop()


def test_the_line_is_set_as_the_driver_sets_it(tapped: Tapped) -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    (tapped.folder / "device").symlink_to(os.ttyname(slave))
    link = tapped.folder / "tap/tapped"
    eventually(link.is_symlink)
    with serial.Serial(str(link), 57600, timeout=30) as port:
        port.write(b"ask")
        assert os.read(master, 16) == b"ask"
        settings = termios.tcgetattr(slave)
        assert (settings[4], settings[5]) == (termios.B57600, termios.B57600)
        os.write(master, b"answer")
        assert port.read(6) == b"answer"
    eventually(lambda: tapped.heard(Event.FROM_DEVICE) == b"answer")
    assert tapped.heard(Event.TO_DEVICE) == b"ask"
    os.close(master)
    os.close(slave)


def test_a_device_that_comes_goes_and_returns_does_so_for_the_driver(tapped: Tapped) -> None:
    (tapped.folder / "sim").mkdir()
    scanner = SimulatedCodeScanner(folder=tapped.folder / "sim")
    (tapped.folder / "device").symlink_to(tapped.folder / "sim/code")
    driver = open_device(tapped.tap.url)
    driver.start()
    eventually(lambda: driver.state() is DeviceState.LOST)
    for _ in range(2):
        scanner.start()
        eventually(lambda: driver.state() is DeviceState.READY)
        scanner.stop()
        eventually(lambda: driver.state() is DeviceState.LOST)
    driver.stop()


def test_a_device_that_closed_in_the_recording_closes_when_it_is_played(tmp_path: Path) -> None:
    printer = SimulatedPrinter()
    printer.start()
    url = DeviceUrl.parse(printer.url)
    with TapeWriter(tmp_path / "tape", url=url.text, wire=Wire.TCP) as tape:
        tap = Tap(url, tape, folder=tmp_path)
        tap.start()
        driver = open_device(tap.url)
        driver.start()
        eventually(lambda: driver.state() is DeviceState.READY)
        printer.stop()
        eventually(lambda: driver.state() is DeviceState.LOST)
        driver.stop()
        tap.stop()
    assert any(entry.event is Event.CLOSED_BY_DEVICE for entry in read_tape(tmp_path / "tape").entries)
    player = Player(read_tape(tmp_path / "tape"), folder=tmp_path, speed=20.0)
    player.start()
    again = open_device(player.url)
    again.start()
    eventually(lambda: again.state() is DeviceState.READY)
    eventually(lambda: again.state() is DeviceState.LOST, what="the printer leaves as it did")
    again.stop()
    player.stop()


def test_stopped_it_holds_nothing(tapped: Tapped) -> None:
    tapped.tap.stop()
    with leaving_nothing():
        for _ in range(3):
            tapped.tap.start()
            tapped.tap.start()
            tapped.tap.stop()
            tapped.tap.stop()
    assert not any(thread.name.startswith("hw-wire") for thread in threading.enumerate())


def test_a_full_disk_is_not_taken_for_a_driver_that_left(tmp_path: Path) -> None:
    tape = TapeWriter(tmp_path / "tape", url="epad:///dev/hidraw0", wire=Wire.TERMINAL)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, limits[1]))
    try:
        for _ in range(2):
            with pytest.raises(OSError, match="No space left"):
                tape.add(Event.FROM_DEVICE, connection=1, data=bytes(2048))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    with pytest.raises(OSError, match="No space left"):  # an entry after half of one could not be found again
        tape.add(Event.FROM_DEVICE, connection=1, data=b"x")
    assert isinstance(tape.failure, OSError)
    tape.close()
    assert read_tape(tmp_path / "tape").entries == ()
