"""One person comes twice, under two NIKs; the unit notices it, and the officer decides."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from kiosk.app.sealing import gallery_entry, stored_images, templates
from kiosk.compose import assemble
from kiosk.demo.journey import Journey, Narrator
from kiosk.enrollment.officer_flow import open_points
from kiosk.enrollment.positions import CaptureStep
from kiosk.enrollment.record import Enrollment
from kiosk.enrollment.screens import Capturing
from kiosk.security.nik_hash import nik_hash
from kiosk.simulated import populate
from kiosk.storage.layout import DataFolder
from tests.flows.headless import HeadlessHands

FRAMES = 6000


@pytest.fixture
def unit(office, tmp_path):
    """A kiosk that asks for one hand before the eyes: all that a visit needs for the search."""
    populate(DataFolder(tmp_path), tmp_path / "roster.csv", seed=1)
    steps = (CaptureStep.RIGHT_FOUR, CaptureStep.IRISES)
    policy = replace(office.config.policy, hold_still_s=0.1, step_order=steps)
    opened = assemble(replace(office.config, data=tmp_path, policy=policy))
    yield opened
    opened.stop()


def comes(unit, office, *, body: int, nik: int) -> Journey:
    """The simulated person `body`, with the papers of resident `nik`."""
    resident = office.residents[nik]
    office.devices.person(body, cloth=resident.background)
    hands, narrator = HeadlessHands(unit.controller), Narrator(print, None)
    return Journey(hands, unit.controller, office.devices, narrator, resident, scans_ticket=True)


@contextmanager
def hand_given(unit, office, *, body: int, nik: int) -> Iterator[Enrollment]:
    """The record when the search has answered; the visitor leaves in the end."""
    one, controller = comes(unit, office, body=body, nik=nik), unit.controller
    while not at_the_eyes(controller.kiosk.screen):
        one.go_on()
    enrollment_id = controller.kiosk.screen.enrollment_id
    for _ in range(FRAMES):
        if controller.kiosk.enrollment(enrollment_id).gallery_search is not None:
            break
        one.robot.settle(1)
    yield controller.kiosk.enrollment(enrollment_id)
    for button in ("stop", "stop_confirmed"):
        one.robot.press(button)


def at_the_eyes(screen: object) -> bool:
    return isinstance(screen, Capturing) and screen.step is CaptureStep.IRISES


def keep_fingers(unit, record: Enrollment) -> None:
    """What sealing leaves on the unit of a whole record."""
    services = unit.controller.services
    blobs = {ref.sha256: services.blobs.get(record.id, ref.sha256) for ref in stored_images(record)}
    known = nik_hash(record.person.nik, key=services.sealer.keys.nik_hash_key)
    services.sealer.gallery.put(record.id, gallery_entry(templates(record, blobs), nik_hash=known))


def test_the_same_fingers_under_another_nik_are_flagged_and_other_fingers_are_not(unit, office):
    with hand_given(unit, office, body=0, nik=0) as first:
        assert (first.gallery_search.records, first.gallery_search.hits) == (0, ())
        keep_fingers(unit, first)

    with hand_given(unit, office, body=0, nik=1) as again:
        assert [hit.enrollment_id for hit in again.gallery_search.hits] == [first.id]
        assert open_points(again) == ("officer.point.recorded_before",)

    with hand_given(unit, office, body=1, nik=2) as other:
        assert (other.gallery_search.records, other.gallery_search.hits) == (1, ())
        assert open_points(other) == ()
