"""What the Raspberry Pi's boot firmware does with a card, done by the bench in its place.

QEMU's `virt` machine has none: kernel, initial RAM disk and command line are read from the boot partition that
autoboot.txt names, and given to QEMU. A restart with the argument "0 tryboot" boots the one on trial, once.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

TRYBOOT = "Restarting system with command '0 tryboot'"
"""The kernel's last words before a restart that the firmware shall take as a trial."""


@dataclass(frozen=True, slots=True)
class Boot:
    partition: int
    kernel: Path
    initrd: Path
    command_line: str


def partitions(disk: Path) -> dict[str, tuple[int, int, int]]:
    """Label -> number, first byte, size in bytes, of a raw disk with a GPT."""
    told = subprocess.run(["sfdisk", "--json", disk], check=True, stdout=subprocess.PIPE).stdout
    table = json.loads(told)["partitiontable"]
    sector = int(table["sectorsize"])
    return {
        entry["name"]: (number, entry["start"] * sector, entry["size"] * sector)
        for number, entry in enumerate(table["partitions"], start=1)
    }


def chosen_partition(autoboot: str, *, trial: bool) -> int:
    """The section [tryboot] counts on a trial only, [all] always; the last line that counts wins."""
    section, chosen = "all", 0
    for line in (line.strip() for line in autoboot.splitlines()):
        if line.startswith("["):
            section = line.strip("[]")
        elif line.startswith("boot_partition=") and (section == "all" or (trial and section == "tryboot")):
            chosen = int(line.partition("=")[2])
    if not chosen:
        raise ValueError(f"autoboot.txt names no partition: {autoboot!r}")
    return chosen


def read_boot(disk: Path, room: Path, *, trial: bool) -> Boot:
    """Copies what is to be booted into `room`."""
    table = partitions(disk)
    _, offset, _ = table["bootconfig"]
    number = chosen_partition(_text(disk, offset, "autoboot.txt"), trial=trial)
    (offset,) = [start for entry, start, _ in table.values() if entry == number]
    kernel, initrd = room / "kernel.img", room / "initrd.img"
    for file in (kernel, initrd):
        file.unlink(missing_ok=True)
        subprocess.run(["mcopy", "-i", f"{disk}@@{offset}", f"::{file.name}", file], check=True)
    return Boot(number, kernel, initrd, _text(disk, offset, "cmdline.txt").strip())


def _text(disk: Path, offset: int, name: str) -> str:
    told = subprocess.run(
        ["mtype", "-t", "-i", f"{disk}@@{offset}", f"::{name}"], check=True, stdout=subprocess.PIPE
    )
    return told.stdout.decode()
