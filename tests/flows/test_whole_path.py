"""One resident and one officer through real rooms and simulated devices on their real wires."""

import pytest

from kiosk.compose import assemble
from kiosk.demo.delivery import check_delivery
from kiosk.demo.journey import Journey, Narrator
from tests.flows.headless import HeadlessHands


@pytest.fixture
def unit(office):
    opened = assemble(office.config)
    yield opened
    opened.stop()


def journey(unit, office, number, *, scans):
    narrator = Narrator(print, None)
    return Journey(
        HeadlessHands(unit.controller),
        unit.controller,
        office.devices,
        narrator,
        office.residents[number],
        scans_ticket=scans,
    )


@pytest.mark.parametrize(("number", "scans"), [(0, False), (1, True)], ids=["typed NIK", "scanned ticket"])
def test_from_the_first_screen_to_the_purge(unit, office, tmp_path, number, scans):
    office.devices.person(number, cloth=office.residents[number].background)
    one = journey(unit, office, number, scans=scans)
    record = one.enrol()
    assert len(record.samples) == 14
    one.finalise(record)
    one.is_delivered(record)
    delivered = check_delivery(office.store, office.config.keys, one.packet_sha256, out=tmp_path)
    assert [check for check in delivered.checks if not check.passed] == []
    slip = office.devices.slip(office.devices.slips() - 1)
    assert record.id in "\n".join(slip["text"])
    assert office.residents[number].nik not in "\n".join(slip["text"])
    assert one.packet_sha256 in slip["qr"]
