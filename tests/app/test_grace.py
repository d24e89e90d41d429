"""An accepted packet stays for the office's grace, and a clock nobody vouched for cannot cut that short."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from kiosk.app.grace import Kept
from kiosk.compose import Unit, assemble
from kiosk.config import load
from kiosk.enrollment.fact_versions import fact_to_line
from kiosk.enrollment.record import ClockTrust, Stage, Stamp
from kiosk.packet.cms import verify_detached
from kiosk.packet.receipts import CentralStatus
from kiosk.security.keys import load_device_keys, provision_development
from kiosk.storage.journal import Journal
from kiosk.storage.layout import DataFolder
from kiosk.storage.outbox import Outbox, PacketState
from tests.app.test_recall import answer, tick_until
from tests.enrollment.people import NOW
from tests.packet.made_packets import read_keys
from tests.storage.months import enrollment_id, put_packet, sealed_story

HOUR_S = 3600.0
RECEIVED = dt.datetime(2026, 3, 2, 3, 0, tzinfo=dt.UTC)


def stamp(*, hours: float, ran_s: float, trust: ClockTrust = ClockTrust.NETWORK) -> Stamp:
    """hours: by the wall clock, after the receipt. ran_s: by the monotonic clock, which starts anywhere."""
    return Stamp(RECEIVED + dt.timedelta(hours=hours), trust, round((500 + ran_s) * 1e9))


def kept(first: Stamp) -> Kept:
    return Kept("UNIT-1", "ab" * 32, RECEIVED, first)


def test_the_grace_is_over_by_a_clock_that_somebody_vouched_for():
    packet = kept(stamp(hours=0.1, ran_s=0))
    assert not packet.over(stamp(hours=0.9, ran_s=60), grace_s=HOUR_S)
    assert packet.over(stamp(hours=1.0, ran_s=61), grace_s=HOUR_S)


def test_hours_in_the_dark_count_when_the_clock_is_vouched_for_again():
    """The unit was off; what it runs on now has just started."""
    assert kept(stamp(hours=30, ran_s=0)).over(stamp(hours=30, ran_s=1), grace_s=24 * HOUR_S)


def test_a_clock_that_nobody_vouched_for_ends_nothing_however_late_it_says_it_is():
    years = stamp(hours=50_000, ran_s=0, trust=ClockTrust.UNTRUSTED)
    later = stamp(hours=50_001, ran_s=HOUR_S - 1, trust=ClockTrust.UNTRUSTED)
    assert not kept(years).over(later, grace_s=HOUR_S)


def test_then_the_time_that_the_program_ran_is_what_counts():
    first = stamp(hours=-90_000, ran_s=0, trust=ClockTrust.UNTRUSTED)
    now = stamp(hours=-89_999, ran_s=HOUR_S, trust=ClockTrust.UNTRUSTED)
    assert kept(first).over(now, grace_s=HOUR_S)


def test_a_receiver_whose_clock_is_ahead_makes_the_grace_longer_and_not_shorter():
    first = stamp(hours=-5, ran_s=0)
    assert not kept(first).over(stamp(hours=-4.5, ran_s=0.5 * HOUR_S), grace_s=HOUR_S)
    assert kept(first).over(stamp(hours=-4, ran_s=HOUR_S), grace_s=HOUR_S)


@contextmanager
def running(folder: Path, *, keep_received_s: float) -> Iterator[Unit]:
    base = load()
    config = replace(base, data=folder / "data", keys=folder / "keys", devices={}, speech="silent")
    policy = replace(base.policy, keep_received_s=keep_received_s)
    unit = assemble(replace(config, unit_id="UNIT", policy=policy))
    try:
        yield unit
    finally:
        unit.stop()


def test_the_kiosk_keeps_an_accepted_packet_for_its_grace_and_counts_on_after_a_restart(tmp_path: Path):
    provision_development(tmp_path / "keys")
    folder = DataFolder(tmp_path / "data")
    outbox = Outbox(folder.outbox)
    wrapping_key = load_device_keys(tmp_path / "keys", verify=verify_detached).wrapping_key
    with Journal(folder.journal, wrapping_key=wrapping_key) as journal:
        for fact in sealed_story(1, put_packet(outbox, 1)):
            journal.append(enrollment_id(1), fact_to_line(fact), NOW)
    outbox.close()
    with running(tmp_path, keep_received_s=24 * HOUR_S) as unit:
        answer(unit, read_keys(tmp_path / "keys"), enrollment_id(1), CentralStatus.RECEIVED_AT_CENTRAL)
        tick_until(unit, lambda: unit.controller.kiosk.enrollment(enrollment_id(1)).stage is Stage.RECEIVED)
    # Stopping ran every effect to its end: the packet is still there.
    assert states(folder) == [PacketState.RECEIVED]
    with running(tmp_path, keep_received_s=0.2) as unit:
        tick_until(unit, lambda: not unit.controller.kiosk.holds(enrollment_id(1)))
    assert states(folder) == [PacketState.PURGED]


def states(folder: DataFolder) -> list[PacketState]:
    outbox = Outbox(folder.outbox)
    try:
        return [entry.state for entry in outbox.entries()]
    finally:
        outbox.close()
