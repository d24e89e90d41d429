"""Which slot starts: the words RAUC says to its back end, and what the firmware then reads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CHOOSER = Path(__file__).parents[2] / "systemd/root/usr/lib/kiosk/boot-chooser"
NEW = "[all]\ntryboot_a_b=1\nboot_partition=2\n[tryboot]\nboot_partition=3\n"


class Card:
    """The partition `bootconfig`, and the firmware that reads it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.autoboot = folder / "autoboot.txt"
        self.autoboot.write_text(NEW)

    def says(self, *words: str) -> str:
        asked = [sys.executable, "-I", CHOOSER, "--folder", self.folder, *words]
        done = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60)
        return done.stdout.strip()

    def starts(self, *, trial: bool = False) -> str:
        """The slot the firmware takes: the last line that counts."""
        section, partition = "all", 0
        for line in self.autoboot.read_text().splitlines():
            if line.startswith("["):
                section = line.strip("[]")
            elif line.startswith("boot_partition=") and (section == "all" or (trial and section == "tryboot")):
                partition = int(line.partition("=")[2])
        return {2: "A", 3: "B"}[partition]


@pytest.fixture
def card(tmp_path: Path) -> Card:
    return Card(tmp_path)


def installs(card: Card, slot: str) -> None:
    """RAUC: not bootable while it is written, then primary."""
    card.says("set-state", slot, "bad")
    card.says("set-primary", slot)


def test_an_installed_image_is_tried_once_and_settled_when_good(card: Card) -> None:
    card.says("set-state", "A", "good")
    installs(card, "B")
    assert card.says("get-primary") == "B"
    assert (card.starts(trial=True), card.starts()) == ("B", "A")
    card.says("set-state", "B", "good")
    assert (card.starts(trial=True), card.starts()) == ("B", "B")


def test_an_image_that_never_got_ready_is_left_by_the_next_start(card: Card) -> None:
    card.says("set-state", "A", "good")
    installs(card, "B")
    assert card.starts(trial=True) == "B"
    assert card.starts() == "A"


def test_a_refused_image_is_not_tried_again(card: Card) -> None:
    card.says("set-state", "A", "good")
    installs(card, "B")
    card.says("set-state", "B", "bad")
    assert card.says("get-state", "B") == "bad"
    assert card.says("get-primary") == "A"
    assert (card.starts(trial=True), card.starts()) == ("A", "A")


def test_power_lost_while_writing_leaves_the_running_image(card: Card) -> None:
    card.says("set-state", "A", "good")
    card.says("set-state", "B", "bad")
    assert (card.starts(trial=True), card.starts()) == ("A", "A")


def test_the_slots_change_places_with_every_update(card: Card) -> None:
    for slot, other in (("B", "A"), ("A", "B"), ("B", "A")):
        installs(card, slot)
        assert (card.starts(trial=True), card.starts()) == (slot, other)
        card.says("set-state", slot, "good")
        assert card.starts() == slot


def test_the_files_first_form_is_the_image_builders(card: Card) -> None:
    assert card.says("get-state", "A") == card.says("get-state", "B") == "good"
    card.says("set-primary", "B")
    assert card.autoboot.read_text() == NEW


def test_a_half_written_file_is_never_read(card: Card) -> None:
    installs(card, "B")
    assert [path.name for path in card.folder.iterdir()] == ["autoboot.txt"]


def test_a_slot_there_is_not_is_refused(card: Card) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        card.says("set-primary", "C")
    assert card.autoboot.read_text() == NEW


def runs_from(root: str, tmp_path: Path) -> tuple[str, ...]:
    """What tells the chooser that the root file system lies on this partition."""
    sysfs = tmp_path / "sys"
    partition = sysfs / "devices/mmcblk0p4"
    verity = sysfs / "dev/block/254:0"
    (verity / "slaves").mkdir(parents=True)
    partition.mkdir(parents=True)
    (partition / "uevent").write_text(f"DEVTYPE=partition\nPARTN=4\nPARTNAME={root}\n")
    (verity / "uevent").write_text("DEVTYPE=disk\nDEVNAME=dm-0\n")
    (verity / "slaves/mmcblk0p4").symlink_to(partition)
    return "--sysfs", str(sysfs), "--root", str(os.makedev(254, 0))


@pytest.mark.parametrize(("root", "slot"), [("root-a", "A"), ("root-b", "B")])
def test_the_running_slot_is_found_under_dm_verity(root: str, slot: str, card: Card, tmp_path: Path) -> None:
    assert card.says(*runs_from(root, tmp_path), "get-current") == slot


def test_only_the_settled_image_is_settled(card: Card, tmp_path: Path) -> None:
    installs(card, "B")
    asked = (*runs_from("root-b", tmp_path), "is-settled")
    with pytest.raises(subprocess.CalledProcessError):
        card.says(*asked)
    card.says("set-state", "B", "good")
    assert card.says(*asked) == "B runs, B is settled"


def test_an_image_nobody_can_tell_of_is_not_settled(card: Card, tmp_path: Path) -> None:
    asked = (*runs_from("root-a", tmp_path), "is-settled")
    card.autoboot.unlink()
    with pytest.raises(subprocess.CalledProcessError):
        card.says(*asked)
