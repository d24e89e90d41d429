"""The driver against Debian's gpsd, whose receiver is a pseudo-terminal that talks as receivers do."""

from __future__ import annotations

import contextlib
import functools
import itertools
import operator
import os
import shutil
import subprocess
import threading
import tty
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hw.api import DeviceState, Fault, FaultCode, Locator, Position, SatelliteTime
from hw.device_url import DeviceUrl
from hw.position.gpsd_locator import open_url
from tests.hw.support import eventually
from tests.ports import unused_port

GPSD = shutil.which("gpsd", path="/usr/sbin:/usr/bin")
SENTENCE_S = 0.05

pytestmark = pytest.mark.skipif(GPSD is None, reason="gpsd is absent: apt-get install gpsd")


def nmea(body: str) -> str:
    """NMEA 0183: the sum is the exclusive or of all between $ and *."""
    return f"${body}*{functools.reduce(operator.xor, body.encode()):02X}\r\n"


def standing_van(*, fixed: bool) -> str:
    """A minute of a receiver in Trenggalek: 8 degrees 3 minutes south, 111 degrees 42.6 minutes east."""
    sentences = []
    for second in range(60):
        at = f"0400{second:02}.00"
        if fixed:
            sentences += [
                nmea(f"GPRMC,{at},A,0803.0000,S,11142.6000,E,0.0,0.0,241126,,,A"),
                nmea(f"GPGGA,{at},0803.0000,S,11142.6000,E,1,08,1.0,120.0,M,20.0,M,,"),
                nmea("GPGSA,A,3,01,02,03,04,05,06,07,08,,,,,1.8,1.0,1.5"),
            ]
        else:
            sentences += [nmea(f"GPRMC,{at},V,,,,,,,241126,,,N"), nmea(f"GPGGA,{at},,,,,0,00,,,M,,M,,")]
    return "".join(sentences)


class Receiver:
    """Says its sentences over and over on a terminal."""

    def __init__(self, sentences: str) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        Path(self.path).chmod(0o666)  # gpsd gives its rights away
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._talk, args=(sentences.splitlines(True),), daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        self._leaving.set()
        self._thread.join()
        os.close(self._slave)
        os.close(self._master)

    def _talk(self, sentences: list[str]) -> None:
        os.set_blocking(self._master, False)
        for sentence in itertools.cycle(sentences):
            if self._leaving.wait(SENTENCE_S):
                return
            with contextlib.suppress(BlockingIOError):
                os.write(self._master, sentence.encode())


class RealGpsd:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = unused_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._receiver: Receiver | None = None

    def run_with_receiver(self, sentences: str) -> None:
        self._receiver = Receiver(sentences)
        self._run("-n", self._receiver.path)

    def run_alone(self) -> None:
        self._run()

    def end(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None
        if self._receiver is not None:
            self._receiver.unplug()
            self._receiver = None

    def _run(self, *arguments: str) -> None:
        command = [str(GPSD), "-N", "-S", str(self.port), "-F", str(self._folder / "control"), *arguments]
        silent = subprocess.DEVNULL
        self._process = subprocess.Popen(command, stdin=silent, stdout=silent, stderr=silent)


@pytest.fixture
def gpsd(tmp_path: Path) -> Iterator[RealGpsd]:
    real = RealGpsd(tmp_path)
    yield real
    real.end()


@pytest.fixture
def locator(gpsd: RealGpsd) -> Iterator[Locator]:
    driver = open_url(DeviceUrl.parse(f"gpsd://127.0.0.1:{gpsd.port}"))
    driver.start()
    yield driver
    driver.stop()


def whole_fix(locator: Locator) -> bool:
    place = locator.position()
    return isinstance(place, Position) and None not in (place.altitude_m, place.accuracy_m)


def test_a_fix_gives_place_and_time(gpsd: RealGpsd, locator: Locator) -> None:
    gpsd.run_with_receiver(standing_van(fixed=True))
    eventually(lambda: whole_fix(locator))
    eventually(lambda: isinstance(locator.satellite_time(), SatelliteTime))
    place, told = locator.position(), locator.satellite_time()
    assert isinstance(place, Position)
    assert (place.latitude_deg, place.longitude_deg) == pytest.approx((-8.05, 111.71), abs=1e-6)
    assert place.altitude_m == 120
    assert isinstance(told, SatelliteTime)
    assert told.utc.replace(second=0) == datetime(2026, 11, 24, 4, tzinfo=UTC)


def test_a_receiver_indoors_gives_neither(gpsd: RealGpsd, locator: Locator) -> None:
    gpsd.run_with_receiver(standing_van(fixed=False))
    eventually(lambda: locator.state() is DeviceState.READY)
    assert (locator.position(), locator.satellite_time()) == (None, None)


def test_gpsd_without_a_receiver_is_a_fault(gpsd: RealGpsd, locator: Locator) -> None:
    gpsd.run_alone()
    eventually(lambda: locator.state() is DeviceState.FAULT)
    fault = locator.position()
    assert isinstance(fault, Fault)
    assert fault.code is FaultCode.NOT_CONNECTED


def test_gpsd_dies_and_returns(gpsd: RealGpsd, locator: Locator) -> None:
    for _ in range(2):
        gpsd.run_with_receiver(standing_van(fixed=True))
        eventually(lambda: isinstance(locator.position(), Position))
        gpsd.end()
        eventually(lambda: locator.state() is DeviceState.LOST)
