"""The power goes between two steps that belong together: the next start does the second."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.app.recovery import Recovered, left_behind
from kiosk.compose import assemble
from kiosk.config import Config, load
from kiosk.enrollment import facts as f
from kiosk.enrollment.fact_versions import fact_to_line
from kiosk.enrollment.record import Stage
from kiosk.security.keys import provision_development
from kiosk.security.nik_hash import nik_hash
from tests.app.finalised_story import ENROLLMENT_ID, story
from tests.packet.made_packets import PERSON, made_contents, stamp

PACKET = b"a sealed packet"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    provision_development(tmp_path / "keys")
    folders = replace(load(), data=tmp_path / "data", keys=tmp_path / "keys")
    return replace(folders, devices={}, speech="silent", unit_id="UNIT")


def test_a_packet_that_the_journal_does_not_know_yet_counts_as_the_residents_record(config: Config):
    enrollment = made_contents().enrollment
    unit = assemble(config)
    services = unit.controller.services
    known = nik_hash(PERSON.nik, key=services.sealer.keys.nik_hash_key)
    sha256 = services.outbox.put(PACKET, enrollment_id=enrollment.id, nik_hash=known, sealed_at=stamp(0).at)
    assert not services.recorded_before(PERSON.nik)
    assert services.sealer.seal(enrollment, stamp(1)) == sha256
    assert services.recorded_before(PERSON.nik)
    unit.stop()


@pytest.mark.parametrize("last", [f.PacketSealed("ab" * 32), f.Aborted("stopped")])
def test_images_that_outlived_their_enrollment_go_at_the_next_start(config: Config, last: f.Fact):
    unit = assemble(config)
    services = unit.controller.services
    services.blobs.put(ENROLLMENT_ID, b"a picture")
    facts = tuple(story(made_contents().enrollment))
    for fact in (*(facts if isinstance(last, f.PacketSealed) else facts[:6]), last):
        services.journal.append(ENROLLMENT_ID, fact_to_line(fact), stamp(0))
    unit.stop()
    unit = assemble(config)
    assert unit.controller.services.blobs.enrollments() == ()
    unit.stop()


@pytest.mark.parametrize("stage", [Stage.CAPTURE, Stage.AWAIT_OFFICER, Stage.FINALISED])
def test_images_that_are_still_needed_stay(stage: Stage):
    enrollment = made_contents().enrollment
    recovered = Recovered((replace(enrollment, stage=stage),), 2, "")
    assert left_behind(recovered, [enrollment.id, "UNIT-000099"]) == ("UNIT-000099",)
