"""Images at rest: readable with the keys, unreadable without, gone when the enrollment is aborted."""

from __future__ import annotations

import hashlib
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.storage.blobs import BlobDamagedError, BlobStore, UnknownBlobError

WRAPPING_KEY = bytes(range(32))
IMAGE = b"the ridges of a thumb" * 50


@pytest.fixture
def store(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "blobs", WRAPPING_KEY)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_an_image_comes_back_by_its_hash(store: BlobStore):
    sha256 = store.put("e1", IMAGE)
    assert sha256 == hashlib.sha256(IMAGE).hexdigest()
    assert store.get("e1", sha256) == IMAGE


def test_a_restart_still_reads_it(store: BlobStore, tmp_path: Path):
    sha256 = store.put("e1", IMAGE)
    assert BlobStore(tmp_path / "blobs", WRAPPING_KEY).get("e1", sha256) == IMAGE


def test_images_stored_at_once_share_the_key(store: BlobStore):
    images = [bytes([number]) * 1000 for number in range(12)]
    with ThreadPoolExecutor(4) as pool:
        hashes = list(pool.map(lambda image: store.put("e1", image), images))
    assert [store.get("e1", sha256) for sha256 in hashes] == images


@settings(max_examples=25, deadline=None)
@given(st.binary())
def test_any_bytes_come_back(tmp_path_factory, data: bytes):
    store = BlobStore(tmp_path_factory.mktemp("blobs"), WRAPPING_KEY)
    assert store.get("e1", store.put("e1", data)) == data


def test_plaintext_never_touches_the_disk(store: BlobStore, tmp_path: Path, monkeypatch):
    written: list[bytes] = []
    fsync = os.fsync

    def fsync_and_look(descriptor: int) -> None:
        written.extend(path.read_bytes() for path in files(tmp_path))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync_and_look)
    store.put("e1", IMAGE)
    written.extend(path.read_bytes() for path in files(tmp_path))
    assert len(written) > 2
    for content in written:
        assert IMAGE[:8] not in content
        assert WRAPPING_KEY[:8] not in content


def test_files_are_for_this_user_only(store: BlobStore, tmp_path: Path):
    store.put("e1", IMAGE)
    for path in (tmp_path / "blobs").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_two_enrollments_with_one_image_share_no_ciphertext(store: BlobStore, tmp_path: Path):
    sha256 = store.put("e1", IMAGE)
    store.put("e2", IMAGE)
    one, two = (tmp_path / "blobs" / name / f"{sha256}.blob" for name in ("e1", "e2"))
    assert one.read_bytes() != two.read_bytes()


def test_another_device_cannot_read_it(store: BlobStore, tmp_path: Path):
    sha256 = store.put("e1", IMAGE)
    with pytest.raises(BlobDamagedError):
        BlobStore(tmp_path / "blobs", os.urandom(32)).get("e1", sha256)


@pytest.mark.parametrize("name", ["session.key", "image"])
@pytest.mark.parametrize("place", [0, 13, -1])
def test_one_changed_byte_is_found(store: BlobStore, tmp_path: Path, name: str, place: int):
    sha256 = store.put("e1", IMAGE)
    path = tmp_path / "blobs" / "e1" / (f"{sha256}.blob" if name == "image" else name)
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(BlobDamagedError):
        store.get("e1", sha256)


@pytest.mark.parametrize("length", [0, 5, 20, 100])
def test_a_cut_file_is_found(store: BlobStore, tmp_path: Path, length: int):
    sha256 = store.put("e1", IMAGE)
    path = tmp_path / "blobs" / "e1" / f"{sha256}.blob"
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(BlobDamagedError):
        store.get("e1", sha256)


def test_an_image_put_in_anothers_place_is_found(store: BlobStore, tmp_path: Path):
    thumb, index = store.put("e1", b"thumb"), store.put("e1", b"index")
    folder = tmp_path / "blobs" / "e1"
    (folder / f"{thumb}.blob").write_bytes((folder / f"{index}.blob").read_bytes())
    with pytest.raises(BlobDamagedError):
        store.get("e1", thumb)


def test_a_key_put_in_anothers_place_is_found(store: BlobStore, tmp_path: Path):
    store.put("e1", IMAGE)
    sha256 = store.put("e2", IMAGE)
    (tmp_path / "blobs/e2/session.key").write_bytes((tmp_path / "blobs/e1/session.key").read_bytes())
    with pytest.raises(BlobDamagedError):
        store.get("e2", sha256)


def test_a_key_planted_from_another_enrollment_is_never_used(store: BlobStore, tmp_path: Path):
    store.put("e1", IMAGE)
    (tmp_path / "blobs/e2").mkdir()
    (tmp_path / "blobs/e2/session.key").write_bytes((tmp_path / "blobs/e1/session.key").read_bytes())
    with pytest.raises(BlobDamagedError):
        store.put("e2", IMAGE)


def test_destroying_takes_key_and_images_of_one_enrollment(store: BlobStore, tmp_path: Path):
    sha256 = store.put("e1", IMAGE)
    other = store.put("e2", IMAGE)
    store.destroy("e1")
    with pytest.raises(UnknownBlobError):
        store.get("e1", sha256)
    assert store.get("e2", other) == IMAGE
    assert store.enrollments() == ("e2",)
    store.destroy("e1")


def test_the_key_is_gone_before_the_first_image(store: BlobStore, tmp_path: Path, monkeypatch):
    sha256 = store.put("e1", IMAGE)
    ciphertext = (tmp_path / "blobs/e1" / f"{sha256}.blob").read_bytes()
    unlink = Path.unlink

    def power_cut(path: Path, missing_ok: bool = False) -> None:
        if path.suffix == ".blob":
            raise KeyboardInterrupt
        unlink(path, missing_ok=missing_ok)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Path, "unlink", power_cut)
        store.destroy("e1")
    assert [path.read_bytes() for path in files(tmp_path)] == [ciphertext]
    with pytest.raises(UnknownBlobError):
        store.get("e1", sha256)
    store.destroy("e1")
    assert files(tmp_path) == []


def test_what_comes_after_the_destruction_leaves_nothing(store: BlobStore, tmp_path: Path):
    store.put("e1", IMAGE)
    store.destroy("e1")
    with pytest.raises(UnknownBlobError):
        store.put("e1", IMAGE)
    store.destroy("e2")
    with pytest.raises(UnknownBlobError):
        store.put("e2", IMAGE)
    assert files(tmp_path) == []


@pytest.mark.parametrize("enrollment_id", ["", "..", "a/b", "/etc", "a" * 65])
def test_an_id_cannot_leave_the_folder(store: BlobStore, enrollment_id: str):
    with pytest.raises(ValueError, match="cannot name an enrollment"):
        store.put(enrollment_id, IMAGE)


@pytest.mark.parametrize("sha256", ["", "../../key", "A" * 64])
def test_only_a_hash_names_an_image(store: BlobStore, sha256: str):
    store.put("e1", IMAGE)
    with pytest.raises(UnknownBlobError):
        store.get("e1", sha256)


def test_a_short_wrapping_key_is_a_bug(tmp_path: Path):
    with pytest.raises(ValueError, match="32 bytes"):
        BlobStore(tmp_path, b"short")
