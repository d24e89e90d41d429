"""A record that rested for months is answered: it comes back, is purged on its receipt, and is forgotten."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.app.recovery import SEALED_SHOWN
from kiosk.compose import Unit, assemble
from kiosk.config import load
from kiosk.enrollment.fact_versions import fact_to_line
from kiosk.enrollment.record import ClockTrust, Stamp
from kiosk.packet.cms import verify_detached
from kiosk.packet.receipts import CentralStatus, Receipt, sign_receipt
from kiosk.packet.seal import seal
from kiosk.security.keys import load_device_keys, provision_development
from kiosk.storage.journal import Journal
from kiosk.storage.layout import DataFolder
from kiosk.storage.outbox import Outbox, PacketState
from tests.enrollment.people import NOW
from tests.packet.made_packets import Keys, made_contents, read_keys
from tests.storage.months import enrollment_id, put_packet, sealed_story

WAIT_S = 60.0
OLD, OLDEST = enrollment_id(2), enrollment_id(1)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("months")


@pytest.fixture(scope="module")
def keys(root: Path) -> Keys:
    provision_development(root / "keys")
    return read_keys(root / "keys")


@pytest.fixture(scope="module")
def unit(root: Path, keys: Keys):
    """More records wait for their receipt than a start replays."""
    config = replace(
        load(), data=root / "data", keys=root / "keys", devices={}, speech="silent", unit_id="UNIT"
    )
    folder = DataFolder(config.data)
    outbox = Outbox(folder.outbox)
    wrapping_key = load_device_keys(config.keys, verify=verify_detached).wrapping_key
    with Journal(folder.journal, wrapping_key=wrapping_key) as journal:
        for number in range(1, SEALED_SHOWN + 3):
            for fact in sealed_story(number, put_packet(outbox, number)):
                journal.append(enrollment_id(number), fact_to_line(fact), NOW)
            journal.rest(enrollment_id(number))
    outbox.close()
    unit = assemble(config)
    yield unit
    unit.stop()


def answer(unit: Unit, keys: Keys, enrollment: str, status: CentralStatus) -> None:
    outbox = unit.controller.services.outbox
    entry = outbox.of_enrollment(enrollment)
    assert entry is not None
    at = dt.datetime.now(dt.UTC)
    receipt = sign_receipt(Receipt(entry.sha256, entry.nik_hash, status, at, "PUSAT"), signer=keys.receiver)
    outbox.attach_receipt(entry.sha256, receipt, accepted=status.accepts)


@pytest.mark.parametrize(("trust", "believed"), [(ClockTrust.GPS, False), (ClockTrust.UNTRUSTED, True)])
def test_a_receipt_from_before_a_vouched_sealing_purges_nothing(
    unit: Unit, keys: Keys, trust: ClockTrust, believed: bool
):
    services = unit.controller.services
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    contents = replace(made_contents(finger_size=(48, 64)), sealed_at=Stamp(now, trust, 1))
    packet = seal(contents, signer=keys.device, recipients=[keys.recipient])
    services.outbox.put(packet.data, enrollment_id="E", nik_hash=packet.nik_hash, sealed_at=packet.sealed_at)
    early = Receipt(
        packet.sha256, "", CentralStatus.RECEIVED_AT_CENTRAL, now - dt.timedelta(minutes=1), "PUSAT"
    )
    found = services.check_receipt(sign_receipt(early, signer=keys.receiver), packet.sha256)
    assert (found == early) is believed
    assert (found is None) is not believed


def tick_until(unit: Unit, done) -> None:
    until_s = time.monotonic() + WAIT_S
    while not done():
        unit.controller.tick()
        time.sleep(0.01)
        assert time.monotonic() < until_s


def test_accepted_after_months_it_is_purged_and_forgotten(unit: Unit, keys: Keys):
    services = unit.controller.services
    assert not unit.controller.kiosk.holds(OLD)
    answer(unit, keys, OLD, CentralStatus.RECEIVED_AT_CENTRAL)
    tick_until(unit, lambda: services.outbox.count(PacketState.PURGED) == 1)
    tick_until(unit, lambda: services.journal.events(OLD) == () and not unit.controller.kiosk.holds(OLD))
    assert services.journal.at_rest(OLDEST)
    assert not unit.controller.kiosk.holds(OLDEST)


def test_rejected_after_months_it_stands_in_the_queue(unit: Unit, keys: Keys):
    answer(unit, keys, OLDEST, CentralStatus.DUPLICATE_RECORD)
    kiosk = lambda: unit.controller.kiosk  # noqa: E731
    tick_until(unit, lambda: kiosk().holds(OLDEST) and kiosk().enrollment(OLDEST).receipt_sha256)
    assert kiosk().enrollment(OLDEST).central_status == "DUPLICATE_RECORD"
    tick_until(unit, lambda: not unit.controller.busy)
    assert OLDEST in unit.controller.services.journal.enrollments()
