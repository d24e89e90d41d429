"""A newer image for the unit on the bench: installed by RAUC, started on trial, kept or left again."""

from __future__ import annotations

import subprocess
from pathlib import Path

from appliance.boot import make_boot, make_root, read_verity
from appliance.bundle import make_bundle

from bench.checks import Bench
from bench.firmware import partitions
from bench.machine import Hardware
from bench.office import flip_bytes
from bench.outcomes import CheckFailedError, Seen

NEWER = "99.0.0"
EPOCH = 1_767_225_600
_ON_UNIT = "/var/lib/kiosk/updates/bench.raucb"


def make_newer(built: Path, room: Path, *, initrd: Path) -> Path:
    """The same image under a higher version, so that its root has another hash. built: folder of the build."""
    layer = room / "newer-layer"
    (layer / "etc").mkdir(parents=True)
    (layer / "etc/kiosk-release").write_text(f"VERSION={NEWER}\n")
    parts = [built / name / "result" for name in ("kernels", "application", "system")]
    make_root(room / "newer", layers=(layer, *parts), epoch=EPOCH)
    boot = room / "newer-boot.img"
    make_boot(
        boot,
        system=parts[-1],
        unpacked=built / "packages/result",
        initrd_source=initrd,
        verity=read_verity(room / "newer"),
    )
    bundle = room / "newer.raucb"
    make_bundle(
        bundle, boot=boot, root=room / "newer/root.img", authority=built / "authority/result", version=NEWER
    )
    subprocess.run(["truncate", "--size=%4096", bundle], check=True)
    return bundle


def with_bundle(bundle: Path) -> Hardware:
    """A unit with the bundle as a read-only disk, which takes the place of the store or the stick."""
    return Hardware(
        extra=(
            *("-drive", f"if=none,id=newer,format=raw,readonly=on,file={bundle}"),
            *("-device", "virtio-blk-pci,drive=newer,serial=newer"),
        )
    )


def installs_and_starts(bench: Bench) -> Seen:
    """Into the other slot, on trial, settled once the unit is ready; the data stay."""
    machine = bench.unit()
    machine.ask(f"cp /dev/disk/by-id/virtio-newer {_ON_UNIT}", timeout_s=900)
    machine.ask(f"rauc install {_ON_UNIT}", timeout_s=2400 * bench.slow)
    before = machine.ask("cat /run/kiosk-bootconfig/autoboot.txt")
    machine.run("systemctl --no-block reboot --reboot-argument='0 tryboot'")
    trial = machine.wait_until_off(timeout_s=600 * bench.slow)
    if not trial:
        raise CheckFailedError("the firmware was not asked for a trial")
    machine.start(trial=True)
    machine.wait_for_console(r"kiosk-initrd: root b", timeout_s=300 * bench.slow)
    machine.wait_for("systemctl is-active --quiet kiosk-mark-good", timeout_s=2400 * bench.slow)
    version = machine.ask("cat /etc/kiosk-release")
    after = machine.ask("cat /run/kiosk-bootconfig/autoboot.txt")
    machine.ask("test -s /etc/kiosk/kiosk.toml")
    if NEWER not in version or "boot_partition=3" not in after.partition("[tryboot]")[0]:
        raise CheckFailedError(f"{version}; before {before!r}, after {after!r}")
    return Seen(f"{version}, root b, settled; settings and data kept")


def refuses_a_changed_bundle(bench: Bench) -> Seen:
    machine = bench.unit()
    machine.ask(
        f"dd if=/dev/zero of={_ON_UNIT} bs=4096 seek=2000 count=4 conv=notrunc 2>&1 && sync", timeout_s=300
    )
    status, told = machine.run(f"rauc install {_ON_UNIT} 2>&1", timeout_s=2400 * bench.slow)
    if status == 0:
        raise CheckFailedError("it was installed")
    return Seen(told.strip().splitlines()[-1])


def broken_image_rolls_back(bench: Bench) -> Seen:
    """The image on trial does not start; the settled one comes back by itself, with its data."""
    machine = bench.unit()
    machine.run("/usr/lib/kiosk/boot-chooser set-primary A; sync")
    machine.run("systemctl --no-block reboot --reboot-argument='0 tryboot'")
    machine.wait_until_off(timeout_s=600 * bench.slow)
    _, offset, _ = partitions(machine.disk)["root-a"]
    flip_bytes(machine.disk, offset=offset + 64, count=16)
    machine.start(trial=True)
    machine.wait_for_console(r"kiosk-initrd: no root partition has the hash", timeout_s=400 * bench.slow)
    if machine.wait_until_off(timeout_s=120 * bench.slow):
        raise CheckFailedError("it asked for another trial")
    machine.start(trial=False)
    machine.wait_for_console(r"kiosk-initrd: root b", timeout_s=300 * bench.slow)
    machine.wait_for("findmnt /etc/kiosk && test -s /etc/kiosk/kiosk.toml", timeout_s=1200 * bench.slow)
    return Seen("the image on trial did not start, root b came back with its data")
