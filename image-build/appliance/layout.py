"""How the card is divided, and the words the boot firmware reads. Pure: sizes and texts.

bootconfig (1)  autoboot.txt: which boot partition is started, which one is on trial
boot-a, -b      (2, 3) firmware, device trees, kernel, initial RAM disk, command line with the root's hash
root-a, -b      (4, 5) squashfs, followed by its dm-verity tree
kiosk-data (6)  LUKS2, made at the first start; grows to the end of the card then

Raspberry Pi firmware reads GPT since 2020's bootloaders; autoboot.txt and tryboot_a_b are its own A/B mechanism
(Raspberry Pi documentation, config.txt, "autoboot.txt").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MIB = 1 << 20
BLOCK_BYTES = 4096
"""Of dm-verity's data and hash blocks."""


@dataclass(frozen=True, slots=True)
class Partition:
    """size_mib: on the card. kind: GPT type, by genimage's name or as a UUID."""

    label: str
    size_mib: int
    kind: str


BOOT_CONFIG = Partition("bootconfig", 16, "F")
BOOT_A = Partition("boot-a", 64, "F")
BOOT_B = Partition("boot-b", 64, "F")
ROOT_A = Partition("root-a", 768, "L")
ROOT_B = Partition("root-b", 768, "L")
DATA = Partition("kiosk-data", 64, "L")
PARTITIONS = (BOOT_CONFIG, BOOT_A, BOOT_B, ROOT_A, ROOT_B, DATA)

_DISK_UUID = "6b696f73-6b21-4d61-8e67-6b7470656c00"
"""Fixed, so that equal inputs give equal images; partitions are found by label."""

FILE_LIMIT_BYTES = 1_200_000_000
"""What the image may take as a file, its empty slots being holes in it."""


@dataclass(frozen=True, slots=True)
class Verity:
    """blocks: data blocks of 4096 bytes; salt and root_hash: hex."""

    blocks: int
    salt: str
    root_hash: str


def number_of(partition: Partition) -> int:
    """The firmware counts partitions from 1."""
    return PARTITIONS.index(partition) + 1


def autoboot(*, settled: Partition, trial: Partition) -> str:
    return (
        f"[all]\ntryboot_a_b=1\nboot_partition={number_of(settled)}\n"
        f"[tryboot]\nboot_partition={number_of(trial)}\n"
    )


def config_txt() -> str:
    """The firmware's: Debian's kernel with upstream device trees, no splash, no rainbow."""
    return (
        "arm_64bit=1\nupstream_kernel=1\nkernel=kernel.img\ninitramfs initrd.img followkernel\n"
        "disable_splash=1\ndisable_overscan=1\nenable_uart=1\navoid_warnings=2\nhdmi_force_hotplug=1\n"
    )


def command_line(verity: Verity) -> str:
    """tty1 last: what the kernel writes is not shown over the kiosk, and a serial line has it all."""
    words = (
        f"kiosk.verity={verity.blocks}:{verity.salt}:{verity.root_hash}",
        *(
            "console=ttyS1,115200",
            "console=ttyAMA0,115200",
            "quiet",
            "loglevel=3",
            "vt.global_cursor_default=0",
        ),
        *("panic=10", "systemd.show_status=0", "systemd.gpt_auto=0", "fsck.mode=skip", "net.ifnames=0"),
    )
    return " ".join(words) + "\n"


def genimage_config(files: Mapping[str, str]) -> str:
    """files: partition label -> image file; a partition without one stays a hole."""
    parts = []
    for number, partition in enumerate(PARTITIONS, start=1):
        image = files.get(partition.label)
        lines = [
            f"size = {partition.size_mib}M",
            f'partition-type-uuid = "{partition.kind}"',
            f'partition-uuid = "{_DISK_UUID[:-1]}{number}"',
        ]
        if image:
            lines.append(f'image = "{image}"')
        body = "\n".join(f"        {line}" for line in lines)
        parts.append(f"    partition {partition.label} {{\n{body}\n    }}")
    disk = f'    hdimage {{\n        partition-table-type = "gpt"\n        disk-uuid = "{_DISK_UUID}"\n    }}'
    return "image kiosk.img {\n" + "\n".join((disk, *parts)) + "\n}\n"
