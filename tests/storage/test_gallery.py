"""Fingers kept until the centre has them: readable with the unit's key alone, and gone when they go."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from kiosk.storage.gallery import GalleryDamaged, GalleryEntry, TemplateGallery

WRAPPING_KEY = bytes(range(32))
ENTRY = GalleryEntry("ab" * 32, b"FMR\0030\0 and the minutiae of ten fingers")


@pytest.fixture
def gallery(tmp_path: Path) -> TemplateGallery:
    return TemplateGallery(tmp_path, WRAPPING_KEY)


def file_of(folder: Path, enrollment_id: str) -> Path:
    return folder / f"{enrollment_id}.templates"


def test_an_entry_comes_back_after_a_restart(gallery: TemplateGallery, tmp_path: Path):
    gallery.put("UNIT-000002", ENTRY)
    gallery.put("UNIT-000001", ENTRY)
    again = TemplateGallery(tmp_path, WRAPPING_KEY)
    assert again.ids() == ("UNIT-000001", "UNIT-000002")
    assert again.get("UNIT-000001") == ENTRY


def test_putting_it_again_keeps_one(gallery: TemplateGallery):
    gallery.put("UNIT-000001", GalleryEntry("cd" * 32, b"older"))
    gallery.put("UNIT-000001", ENTRY)
    assert gallery.ids() == ("UNIT-000001",)
    assert gallery.get("UNIT-000001") == ENTRY


def test_nothing_of_it_is_readable_on_the_disk(gallery: TemplateGallery, tmp_path: Path):
    gallery.put("UNIT-000001", ENTRY)
    path = file_of(tmp_path, "UNIT-000001")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    held = path.read_bytes()
    assert ENTRY.nik_hash.encode() not in held
    assert ENTRY.record[:16] not in held


def test_another_units_key_does_not_open_it(gallery: TemplateGallery, tmp_path: Path):
    gallery.put("UNIT-000001", ENTRY)
    assert TemplateGallery(tmp_path, bytes(32)).get("UNIT-000001") == GalleryDamaged()


@pytest.mark.parametrize("harm", ["changed", "cut", "empty", "moved"])
def test_a_damaged_entry_is_told_and_the_others_stay(gallery: TemplateGallery, tmp_path: Path, harm: str):
    gallery.put("UNIT-000001", ENTRY)
    gallery.put("UNIT-000002", ENTRY)
    path = file_of(tmp_path, "UNIT-000001")
    held = path.read_bytes()
    other = file_of(tmp_path, "UNIT-000002").read_bytes()
    path.write_bytes(
        {"changed": held[:-1] + bytes([held[-1] ^ 1]), "cut": held[:20], "empty": b"", "moved": other}[harm]
    )
    assert gallery.get("UNIT-000001") == GalleryDamaged()
    assert gallery.get("UNIT-000002") == ENTRY


def test_removed_it_is_gone_and_removing_again_changes_nothing(gallery: TemplateGallery, tmp_path: Path):
    gallery.put("UNIT-000001", ENTRY)
    for _ in range(2):
        gallery.remove("UNIT-000001")
        assert gallery.get("UNIT-000001") is None
    assert not list(tmp_path.iterdir())


def test_a_key_of_another_length_is_refused(tmp_path: Path):
    with pytest.raises(ValueError, match="32 bytes"):
        TemplateGallery(tmp_path, b"short")
