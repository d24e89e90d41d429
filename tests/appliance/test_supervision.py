"""What the service manager is told, on a socket of its own."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from hw.api import Device, DeviceState
from kiosk.appliance.heartbeat import Heartbeat
from kiosk.appliance.notify import notifier, watchdog_s
from kiosk.appliance.readiness import REPORT, Report, ReportError, judge, read_report
from kiosk.appliance.supervision import REPORT_EVERY_S, Supervision, Watched


@dataclass
class Manager:
    """The service manager's end."""

    address: str
    channel: socket.socket

    def heard(self) -> list[str]:
        lines: list[str] = []
        while True:
            try:
                lines += self.channel.recv(4096).decode().splitlines()
            except BlockingIOError:
                return lines


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    address = (
        str(tmp_path / "notify") if request.param == "path" else f"@kiosk-test-{tmp_path.name}-{id(tmp_path)}"
    )
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind("\0" + address[1:] if address.startswith("@") else address)
        channel.setblocking(False)
        yield Manager(address, channel)


@dataclass
class Clock:
    now_s: float = 100.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class Thing:
    kind: str
    now: DeviceState = DeviceState.READY

    def state(self) -> DeviceState:
        return self.now


@dataclass
class Kiosk:
    idle: bool = True
    things: list[Thing] = field(default_factory=lambda: [Thing("slap"), Thing("face", DeviceState.STOPPED)])

    def watched(self) -> Watched:
        return Watched(
            version="1.0.0",
            idle=lambda: self.idle,
            devices=lambda: tuple(cast(Device, thing) for thing in self.things),
        )


def supervision(kiosk: Kiosk, manager: Manager, clock: Clock, folder: Path | None = None) -> Supervision:
    notify = notifier({"NOTIFY_SOCKET": manager.address})
    heartbeat = Heartbeat(notify, monotonic_s=clock, every_s=5.0)
    return Supervision(kiosk.watched(), heartbeat, folder=folder, monotonic_s=clock)


def test_ready_is_said_once_the_first_screen_is_drawn(manager: Manager) -> None:
    screen = supervision(Kiosk(), manager, Clock())
    assert manager.heard() == []
    screen.started()
    assert manager.heard() == ["READY=1"]


def test_frames_feed_the_watchdog_and_silence_does_not(manager: Manager) -> None:
    clock = Clock()
    screen = supervision(Kiosk(), manager, clock)
    for _ in range(60):  # twelve seconds of five frames
        screen.frame()
        clock.now_s += 0.2
    assert manager.heard().count("WATCHDOG=1") == 3
    clock.now_s += 60  # the window hangs: nothing else feeds it
    assert manager.heard() == []


def test_the_status_tells_an_update_when_nobody_is_there(manager: Manager) -> None:
    kiosk, clock = Kiosk(), Clock()
    screen = supervision(kiosk, manager, clock)
    for kiosk.idle in (True, True, False, False, True):
        screen.frame()
    assert [line for line in manager.heard() if "STATUS" in line] == [
        "STATUS=idle",
        "STATUS=enrolling",
        "STATUS=idle",
    ]


def test_without_a_service_manager_nothing_happens() -> None:
    notifier({})("READY=1")
    assert watchdog_s({}) is None
    assert watchdog_s({"WATCHDOG_USEC": "20000000"}) == 20.0


def test_a_manager_that_went_away_does_not_hold_up_a_frame(tmp_path: Path) -> None:
    notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")})("WATCHDOG=1")


def test_a_manager_that_does_not_read_does_not_hold_up_a_frame(manager: Manager) -> None:
    notify = notifier({"NOTIFY_SOCKET": manager.address})
    for _ in range(5000):
        notify("WATCHDOG=1")
    assert manager.heard()


def test_the_report_follows_the_devices(manager: Manager, tmp_path: Path) -> None:
    kiosk, clock = Kiosk(), Clock()
    screen = supervision(kiosk, manager, clock, tmp_path)
    screen.started()
    first = read_report(tmp_path / REPORT)
    assert first is not None
    assert first.devices == {"slap": "ready", "face": "stopped"}
    kiosk.things[0].now = DeviceState.LOST
    clock.now_s += REPORT_EVERY_S
    screen.frame()
    second = read_report(tmp_path / REPORT)
    assert second is not None
    assert second.devices["slap"] == "lost"


def not_ready(report: Report | None) -> dict[str, str]:
    return {check.name: check.advice for check in judge(report) if not check.ready}


READY = Report(
    "1.0.0", screen=True, kernels=20, compiled=0, journal=True, devices={"slap": "ready", "face": "stopped"}
)


def test_a_whole_kiosk_is_ready() -> None:
    assert not_ready(READY) == {}


@pytest.mark.parametrize(
    ("report", "name"),
    [
        (None, "screen"),
        (Report("1", screen=False, kernels=9, compiled=0, journal=True, devices={}), "screen"),
        (Report("1", screen=True, kernels=9, compiled=2, journal=True, devices={}), "kernels"),
        (Report("1", screen=True, kernels=0, compiled=0, journal=True, devices={}), "kernels"),
        (Report("1", screen=True, kernels=9, compiled=0, journal=False, devices={}), "journal"),
        (
            Report("1", screen=True, kernels=9, compiled=0, journal=True, devices={"iris": "lost"}),
            "device iris",
        ),
        (
            Report("1", screen=True, kernels=9, compiled=0, journal=True, devices={"iris": "connecting"}),
            "device iris",
        ),
    ],
)
def test_what_is_missing_is_named_with_advice(report: Report | None, name: str) -> None:
    found = not_ready(report)
    assert list(found) == [name]
    assert found[name]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": 1, "devices": 3}'])
def test_a_damaged_report_is_an_error(text: str, tmp_path: Path) -> None:
    (tmp_path / REPORT).write_text(text)
    with pytest.raises(ReportError):
        read_report(tmp_path / REPORT)


def test_the_report_reads_back(tmp_path: Path) -> None:
    (tmp_path / REPORT).write_bytes(READY.to_json())
    assert read_report(tmp_path / REPORT) == READY
