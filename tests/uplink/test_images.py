"""Images come from the store in parts, and a broken line costs one part."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.uplink.images import PART_BYTES, fetch_image, remove_others
from kiosk.uplink.store import PacketStore, StoreUnavailableError, open_store

IMAGE = bytes(range(256)) * (PART_BYTES // 64)


@pytest.fixture
def store(tmp_path: Path) -> PacketStore:
    folder = tmp_path / "store/images"
    folder.mkdir(parents=True)
    (folder / "1.5.0.raucb").write_bytes(IMAGE)
    (folder / "notes.txt").write_text("not an image")
    (folder / "..raucb.raucb").write_text("nor this")
    return open_store(f"file://{tmp_path}/store")


@pytest.fixture
def into(tmp_path: Path) -> Path:
    folder = tmp_path / "updates"
    folder.mkdir()
    return folder


def test_the_store_lists_its_images(store: PacketStore) -> None:
    assert list(store.images()) == [("1.5.0", len(IMAGE))]


def test_an_image_is_fetched_whole(store: PacketStore, into: Path) -> None:
    path = fetch_image(store, "1.5.0", size=len(IMAGE), into=into)
    assert path.read_bytes() == IMAGE
    assert {one.name for one in into.iterdir()} == {path.name, f"{path.name}.tag"}


def test_a_cut_line_goes_on_where_it_stopped(store: PacketStore, into: Path) -> None:
    asked: list[int] = []

    class Cut(PacketStore):
        def image_part(self, version: str, *, tag: str | None, start: int, end: int) -> bytes:
            if len(asked) == 2:
                asked.append(start)
                raise StoreUnavailableError("line cut")
            asked.append(start)
            return store.image_part(version, tag=tag, start=start, end=end)

    cut = Cut(store._store)
    with pytest.raises(StoreUnavailableError):
        fetch_image(cut, "1.5.0", size=len(IMAGE), into=into)
    assert not (into / "1.5.0.raucb").exists()
    assert fetch_image(cut, "1.5.0", size=len(IMAGE), into=into).read_bytes() == IMAGE
    assert asked == [0, PART_BYTES, 2 * PART_BYTES, 2 * PART_BYTES, 3 * PART_BYTES]


def test_an_image_that_is_here_is_not_fetched_again(store: PacketStore, into: Path, tmp_path: Path) -> None:
    fetch_image(store, "1.5.0", size=len(IMAGE), into=into)
    (tmp_path / "store/images/1.5.0.raucb").unlink()
    assert fetch_image(store, "1.5.0", size=len(IMAGE), into=into).read_bytes() == IMAGE


def test_a_longer_leftover_of_that_name_is_started_anew(store: PacketStore, into: Path) -> None:
    (into / "1.5.0.raucb.part").write_bytes(bytes(len(IMAGE) + 1))
    assert fetch_image(store, "1.5.0", size=len(IMAGE), into=into).read_bytes() == IMAGE


OTHER = bytes(reversed(IMAGE))


def replace_image(tmp_path: Path, data: bytes) -> None:
    """As an upload does it: another file takes the name."""
    new = tmp_path / "upload"
    new.write_bytes(data)
    new.replace(tmp_path / "store/images/1.5.0.raucb")


def test_another_image_of_the_same_name_and_size_is_fetched(
    store: PacketStore, into: Path, tmp_path: Path
) -> None:
    fetch_image(store, "1.5.0", size=len(IMAGE), into=into)
    replace_image(tmp_path, OTHER)
    assert fetch_image(store, "1.5.0", size=len(IMAGE), into=into).read_bytes() == OTHER


def test_an_image_replaced_while_it_is_fetched_starts_over(
    store: PacketStore, into: Path, tmp_path: Path
) -> None:
    class Replaced(PacketStore):
        def image_part(self, version: str, *, tag: str | None, start: int, end: int) -> bytes:
            if start == PART_BYTES:
                replace_image(tmp_path, OTHER)
            return store.image_part(version, tag=tag, start=start, end=end)

    with pytest.raises(StoreUnavailableError, match="replaced"):
        fetch_image(Replaced(store._store), "1.5.0", size=len(IMAGE), into=into)
    assert not (into / "1.5.0.raucb").exists()
    assert fetch_image(store, "1.5.0", size=len(IMAGE), into=into).read_bytes() == OTHER


def test_older_images_make_room(into: Path) -> None:
    for name in ("1.4.0.raucb", "1.4.9.raucb.part", "1.5.0.raucb.part"):
        (into / name).touch()
    remove_others(into, keep="1.5.0")
    assert [path.name for path in into.iterdir()] == ["1.5.0.raucb.part"]
