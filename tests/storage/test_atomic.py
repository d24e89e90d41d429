"""Files are there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kiosk.storage.atomic import remove, write_atomic


def test_a_file_is_replaced_as_a_whole(tmp_path: Path):
    path = tmp_path / "state"
    write_atomic(path, b"one")
    write_atomic(path, b"two")
    assert path.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_power_cut_left_is_in_nobodys_way(tmp_path: Path):
    (tmp_path / ".state.tmp").write_bytes(b"half")
    write_atomic(tmp_path / "state", b"whole")
    assert (tmp_path / "state").read_bytes() == b"whole"


def test_a_link_in_the_temporary_place_is_not_followed(tmp_path: Path):
    (tmp_path / "elsewhere").write_bytes(b"untouched")
    (tmp_path / ".state.tmp").symlink_to(tmp_path / "elsewhere")
    write_atomic(tmp_path / "state", b"whole")
    assert (tmp_path / "elsewhere").read_bytes() == b"untouched"
    assert not (tmp_path / "state").is_symlink()


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "state"
    write_atomic(path, b"old")

    def no_room(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(OSError, match="No space"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"


def test_removing_twice_is_removing_once(tmp_path: Path):
    write_atomic(tmp_path / "state", b"one")
    remove(tmp_path / "state")
    remove(tmp_path / "state")
    assert not (tmp_path / "state").exists()
