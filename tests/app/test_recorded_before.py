"""Fingers against those kept on this unit: known, unknown, one's own, damaged, gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.app.recorded_before import EnrolledFingers
from kiosk.enrollment.minutiae import Template
from kiosk.enrollment.positions import FINGERS
from kiosk.enrollment.record import GallerySearch
from kiosk.matching.compare import MATCHER, THRESHOLD
from kiosk.matching.iso19794_2 import FingerRecord, encode
from kiosk.storage.gallery import GalleryEntry, TemplateGallery
from tests.matching.made_templates import impression, made_finger

NIK_HASHES = tuple(f"{number:064x}" for number in range(10))
STRANGER = NIK_HASHES[9]


def hand(person: int) -> list[Template]:
    return [made_finger(100 * person + finger) for finger in range(10)]


def probes(person: int, *fingers: int) -> list[Template]:
    return [impression(hand(person)[finger], 7 + finger, degrees=6) for finger in fingers]


class Unit:
    def __init__(self, folder: Path) -> None:
        self.store = TemplateGallery(folder, bytes(32))
        self.told: list[str] = []
        self.fingers = EnrolledFingers(self.store)

    def keeps(self, *persons: int) -> None:
        for person in persons:
            pairs = zip(hand(person), FINGERS, strict=True)
            record = encode(*(FingerRecord(template, position) for template, position in pairs))
            self.store.put(f"UNIT-{person:06d}", GalleryEntry(NIK_HASHES[person], record))

    def hits(self, probe: list[Template], nik_hash: str = STRANGER) -> list[str]:
        return [hit.enrollment_id for hit in self.search(probe, nik_hash).hits]

    def search(self, probe: list[Template], nik_hash: str = STRANGER) -> GallerySearch:
        return self.fingers.search(probe, nik_hash=nik_hash, damaged=self.told.append)


@pytest.fixture
def unit(tmp_path: Path) -> Unit:
    return Unit(tmp_path)


def test_on_an_empty_unit_nobody_is_known(unit: Unit):
    search = unit.search(probes(1, 0, 1, 2, 3))
    assert (search.matcher, search.records, search.hits) == (MATCHER, 0, ())


def test_somebody_recorded_before_is_found_among_others(unit: Unit):
    unit.keeps(1, 2, 3)
    search = unit.search(probes(2, 0, 3, 6, 9))
    (hit,) = search.hits
    assert (search.records, hit.enrollment_id, hit.fingers) == (3, "UNIT-000002", 4)
    assert hit.score > THRESHOLD


def test_somebody_new_is_not(unit: Unit):
    unit.keeps(1, 2, 3)
    assert unit.hits(probes(4, 0, 1, 2, 3)) == []


def test_one_finger_alone_speaks_for_nobody_who_gave_more(unit: Unit):
    unit.keeps(1, 2)
    assert unit.hits([*probes(2, 5), *probes(4, 1, 2, 3)]) == []
    assert unit.hits(probes(2, 5)) == ["UNIT-000002"], "unless it is all there is"
    assert unit.hits([*probes(2, 5), *probes(2, 5)]) == [], "twice the same finger is one"


def test_ones_own_earlier_record_is_no_surprise(unit: Unit):
    unit.keeps(1, 2)
    search = unit.search(probes(2, 0, 1, 2, 3), NIK_HASHES[2])
    assert (search.records, search.hits) == (1, ())


def test_records_come_and_go_while_the_unit_runs(unit: Unit):
    unit.keeps(1)
    assert unit.hits(probes(2, 0, 1)) == []
    unit.keeps(2, 3)
    assert unit.hits(probes(2, 0, 1)) == ["UNIT-000002"]
    unit.store.remove("UNIT-000001")
    unit.store.remove("UNIT-000002")
    assert unit.hits(probes(2, 0, 1)) == []
    assert unit.hits(probes(3, 0, 1)) == ["UNIT-000003"]


@pytest.mark.parametrize("harm", ["not ours", "no record", "not even a hash"])
def test_a_damaged_entry_is_told_once_and_skipped(unit: Unit, tmp_path: Path, harm: str):
    unit.keeps(1, 2)
    match harm:
        case "not ours":
            (tmp_path / "UNIT-000001.templates").write_bytes(b"\xff" * 900)
        case "no record":
            unit.store.put("UNIT-000001", GalleryEntry(NIK_HASHES[1], b"FMR\0030\0\0\0"))
        case _:
            unit.store.put("UNIT-000001", GalleryEntry("Z" * 64, b""))
    for _ in range(2):
        assert unit.hits(probes(2, 0, 1, 2)) == ["UNIT-000002"]
    assert unit.told == ["UNIT-000001"]
