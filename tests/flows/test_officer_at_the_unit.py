"""The officer at the unit: in by card, a record signed by card; and a device that needs mending."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace

import pytest

from hw.api import DeviceKind
from hw.sim.token import PIN
from kiosk.app.views import ScreenId
from kiosk.compose import assemble
from kiosk.enrollment import facts as f
from kiosk.enrollment.events import CardPresence
from kiosk.enrollment.fact_versions import fact_to_line
from kiosk.enrollment.record import Stage
from kiosk.security.officers import Officers
from kiosk.simulated import OFFICER, RESIDENTS, SUPERVISOR, populate
from kiosk.storage.journal import Journal
from kiosk.storage.layout import DataFolder
from kiosk.storage.roster_csv import write_roster
from kiosk.storage.roster_demo import demo_roster
from tests.app.finalised_story import ENROLLMENT_ID, story
from tests.flows.headless import HeadlessHands, actions_of
from tests.packet.made_packets import made_contents, stamp

WHOLE_S = 60.0


@pytest.fixture
def data(tmp_path):
    populate(DataFolder(tmp_path), tmp_path / "roster.csv", seed=1)
    return DataFolder(tmp_path)


@pytest.fixture
def starts(office, data):
    """Starts a kiosk of its own before the office's devices, once the data folder is as it shall be."""
    opened = []

    def start():
        opened.append(assemble(replace(office.config, data=data.root)))
        return opened[-1], HeadlessHands(opened[-1].controller)

    yield start
    for unit in opened:
        unit.stop()


def until(hands, reached):
    end = time.monotonic() + WHOLE_S
    while not reached():
        assert time.monotonic() < end, "did not come"
        hands.settle(1)


def types(hands, digits):
    for digit in digits:
        hands.press(f"key_{digit}")
    hands.press("enter")


def signs_in(unit, hands, login):
    hands.press("officer")
    types(hands, login.number)
    types(hands, login.pin)
    until(hands, shows(unit, ScreenId.OFFICER_QUEUE))


def shows(unit, screen):
    return lambda: unit.controller.view().screen is screen


def offers(unit, action_id):
    return lambda: any(action.id == action_id for action in actions_of(unit.controller.view()))


def awaits_the_officer(unit):
    """A whole record, as the resident left it."""
    contents = made_contents()
    services = unit.controller.services
    for blob in contents.blobs.values():
        services.blobs.put(ENROLLMENT_ID, blob)
    for number, fact in enumerate(story(contents.enrollment)):
        if not isinstance(fact, f.Finalised):
            services.journal.append(ENROLLMENT_ID, fact_to_line(fact), stamp(number - 9))


def test_an_officer_signs_in_and_finalises_with_the_card(office, data, starts):
    certificate = office.devices.card_certificate()
    if certificate is None:
        pytest.skip("SoftHSM is not installed: there is no simulated card")
    Officers(data.officers, monotonic_s=time.monotonic).give_card(
        OFFICER.number, certificate, now=dt.datetime.now(dt.UTC)
    )
    unit, _ = starts()
    awaits_the_officer(unit)
    unit.stop()
    unit, hands = starts()
    kiosk = unit.controller
    office.devices.replug(DeviceKind.CARD)
    until(hands, lambda: kiosk.kiosk.card is CardPresence.PRESENT)

    if not shows(unit, ScreenId.OFFICER_SIGN_IN)():
        until(hands, offers(unit, "officer"))
        hands.press("officer")
    types(hands, PIN)
    until(hands, shows(unit, ScreenId.OFFICER_QUEUE))
    hands.press(f"open_{ENROLLMENT_ID}")
    hands.press("finalise_override" if offers(unit, "finalise_override")() else "finalise")
    until(hands, shows(unit, ScreenId.OFFICER_APPROVAL))
    types(hands, PIN)
    until(hands, lambda: kiosk.kiosk.enrollment(ENROLLMENT_ID).stage is Stage.SEALED)

    signature = kiosk.kiosk.enrollment(ENROLLMENT_ID).officer_signature
    assert signature is not None
    assert kiosk.kiosk.enrollment(ENROLLMENT_ID).officer == OFFICER.number
    assert kiosk.services.outbox.of_enrollment(ENROLLMENT_ID) is not None
    journal = Journal(data.journal, wrapping_key=kiosk.services.sealer.keys.wrapping_key)
    kinds = [event.event["type"] for event in journal.events(ENROLLMENT_ID)]
    journal.close()
    assert kinds[kinds.index("Finalised") :][:2] == ["Finalised", "PacketSealed"]
    office.devices.unplug(DeviceKind.CARD)
    until(hands, lambda: kiosk.kiosk.card is CardPresence.ABSENT)


def test_a_supervisor_brings_a_roster_on_a_stick_and_is_told_what_it_holds(office, starts):
    unit, hands = starts()
    signs_in(unit, hands, SUPERVISOR)
    hands.press("stick")
    hands.press("stick_roster")
    until(hands, lambda: "stick.fault.nothing_there" in lines_of(unit))
    hands.press("back")

    assert office.config.stick is not None
    listing = office.config.stick / "roster.csv"
    listing.write_bytes(write_roster(demo_roster(RESIDENTS + 1, 1)))
    hands.press("stick_roster")
    until(hands, lambda: "stick.done.roster" in lines_of(unit))
    listing.unlink()


def lines_of(unit):
    return [line.id for line in unit.controller.view().body.lines]


def test_an_officer_finds_the_device_that_is_away_and_tests_it_when_it_is_back(office, starts):
    office.devices.unplug(DeviceKind.SLAP_SCANNER)
    unit, hands = starts()
    signs_in(unit, hands, OFFICER)
    hands.press("diagnostics")
    until(hands, lambda: words_of(unit, "device_slap") == "device_state.lost")

    office.devices.replug(DeviceKind.SLAP_SCANNER)
    until(hands, lambda: words_of(unit, "device_slap") == "device_state.ready")
    hands.press("device_slap")
    until(hands, shows(unit, ScreenId.DIAGNOSTICS_DETAIL))
    hands.press("test_device")
    until(hands, shows(unit, ScreenId.DIAGNOSTICS_TEST))
    until(hands, shows(unit, ScreenId.DIAGNOSTICS_DETAIL))
    told = [one.value_text.id for one in unit.controller.view().body.fields if one.value_text is not None]
    assert "diagnostics.passed" in told
    assert "diagnostics.failed" not in told


def words_of(unit, action_id):
    """The state in the row of this device, empty while there is no list."""
    rows = getattr(unit.controller.view().body, "rows", ())
    return next((row.status.id for row in rows if row.action.id == action_id), "")
