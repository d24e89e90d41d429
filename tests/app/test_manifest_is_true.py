"""Everything the manifest states is what the journal holds, and its schema has a place for it."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import closing
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

import jsonschema
import pytest

from kiosk.app.sealing import Sealer
from kiosk.enrollment import facts as f
from kiosk.enrollment.codec import to_json
from kiosk.enrollment.fact_versions import fact_from_line, fact_to_line
from kiosk.enrollment.positions import Position
from kiosk.enrollment.record import ClockTrust, Stamp
from kiosk.packet.contents import UnitInfo
from kiosk.packet.manifest import Manifest
from kiosk.packet.open import OpenedPacket, open_packet
from kiosk.packet.parts import SealError
from kiosk.packet.records.face import FaceRecord, decode_face
from kiosk.packet.verify import verify_contents
from kiosk.security.keys import Anchors, DeviceKeys, provision_development
from kiosk.security.nik_hash import nik_hash
from kiosk.storage.blobs import BlobStore
from kiosk.storage.gallery import TemplateGallery
from kiosk.storage.journal import Journal, JournalEvent
from kiosk.storage.layout import DataFolder
from kiosk.storage.outbox import Outbox
from kiosk.storage.sent import SentRegister
from tests.app.finalised_story import ENROLLMENT_ID, story
from tests.packet.made_packets import NIK_KEY, PERSON, SEALED_AT, made_contents, read_keys, stamp

SEALED = Stamp(SEALED_AT + dt.timedelta(hours=2), ClockTrust.GPS, 9_000_000_000_000)
WRAPPING_KEY = bytes(32)
UNIT = UnitInfo("UNIT", "35.03", "1.2.3")


@dataclass(frozen=True)
class Sealed:
    journal: tuple[JournalEvent, ...]
    opened: OpenedPacket

    @property
    def manifest(self) -> Manifest:
        return self.opened.manifest

    def told(self, kind: type) -> list:
        """The facts of this kind, oldest first."""
        facts = [fact_from_line(event.event) for event in self.journal]
        return [fact for fact in facts if isinstance(fact, kind)]

    def at(self, kind: type) -> list[Stamp]:
        return [e.stamp for e in self.journal if isinstance(fact_from_line(e.event), kind)]


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    root = tmp_path_factory.mktemp("unit")
    provision_development(root / "keys", now=SEALED_AT)
    keys, folder, contents = read_keys(root / "keys"), DataFolder(root / "data"), made_contents()
    blobs = BlobStore(folder.blobs, WRAPPING_KEY)
    device = DeviceKeys(
        key=keys.device.key,
        chain=keys.device.chain,
        wrapping_key=WRAPPING_KEY,
        nik_hash_key=NIK_KEY,
        recipients=(keys.recipient,),
        anchors=Anchors(devices=keys.device_anchors, receivers=(), biometric_devices=()),
    )
    for data in contents.blobs.values():
        blobs.put(ENROLLMENT_ID, data)
    with (
        Journal(folder.journal, wrapping_key=WRAPPING_KEY) as journal,
        closing(Outbox(folder.outbox)) as outbox,
        closing(SentRegister(folder.sent, hash_nik=lambda nik: nik_hash(nik, key=NIK_KEY))) as sent,
    ):
        for number, fact in enumerate(story(contents.enrollment)):
            journal.append(ENROLLMENT_ID, fact_to_line(fact), stamp(number - 9))
        events = journal.events(ENROLLMENT_ID)
        enrollment = f.replay(fact_from_line(event.event) for event in events)
        gallery = TemplateGallery(folder.gallery, WRAPPING_KEY)
        late = replace(SEALED, at=SEALED.at + dt.timedelta(days=826))
        sealer = Sealer(journal, blobs, outbox, sent, gallery, device, UNIT)
        with pytest.raises(SealError, match="expired"):
            sealer.seal(enrollment, late)
        assert outbox.of_enrollment(ENROLLMENT_ID) is None
        assert journal.events(ENROLLMENT_ID) == events, "it waits whole"
        packet_sha256 = sealer.seal(enrollment, SEALED)
    data = read_packet(folder.outbox, packet_sha256)
    opened = open_packet(data, identity=keys.identity, anchors=keys.device_anchors)
    assert isinstance(opened, OpenedPacket), opened
    return Sealed(events, opened)


def read_packet(outbox: Path, sha256: str) -> bytes:
    (path,) = (p for p in outbox.rglob(f"{sha256}*") if p.is_file() and p.stat().st_size > 100_000)
    return path.read_bytes()


def test_every_check_of_the_centre_passes_and_the_schema_holds(sealed: Sealed):
    checks = verify_contents(sealed.opened, nik_hash=lambda nik: nik_hash(nik, key=NIK_KEY))
    assert [check for check in checks if not check.passed] == []
    schema = json.loads(resources.files("kiosk.packet").joinpath("manifest.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(to_json(sealed.manifest))


def test_every_field_of_the_schema_is_required_at_every_depth():
    """A manifest that leaves something out is no manifest."""
    schema = json.loads(resources.files("kiosk.packet").joinpath("manifest.schema.json").read_text())
    for name, part in {"manifest": schema, **schema["$defs"]}.items():
        if "properties" in part:
            assert set(part["required"]) == set(part["properties"]), name
            assert part["additionalProperties"] is False, name


def test_who_and_under_which_notice(sealed: Sealed):
    (started,), (notice,), (identified,) = map(sealed.told, (f.Started, f.NoticeGiven, f.Identified))
    manifest = sealed.manifest
    assert (manifest.enrollment_id, manifest.language) == (started.enrollment_id, started.language)
    assert manifest.notice_version == notice.version
    assert (manifest.person, manifest.identified_by) == (identified.person, identified.by)
    assert manifest.nik_hash == nik_hash(PERSON.nik, key=NIK_KEY)
    assert manifest.unit == UNIT


def test_the_samples_with_their_attempts_qualities_and_devices(sealed: Sealed):
    captured = {s.position: s for fact in sealed.told(f.StepCaptured) for s in fact.samples}
    assert {s.position: s for s in sealed.manifest.samples} == captured
    face = captured[Position.FACE]
    assert (face.attempt, face.forced, face.report.algorithm) == (2, True, "made-up/1")


def test_the_devices_whole_chain(sealed: Sealed):
    taken = [link for fact in sealed.told(f.RecordsTaken) for link in fact.links]
    assert list(sealed.manifest.device_chain) == taken
    assert taken


def test_exceptions_verifications_and_approvals(sealed: Sealed):
    manifest = sealed.manifest
    assert manifest.exceptions == tuple(e for fact in sealed.told(f.PositionsExcepted) for e in fact.exceptions)
    assert manifest.verifications == tuple(fact.verification for fact in sealed.told(f.FingerVerified))
    (approved,), (finalised,) = sealed.told(f.DataApproved), sealed.told(f.Finalised)
    assert manifest.approval == approved.signature
    assert (manifest.officer, manifest.override, manifest.finalised) == (
        finalised.officer,
        finalised.override,
        finalised.at,
    )
    assert manifest.officer_seal == "pin"


def test_the_times_and_who_vouched_for_each(sealed: Sealed):
    manifest = sealed.manifest
    (started,) = sealed.told(f.Started)
    assert manifest.started == started.at
    assert manifest.started.trust is ClockTrust.OFFICER
    assert manifest.sealed == SEALED
    assert sealed.opened.header.clock_trust is ClockTrust.GPS
    stamps = [event.stamp.monotonic_ns for event in sealed.journal]
    assert sum(manifest.timings_s.values()) == pytest.approx((stamps[-1] - stamps[0]) / 1e9)
    assert manifest.timings_s["StepCaptured:irises"] == 60.0
    face = decode_face(sealed.opened.parts["records/face.fac"])
    assert isinstance(face, FaceRecord)
    assert face.head.captured == sealed.at(f.StepCaptured)[0].at


def test_the_journal_itself_by_its_last_digest(sealed: Sealed):
    assert sealed.manifest.journal_digest == sealed.journal[-1].digest


def test_a_changed_manifest_does_not_pass(sealed: Sealed):
    other = replace(sealed.manifest, person=replace(PERSON, name="CONTOH LAIN"))
    failed = [
        check.name for check in verify_contents(replace(sealed.opened, manifest=other)) if not check.passed
    ]
    assert failed == ["transaction"]
