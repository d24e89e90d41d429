"""The driver against Debian's upsd and dummy-ups: NUT itself, with a UPS that is a text file."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hw.api import DeviceInfo, DeviceKind, DeviceState, Fault, FaultCode, PowerStatus, PowerSupply
from hw.device_url import DeviceUrl
from hw.power.nut_ups import open_url
from tests.hw.support import eventually
from tests.ports import unused_port

UPSD, DUMMY_UPS = Path("/lib/nut/upsd"), Path("/lib/nut/dummy-ups")
OWNER = Path("/proc/self").owner()

pytestmark = pytest.mark.skipif(
    not (UPSD.exists() and DUMMY_UPS.exists()),
    reason="upsd and dummy-ups are absent: apt-get install nut-server",
)


class RealNut:
    """Both programs in the foreground, in a folder of their own, on a free port of the loopback."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = unused_port()
        self._file(
            "ups.conf", "[kiosk]\ndriver = dummy-ups\nport = kiosk.dev\nmode = dummy-once\npollinterval = 1\n"
        )
        self._file("upsd.conf", f"LISTEN 127.0.0.1 {self.port}\nMAXAGE 6\n")
        self._file("upsd.users", "")
        self.supply("OL", charge_percent=100)
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def supply(self, status: str, *, charge_percent: int) -> None:
        self._file(
            "kiosk.dev",
            f"ups.mfr: CONTOH\nups.model: DUMMY 600\nups.serial: TEST-0001\nups.status: {status}\n"
            f"battery.charge: {charge_percent}\nbattery.runtime: {charge_percent * 18}\n",
        )

    def run_driver(self) -> None:
        self._run("driver", str(DUMMY_UPS), "-a", "kiosk", "-F", "-u", OWNER)
        eventually((self._folder / "dummy-ups-kiosk").exists, what="the driver's socket")

    def run_server(self) -> None:
        self._run("server", str(UPSD), "-F", "-u", OWNER)

    def end(self, name: str) -> None:
        process = self._running.pop(name)
        process.terminate()
        process.wait()

    def end_all(self) -> None:
        for name in tuple(self._running):
            self.end(name)

    def _file(self, name: str, text: str) -> None:
        """Renamed into its place, for dummy-ups may read at any moment."""
        draft = self._folder / f"{name}.new"
        draft.write_text(text)
        draft.chmod(0o640)
        draft.rename(self._folder / name)

    def _run(self, name: str, *command: str) -> None:
        where = dict.fromkeys(
            ("NUT_CONFPATH", "NUT_STATEPATH", "NUT_PIDPATH", "NUT_ALTPIDPATH"), str(self._folder)
        )
        self._running[name] = subprocess.Popen(
            command, env=os.environ | where, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )


@pytest.fixture
def nut(tmp_path: Path) -> Iterator[RealNut]:
    tmp_path.chmod(0o700)
    real = RealNut(tmp_path)
    real.run_driver()
    real.run_server()
    yield real
    real.end_all()


@pytest.fixture
def ups(nut: RealNut) -> Iterator[PowerSupply]:
    driver = open_url(DeviceUrl.parse(f"nut://127.0.0.1:{nut.port}/kiosk"))
    driver.start()
    eventually(lambda: driver.state() is DeviceState.READY)
    yield driver
    driver.stop()


def shows(ups: PowerSupply, *, on_mains: bool, critical: bool, charge_percent: int) -> bool:
    status = ups.power()
    return isinstance(status, PowerStatus) and (
        (status.on_mains, status.critical, status.charge_percent) == (on_mains, critical, charge_percent)
    )


def test_mains_fail_the_battery_runs_low_and_mains_return(ups: PowerSupply, nut: RealNut) -> None:
    identity = DeviceInfo(DeviceKind.POWER, ups.url, make="CONTOH", model="DUMMY 600", serial="TEST-0001")
    eventually(lambda: ups.info() == identity, what="upsd has asked its driver")
    eventually(lambda: shows(ups, on_mains=True, critical=False, charge_percent=100))
    nut.supply("OB DISCHRG", charge_percent=60)
    eventually(lambda: shows(ups, on_mains=False, critical=False, charge_percent=60))
    nut.supply("OB DISCHRG LB", charge_percent=9)
    eventually(lambda: shows(ups, on_mains=False, critical=True, charge_percent=9))
    nut.supply("OL CHRG", charge_percent=10)
    eventually(lambda: shows(ups, on_mains=True, critical=False, charge_percent=10))


def test_its_driver_dies_and_returns(ups: PowerSupply, nut: RealNut) -> None:
    nut.end("driver")
    eventually(lambda: ups.state() is DeviceState.LOST)
    fault = ups.power()
    assert isinstance(fault, Fault)
    assert fault.code is FaultCode.NOT_CONNECTED
    nut.run_driver()
    eventually(lambda: ups.state() is DeviceState.READY)


def test_upsd_dies_and_returns(ups: PowerSupply, nut: RealNut) -> None:
    nut.end("server")
    eventually(lambda: ups.state() is DeviceState.LOST)
    nut.run_server()
    eventually(lambda: ups.state() is DeviceState.READY)


def test_an_unknown_ups_is_a_fault(nut: RealNut) -> None:
    driver = open_url(DeviceUrl.parse(f"nut://127.0.0.1:{nut.port}/nobody"))
    driver.start()
    eventually(lambda: driver.state() is DeviceState.FAULT)
    fault = driver.power()
    driver.stop()
    assert isinstance(fault, Fault)
    assert fault.code is FaultCode.DEVICE_ERROR
