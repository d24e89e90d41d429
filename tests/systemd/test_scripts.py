"""The small programs beside the units, run as they are, with the system's commands played by recorders."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "systemd/root/usr/lib/kiosk"


class System:
    """Commands on a PATH of their own: each writes its line to a log, then runs its own few words of shell."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.log = folder / "log"
        self.log.touch()

    def has(self, name: str, does: str = "") -> None:
        command = self.bin / name
        command.write_text(f'#!/bin/sh\necho "{name} $*" >>"{self.log}"\n{does}\n')
        command.chmod(0o755)

    def runs(
        self, script: str, *arguments: str, given: bytes = b"", environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        known = {"PATH": f"{self.bin}:{os.environ['PATH']}", **(environment or {})}
        words = [str(SCRIPTS / script), *arguments]
        return subprocess.run(words, input=given, env=known, capture_output=True, check=False, timeout=60)

    def done(self) -> list[str]:
        return self.log.read_text().splitlines()


@pytest.fixture
def system(tmp_path: Path) -> System:
    return System(tmp_path)


class Partition:
    """A card's last partition: a file, opened in `mapper` by a passphrase that `cryptsetup` here knows."""

    def __init__(self, system: System) -> None:
        self.system = system
        folder = system.folder
        self.device, self.mapper, self.run = folder / "device", folder / "mapper", folder / "run"
        self.opened, self.closed = self.mapper / "kiosk-data", folder / "closed"
        self.mapper.mkdir()
        self.run.mkdir()
        self.device.touch()
        self.closed.touch()
        self.environment = {
            "KIOSK_DATA_DEVICE": str(self.device),
            "KIOSK_MAPPER": str(self.mapper),
            "RUNTIME_DIRECTORY": str(self.run),
            "KIOSK_TPM": str(folder / "no-tpm"),
        }
        passphrase, label = folder / "passphrase", folder / "label"
        system.has(
            "cryptsetup",
            f"""
case $1 in
isLuks) [ -s {passphrase} ] ;;
luksDump) printf 'Label:\t%s\n' "$(cat {label})" ;;
luksFormat) cat >{passphrase}; echo kiosk-data-new >{label} ;;
config) echo "$4" >{label} ;;
close) rm {self.opened} ;;
open) [ "$(cat)" = "$(cat {passphrase})" ] && cp {self.closed} {self.opened} ;;
luksErase) rm {passphrase} ;;
esac""",
        )
        system.has("mkfs.ext4", f'for last; do :; done; echo ext4 >"$last"; [ "$last" = {self.opened} ]')
        system.has("blkid", 'for last; do :; done; cat "$last"')
        system.has("chgrp")
        system.has("blkdiscard", "exit 1")
        system.has("systemctl")

    def opens(self, typed: Sequence[str] = ()) -> tuple[int, list[str]]:
        """Runs `data-partition open`; an officer types one of these at each question. Returns the questions."""
        words, asked = list(typed), list[str]()
        with subprocess.Popen(
            [SCRIPTS / "data-partition", "open"],
            env={"PATH": f"{self.system.bin}:{os.environ['PATH']}", **self.environment},
            stderr=subprocess.DEVNULL,
        ) as process:
            while process.poll() is None:
                question = self.question()
                if words and question and question not in asked:
                    asked.append(question)
                    with (self.run / "passphrase").open("w") as pipe:
                        pipe.write(words.pop(0) + "\n")
                time.sleep(0.01)
        return process.returncode, asked

    def question(self) -> str:
        asked = self.run / "passphrase.asked"
        try:
            return asked.read_text().strip()
        except FileNotFoundError:
            return ""

    def reboot(self) -> None:
        self.opened.replace(self.closed)


@pytest.fixture
def partition(system: System) -> Partition:
    return Partition(system)


def test_the_first_start_makes_the_partition_with_the_officers_passphrase(partition: Partition) -> None:
    status, asked = partition.opens(["kunci besar 2027"])
    assert (status, asked) == (0, ["choose 1"])
    assert partition.opened.exists()
    assert any(
        line.startswith("cryptsetup luksFormat") and "argon2id" in line for line in partition.system.done()
    )
    assert not list(partition.run.iterdir()), "the pipe is gone once it is open"


def test_later_starts_open_it_and_make_nothing(partition: Partition) -> None:
    partition.opens(["kunci besar 2027"])
    partition.reboot()
    partition.system.log.write_text("")
    status, asked = partition.opens(["kunci besar 2027"])
    assert (status, asked) == (0, ["open 1"])
    assert not any("luksFormat" in line for line in partition.system.done())


def test_a_wrong_passphrase_is_asked_again(partition: Partition) -> None:
    partition.opens(["kunci besar 2027"])
    partition.reboot()
    status, asked = partition.opens(["salah", "salah lagi", "kunci besar 2027"])
    assert (status, asked) == (0, ["open 1", "wrong 2", "wrong 3"])


def test_a_credential_opens_it_without_an_officer(partition: Partition, tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "passphrase").write_text("from the secure element")
    partition.system.has(
        "cryptsetup",
        f"""
case $1 in
isLuks) exit 1 ;;
open) touch {partition.opened} ;;
luksDump) echo Label: kiosk-data-new ;;
esac""",
    )
    partition.environment["CREDENTIALS_DIRECTORY"] = str(credentials)
    assert partition.opens() == (0, [])


def test_a_power_cut_before_the_file_system_makes_it_at_the_next_start(partition: Partition) -> None:
    partition.system.has("mkfs.ext4", "exit 1")
    assert partition.opens(["kunci besar 2027"])[0] == 1
    partition.reboot()
    partition.system.has("mkfs.ext4", 'for last; do :; done; echo ext4 >"$last"')
    assert partition.opens(["kunci besar 2027"]) == (0, ["open 1"])
    assert partition.opened.read_text() == "ext4\n"


def test_a_damaged_file_system_is_never_made_anew(partition: Partition) -> None:
    """Its packets may be the only copies."""
    partition.opens(["kunci besar 2027"])
    partition.reboot()
    partition.system.log.write_text("")
    partition.system.has("blkid")
    assert partition.opens(["kunci besar 2027"]) == (1, ["open 1"])
    assert not any("mkfs" in line for line in partition.system.done())
    assert not partition.opened.exists()


def test_a_foreign_partition_is_not_touched(partition: Partition) -> None:
    partition.device.write_text("ntfs")
    status, asked = partition.opens()
    assert (status, asked) == (1, [])
    assert not any("luksFormat" in line or "mkfs" in line for line in partition.system.done())


def test_a_missing_partition_is_an_error(partition: Partition) -> None:
    partition.device.unlink()
    assert partition.opens() == (1, [])


def test_erasing_destroys_the_key_slots_before_anything_else(partition: Partition) -> None:
    partition.opens(["kunci besar 2027"])
    partition.system.log.write_text("")
    done = partition.system.runs("data-partition", "erase", environment=partition.environment)
    assert done.returncode == 0, done.stderr
    assert partition.system.done()[0].startswith("cryptsetup luksErase")
    assert partition.device.stat().st_size == 16 << 20
    assert not partition.device.read_bytes().strip(b"\0")


def test_the_log_of_earlier_starts_stays_in_one_folder(system: System, tmp_path: Path) -> None:
    journal, machine_id = tmp_path / "journal", tmp_path / "machine-id"
    archived = "system@0006-01.journal"
    for start in ("aa", "bb"):
        machine_id.write_text(f"{start}\n")
        known = {"KIOSK_JOURNAL": str(journal), "KIOSK_MACHINE_ID": str(machine_id)}
        done = system.runs("journal-folder", environment=known)
        assert done.returncode == 0, done.stderr
        if start == "aa":
            (journal / start / "system.journal").write_text("open when the power went")
            (journal / start / archived).write_text("archived")
    assert [folder.name for folder in journal.iterdir()] == ["bb"]
    kept = sorted(file.name for file in (journal / "bb").iterdir())
    assert len(kept) == 2
    assert archived in kept
    unclean = next(name for name in kept if name != archived)
    # The form that journald's own clean-up knows: name@time-number.journal~
    assert re.fullmatch(r"system@[0-9a-f]{16}-[0-9a-f]{16}\.journal~", unclean)


def test_without_a_stick_the_asker_is_told(system: System) -> None:
    system.has("systemctl")
    assert system.runs("stick", environment={"KIOSK_STICK": str(system.folder / "none")}).stdout == b"missing\n"
    assert system.done() == []


def test_a_stick_is_mounted_while_the_asker_listens(system: System) -> None:
    system.has("systemctl")
    (system.folder / "stick").touch()
    said = system.runs("stick", environment={"KIOSK_STICK": str(system.folder / "stick")}).stdout
    assert said == b"mounted\nsafe\n"
    assert system.done() == ["systemctl start run-kiosk-stick.mount", "systemctl stop run-kiosk-stick.mount"]


def test_a_stick_that_does_not_mount_is_told(system: System) -> None:
    system.has("systemctl", "exit 1")
    (system.folder / "stick").touch()
    assert (
        system.runs("stick", environment={"KIOSK_STICK": str(system.folder / "stick")}).stdout
        == b"unreadable\n"
    )


@pytest.mark.parametrize(("depth", "width", "height"), [(32, 1280, 800), (16, 800, 480), (32, 1920, 1080)])
def test_the_officer_is_called_on_the_bare_screen(depth: int, width: int, height: int, tmp_path: Path) -> None:
    stride = width * depth // 8 + 64  # rows of a real frame buffer may be longer than the picture
    for name, value in (("virtual_size", f"{width},{height}"), ("bits_per_pixel", depth), ("stride", stride)):
        (tmp_path / name).write_text(f"{value}\n")
    screen = tmp_path / "fb0"
    screen.write_bytes(bytes(stride * height))
    words = ["python3", "-I", SCRIPTS / "call-officer", "--device", screen, "--sysfs", tmp_path, "--once"]
    failed = {
        "PATH": os.environ["PATH"],
        "MONITOR_UNIT": "kiosk-ui.service",
        "MONITOR_SERVICE_RESULT": "watchdog",
    }
    subprocess.run(words, env=failed, check=True, timeout=60)
    pixels = screen.read_bytes()
    assert len(pixels) == stride * height
    rows = [pixels[at * stride : at * stride + width * depth // 8] for at in range(height)]
    white = (b"\xff" * (depth // 8)) * 3
    written = [number for number, row in enumerate(rows) if white in row]
    # Three lines of large letters in the middle, one small line with the cause at the foot, nothing at the rim.
    assert written[0] > height // 8
    assert height * 9 // 10 < written[-1] < height
    assert sum(after - before > 1 for before, after in pairwise(written)) >= 3
    assert all(row[: depth // 8] == rows[0][: depth // 8] for row in rows)
