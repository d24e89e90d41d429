"""Which modules reach the root partition."""

from pathlib import Path

from appliance.initrd import with_dependencies

DEP = """\
kernel/drivers/md/dm-verity.ko.xz: kernel/drivers/md/dm-bufio.ko.xz kernel/drivers/md/dm-mod.ko.xz
kernel/drivers/md/dm-bufio.ko.xz: kernel/drivers/md/dm-mod.ko.xz
kernel/drivers/md/dm-mod.ko.xz:
kernel/fs/squashfs/squashfs.ko.xz:
"""
INITRD = Path(__file__).parents[2] / "image-build/initrd"


def test_a_module_brings_what_it_needs_once() -> None:
    assert with_dependencies(["dm_verity", "dm_mod"], DEP) == (
        "kernel/drivers/md/dm-verity.ko.xz",
        "kernel/drivers/md/dm-bufio.ko.xz",
        "kernel/drivers/md/dm-mod.ko.xz",
    )


def test_what_the_kernel_has_built_in_needs_no_file() -> None:
    assert with_dependencies(["virtio_mmio"], DEP) == ()


def test_the_first_program_starts_nothing_but_the_verified_root() -> None:
    text = (INITRD / "init").read_text()
    assert "/dev/dm-0 /root" in text
    assert not any(word in text for word in ("exec sh", "/bin/sh\n\n", "rescue", "emergency"))
