"""Who vouches for the time: nobody at first, satellites in the van, a time server in the office."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from hw.api import DeviceKind, Fault, FaultCode, SatelliteTime
from kiosk.app.clock import SATELLITES_HOLD, Clock
from kiosk.enrollment.record import ClockTrust

FIX = dt.datetime(2031, 3, 4, 5, 6, 7, tzinfo=dt.UTC)
AWAY = Fault(FaultCode.NOT_CONNECTED, DeviceKind.POSITION, "gpsd has no receiver")


class Sky:
    """A receiver and a monotonic clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now_ns = 40 * 10**9
        self.told: SatelliteTime | Fault | None = None

    def fix(self) -> None:
        self.told = SatelliteTime(FIX, self.now_ns, 1.0)

    def wait(self, duration: dt.timedelta) -> None:
        self.now_ns += int(duration.total_seconds() * 10**9)


@pytest.fixture
def sky() -> Sky:
    return Sky()


def clock(sky: Sky, synchronized: Path) -> Clock:
    return Clock(synchronized, satellite_time=lambda: sky.told, monotonic_ns=lambda: sky.now_ns)


def test_nobody_vouches_for_a_clock_without_a_battery(tmp_path: Path) -> None:
    assert Clock(tmp_path / "synchronized").now().trust is ClockTrust.UNTRUSTED


def test_a_time_server_does(tmp_path: Path, sky: Sky) -> None:
    (tmp_path / "synchronized").touch()
    sky.fix()
    stamp = clock(sky, tmp_path / "synchronized").now()
    assert stamp.trust is ClockTrust.NETWORK
    assert abs(stamp.at - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)


def test_the_time_service_says_whose_word_the_time_is(tmp_path: Path) -> None:
    mark = tmp_path / "synchronized"
    for source, trust in (("192.0.2.7\n", ClockTrust.NETWORK), ("GPS\n", ClockTrust.GPS)):
        mark.write_text(source)
        assert Clock(mark).now().trust is trust


def test_satellites_do_whatever_the_board_believes(tmp_path: Path, sky: Sky) -> None:
    sky.fix()
    sky.wait(dt.timedelta(seconds=2))
    stamp = clock(sky, tmp_path / "synchronized").now()
    assert (stamp.at, stamp.trust) == (FIX + dt.timedelta(seconds=2), ClockTrust.GPS)
    assert stamp.monotonic_ns == sky.now_ns


@pytest.mark.parametrize("after", [None, AWAY], ids=["indoors", "unplugged"])
def test_their_time_is_kept_when_the_sky_is_gone(after: Fault | None, tmp_path: Path, sky: Sky) -> None:
    ticking = clock(sky, tmp_path / "synchronized")
    sky.fix()
    ticking.now()
    sky.told = after
    sky.wait(SATELLITES_HOLD)
    assert ticking.now().trust is ClockTrust.GPS
    assert ticking.now().at == FIX + SATELLITES_HOLD
    sky.wait(dt.timedelta(seconds=1))
    assert ticking.now().trust is ClockTrust.UNTRUSTED


def test_before_the_first_fix_nobody_vouches(tmp_path: Path, sky: Sky) -> None:
    sky.told = AWAY
    assert clock(sky, tmp_path / "synchronized").now().trust is ClockTrust.UNTRUSTED


def test_durations_are_monotonic(tmp_path: Path, sky: Sky) -> None:
    ticking = clock(sky, tmp_path / "synchronized")
    before = ticking.monotonic_s()
    sky.wait(dt.timedelta(seconds=3))
    assert ticking.monotonic_s() - before == pytest.approx(3)
