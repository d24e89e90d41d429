"""What gpsd writes, read."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.api import Position, SatelliteTime
from hw.position.gpsd_reports import (
    Fix,
    GpsdSyntaxError,
    ReceiverGone,
    Receivers,
    Refusal,
    Report,
    read_report,
)

FIX = {
    "class": "TPV",
    "mode": 3,
    "time": "2026-11-24T04:00:06.000Z",
    "lat": -8.05,
    "lon": 111.71,
    "altMSL": 120.0,
}


def read(**changes: object) -> Report | None:
    return read_report(json.dumps(FIX | changes).encode(), received_ns=5)


def test_a_fix_tells_place_and_time() -> None:
    assert read(eph=19.0) == Fix(
        Position(-8.05, 111.71, 120.0, 19.0, received_ns=5),
        SatelliteTime(datetime(2026, 11, 24, 4, 0, 6, tzinfo=UTC), 5, 1.0),
    )


def test_a_flat_fix_has_no_altitude() -> None:
    report = read(mode=2)
    assert isinstance(report, Fix)
    assert report.position == Position(-8.05, 111.71, None, None, received_ns=5)


@pytest.mark.parametrize("mode", [0, 1, None, "3"])
def test_without_a_fix_nothing_is_believed(mode: object) -> None:
    assert read(mode=mode) == Fix(None, None)


def test_a_time_of_1024_weeks_ago_is_not_believed() -> None:
    report = read(time="2007-04-10T04:00:06.000Z")
    assert isinstance(report, Fix)
    assert report.time is None
    assert report.position is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"lat": 90.1},
        {"lon": -180.5},
        {"lat": float("nan")},
        {"eph": float("inf")},
        {"lat": "8"},
        {"lon": True},
        {"time": "yesterday"},
        {"time": "2026-11-24T04:00:06"},
        {"time": 17},
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(GpsdSyntaxError):
        read(**changes)


def test_receivers_are_counted_and_missed() -> None:
    assert read_report(b'{"class":"DEVICES","devices":[]}', received_ns=0) == Receivers(0)
    assert read_report(b'{"class":"DEVICES","devices":[{"class":"DEVICE"}]}', received_ns=0) == Receivers(1)
    assert (
        read_report(b'{"class":"DEVICE","path":"/dev/ttyACM0","activated":0}', received_ns=0) == ReceiverGone()
    )


def test_a_refusal_is_told() -> None:
    assert read_report(b'{"class":"ERROR","message":"no"}', received_ns=0) == Refusal("no")


def test_other_reports_are_passed_over() -> None:
    assert read_report(b'{"class":"SKY","satellites":[]}\r', received_ns=0) is None


@pytest.mark.parametrize(
    "line", [b"", b"[]", b"{}", b"{", b"\xff", b'{"class":3}', b'{"class":"DEVICES","devices":4}']
)
def test_what_is_no_report_is_refused(line: bytes) -> None:
    with pytest.raises(GpsdSyntaxError):
        read_report(line, received_ns=0)


@given(st.binary(max_size=100))
def test_noise_never_breaks_it(noise: bytes) -> None:
    with contextlib.suppress(GpsdSyntaxError):
        read_report(noise, received_ns=0)
