"""A store on a stick as it comes from the shop: FAT and exFAT know no second name of a file."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from obstore.store import LocalStore

from kiosk.packet.seal import SealedPacket
from kiosk.storage.outbox import PacketState
from kiosk.uplink.store import Delivery, PacketStore, has_hard_links, open_store
from tests.uplink.conftest import Line

TOOLS = ("losetup", "mkfs.exfat", "mount.exfat-fuse")
SHA256 = "ab" * 32


@pytest.fixture
def exfat(tmp_path: Path) -> Iterator[Path]:
    """A folder on a real exFAT file system."""
    absent = [tool for tool in TOOLS if shutil.which(tool) is None]
    if absent or os.geteuid() != 0 or not Path("/dev/fuse").exists():
        pytest.skip(f"exFAT cannot be mounted here: {', '.join(absent) or 'needs root and /dev/fuse'}")
    image, folder = tmp_path / "stick.img", tmp_path / "stick"
    folder.mkdir()
    with image.open("wb") as stream:
        stream.truncate(32 << 20)
    run("mkfs.exfat", image)
    loop = run("losetup", "--find", "--show", image)
    try:
        run("mount.exfat-fuse", loop, folder)
        yield folder
        run("umount", folder)
    finally:
        run("losetup", "--detach", loop)


def run(*command: str | Path) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_a_folder_of_this_machine_has_hard_links(tmp_path: Path):
    assert has_hard_links(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_already_is_not_put_again(tmp_path: Path):
    store = PacketStore(LocalStore(tmp_path), conditional=False)
    assert store.put_packet(SHA256, b"whole") is Delivery.NEW
    assert store.put_packet(SHA256, b"other") is Delivery.ALREADY_THERE
    assert store.packet(SHA256) == b"whole"


def test_what_broke_off_is_put_again(tmp_path: Path):
    store = PacketStore(LocalStore(tmp_path), conditional=False)
    (tmp_path / "packets").mkdir()
    (tmp_path / "packets" / f"{SHA256}.ktp").write_bytes(b"who")
    assert store.put_packet(SHA256, b"whole") is Delivery.NEW
    assert store.packet(SHA256) == b"whole"


def test_a_receiver_answers_on_exfat_itself(exfat: Path, line: Line, packet: SealedPacket):
    assert not has_hard_links(exfat)
    line.store = open_store(f"file://{exfat}")
    line.put(packet)
    line.send()
    list(line.receiver().run_once())
    line.send()
    assert line.outbox.entry(packet.sha256).state is PacketState.RECEIVED
