"""The root partition with its hash tree, and the boot partitions that name the hash."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from dataclasses import asdict
from gzip import compress
from pathlib import Path

from appliance.initrd import make_initrd
from appliance.layout import BLOCK_BYTES, BOOT_A, MIB, Verity, command_line, config_txt
from appliance.process import output, run
from appliance.root import merged

FIRMWARE = ("start4.elf", "fixup4.dat", "start4x.elf", "fixup4x.dat", "bootcode.bin")
DEVICE_TREES = ("bcm2711-rpi-4-b.dtb", "bcm2711-rpi-400.dtb", "bcm2711-rpi-cm4-io.dtb", "bcm2712-rpi-5-b.dtb")


def make_root(folder: Path, *, layers: tuple[Path, ...], epoch: int) -> None:
    """folder/root.img: squashfs and its dm-verity tree; folder/verity.json.

    The salt comes from the content: equal inputs give an equal root hash.
    """
    folder.mkdir()
    image = folder / "root.img"
    with merged(layers) as root:
        run(
            *(
                "mksquashfs",
                root,
                image,
                "-quiet",
                "-no-progress",
                "-comp",
                "zstd",
                "-Xcompression-level",
                "6",
            ),
            *("-b", "256K", "-noappend", "-no-exports", "-exit-on-error"),
            *("-all-time", str(epoch), "-mkfs-time", str(epoch)),
        )
    (folder / "verity.json").write_text(json.dumps(asdict(add_verity(image))))


def add_verity(image: Path) -> Verity:
    """Appends the hash tree after the last data block. The superblock takes one block between them."""
    size = image.stat().st_size
    blocks = -(-size // BLOCK_BYTES)
    with image.open("r+b") as opened:
        opened.truncate(blocks * BLOCK_BYTES)
    with image.open("rb") as opened:
        salt = hashlib.file_digest(opened, "sha256").hexdigest()
    told = output(
        *("veritysetup", "format", image, image, f"--hash-offset={blocks * BLOCK_BYTES}", f"--salt={salt}"),
        *(f"--data-blocks={blocks}", f"--data-block-size={BLOCK_BYTES}", f"--hash-block-size={BLOCK_BYTES}"),
        "--uuid=00000000-0000-0000-0000-000000000000",
    )
    found = re.search(r"Root hash:\s*([0-9a-f]{64})", told)
    if found is None:
        raise ValueError(f"veritysetup told no root hash: {told}")
    return Verity(blocks, salt, found.group(1))


def read_verity(folder: Path) -> Verity:
    return Verity(**json.loads((folder / "verity.json").read_text()))


def make_boot(image: Path, *, system: Path, unpacked: Path, initrd_source: Path, verity: Verity) -> None:
    """A FAT file system: all that the firmware loads, for either slot."""
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name)
        (kernel,) = (unpacked / "linux-image-arm64/boot").glob("vmlinuz-*")
        (tree / "kernel.img").write_bytes(compress(kernel.read_bytes(), 9, mtime=0))
        make_initrd(tree / "initrd.img", system=system, source=initrd_source)
        (tree / "cmdline.txt").write_text(command_line(verity))
        (tree / "config.txt").write_text(config_txt())
        firmware = unpacked / "raspi-firmware/usr/lib/raspi-firmware"
        for file in (firmware / name for name in FIRMWARE):
            shutil.copy(file, tree)
        for file in sorted((unpacked / "linux-image-arm64").glob("usr/lib/linux-image-*/broadcom/*.dtb")):
            if file.name in DEVICE_TREES:
                shutil.copy(file, tree)
        make_fat(image, tree, label="KIOSKBOOT", size_mib=BOOT_A.size_mib)


def make_fat(image: Path, tree: Path, *, label: str, size_mib: int) -> None:
    """Equal trees give equal images: no time of day, no random serial number."""
    with image.open("wb") as opened:
        opened.truncate(size_mib * MIB)
    epoch = {"SOURCE_DATE_EPOCH": "0", "MTOOLS_SKIP_CHECK": "1"}
    run("mkfs.vfat", "--invariant", "-F", "32" if size_mib > 32 else "16", "-n", label, image, env=epoch)
    run("find", tree, "-exec", "touch", "--date=1980-01-01 UTC", "{}", "+")
    for file in sorted(tree.iterdir()):
        run("mcopy", "-m", "-s", "-i", image, file, "::", env=epoch)
