"""Newer images for the unit on the bench: installed by the unit's own service, on trial, kept or left again."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from appliance.boot import make_boot, make_root, read_verity
from appliance.bundle import make_bundle
from appliance.root import PYTHON, SITE
from appliance.steps import Builder, Step

from bench.checks import Bench
from bench.firmware import chosen_partition
from bench.machine import BenchError, Hardware, Machine
from bench.outcomes import CheckFailedError, Seen

NEWER, BROKEN = "99.0.0", "98.0.0"
"""Both are newer than what the unit runs. No command of the application runs in BROKEN."""
EPOCH = 1_767_225_600

_UPDATES = "/var/lib/kiosk/updates"
_AUTOBOOT = r"systemctl start 'run-kiosk\x2dbootconfig.mount' && cat /run/kiosk-bootconfig/autoboot.txt"
_KEPT = (
    "find /var/lib/kiosk/keys /var/lib/kiosk/etc -type f -exec sha256sum {} + | sort | sha256sum; "
    "python3 -c \"import sqlite3; journal = sqlite3.connect('/var/lib/kiosk/data/journal.sqlite'); "
    "print(journal.execute('SELECT count(*) FROM event').fetchone())\""
)
"""Keys and settings whole, and what the journal has."""


def make_images(built: Path, folder: Path, *, initrd: Path) -> Mapping[str, Path]:
    """Version -> signed bundle, of the built layers under another version; made once for each build.

    built: folder of the build. folder: where the bundles are kept.
    """
    command, bytecode = "run.py", f"__pycache__/run.{PYTHON.replace('python3.', 'cpython-3')}.pyc"
    broken = {
        f"{SITE}/kiosk/commands/{command}": 'raise RuntimeError("this image is broken on purpose")\n',
        f"{SITE}/kiosk/commands/{bytecode}": "none, so that the source is read\n",
    }
    builder = Builder(folder)
    changes: Mapping[str, Mapping[str, str]] = {NEWER: {}, BROKEN: broken}
    steps = tuple(
        Step(
            version,
            partial(_make_bundle, built=built, version=version, initrd=initrd, changed=changed),
            settings=(read_verity(built / "root/result").root_hash, *changed.values()),
        )
        for version, changed in changes.items()
    )
    builder.build(steps)
    return {version: builder.result(version) for version in changes}


def _make_bundle(bundle: Path, *, built: Path, version: str, initrd: Path, changed: Mapping[str, str]) -> None:
    parts = [built / name / "result" for name in ("kernels", "application", "system")]
    with tempfile.TemporaryDirectory(dir=bundle.parent) as name:
        room = Path(name)
        for file, text in {"etc/kiosk-release": f"VERSION={version}\n", **changed}.items():
            (room / "layer" / file).parent.mkdir(parents=True, exist_ok=True)
            (room / "layer" / file).write_text(text)
        make_root(room / "root", layers=(room / "layer", *parts), epoch=EPOCH)
        make_boot(
            room / "boot.img",
            system=parts[-1],
            unpacked=built / "packages/result",
            initrd_source=initrd,
            verity=read_verity(room / "root"),
        )
        make_bundle(
            bundle,
            boot=room / "boot.img",
            root=room / "root/root.img",
            authority=built / "authority/result",
            version=version,
        )


def with_images(images: Mapping[str, Path]) -> Hardware:
    """A unit with each bundle as a read-only disk, which takes the place of the store or the stick."""
    words: list[str] = []
    for version, bundle in images.items():
        words += ["-drive", f"if=none,id=v{version[:2]},format=raw,readonly=on,file={bundle}"]
        words += ["-device", f"virtio-blk-pci,drive=v{version[:2]},serial={version}"]
    return Hardware(extra=tuple(words))


def _offer(bench: Bench, version: str) -> Machine:
    """Puts the bundle where the unit fetches to, and waits until nobody is at the screen."""
    machine = bench.enrolling_unit()
    size = bench.images[version].stat().st_size
    machine.ask(
        f"cd {_UPDATES} && rm -f *.raucb && head -c {size} /dev/disk/by-id/virtio-{version} >{version}.raucb",
        timeout_s=900,
    )
    machine.wait_for(
        "test $(systemctl show --property=StatusText --value kiosk-ui) = idle",
        what="an idle screen",
        timeout_s=900,
    )
    return machine


def _decline(machine: Machine) -> str:
    """The unit looks at what is offered and does not take it: the last thing it says of it."""
    before = machine.ask(_AUTOBOOT)
    machine.run("systemctl start kiosk-update.service", timeout_s=2400)
    told = machine.ask(
        "journalctl --unit=kiosk-update --boot --output=cat --no-pager | grep 'raucb\\|update install'"
    )
    after = machine.ask(_AUTOBOOT)
    if chosen_partition(after, trial=False) != chosen_partition(before, trial=False):
        raise CheckFailedError(f"{told}: the settled slot changed, {before!r} to {after!r}")
    return told.splitlines()[-1]


def _start_trial(machine: Machine) -> None:
    """Installs what is offered, restarts as asked, and takes the trial as the firmware does."""
    try:
        machine.ask(
            "systemctl start kiosk-update.service || "
            "{ journalctl --unit=kiosk-update --lines=3 --output=cat --no-pager; false; }",
            timeout_s=2400,
        )
    except BenchError:
        if machine.running:
            raise
    if not machine.wait_until_off(timeout_s=600):
        raise CheckFailedError("the firmware was not asked for a trial")
    machine.start(trial=True)


def refuses_a_changed_bundle(bench: Bench) -> Seen:
    """Its signature holds, its content does not: found while it is written into the slot that does not run."""
    machine = _offer(bench, NEWER)
    machine.ask(
        f"dd if=/dev/zero of={_UPDATES}/{NEWER}.raucb bs=4096 seek=50000 count=4 conv=notrunc && sync",
        timeout_s=300,
    )
    told = _decline(machine)
    if "update install" not in told:
        raise CheckFailedError(told)
    return Seen(told)


def broken_image_rolls_back(bench: Bench) -> Seen:
    """Nothing of the application runs in it: the image before comes back by itself, and tries it no more."""
    machine = _offer(bench, BROKEN)
    kept = machine.ask(_KEPT)
    _start_trial(machine)
    machine.wait_for_console(r"kiosk-initrd: root b", timeout_s=300)
    if machine.wait_until_off(timeout_s=2400):
        raise CheckFailedError("it asked for another trial")
    machine.start()
    machine.wait_for_console(r"kiosk-initrd: root a", timeout_s=300)
    machine.wait_for("systemctl is-active --quiet kiosk-mark-good", timeout_s=2400)
    if (now := machine.ask(_KEPT)) != kept:
        raise CheckFailedError(f"the data changed: {kept} to {now}")
    _, back = bench.sees("attract")
    told = _decline(machine)
    if "refused_before" not in told:
        raise CheckFailedError(f"it would be tried again: {told}")
    return Seen(f"root b restarted by itself, root a came back with its data; then {told}", (back,))


def installs_and_starts(bench: Bench) -> Seen:
    """Into the other slot, on trial, settled once the unit is ready; the data stay."""
    machine = _offer(bench, NEWER)
    kept = machine.ask(_KEPT)
    _start_trial(machine)
    machine.wait_for_console(r"kiosk-initrd: root b", timeout_s=300)
    machine.wait_for("systemctl is-active --quiet kiosk-mark-good", timeout_s=2400)
    version, chosen = machine.ask("cat /etc/kiosk-release"), machine.ask(_AUTOBOOT)
    if NEWER not in version or chosen_partition(chosen, trial=False) != 3:  # boot-b
        raise CheckFailedError(f"{version}; {chosen!r}")
    if (now := machine.ask(_KEPT)) != kept:
        raise CheckFailedError(f"the data changed: {kept} to {now}")
    _, picture = bench.sees("attract")
    return Seen(f"{version} from root b, settled; keys, settings and journal as before", (picture,))


def refuses_what_is_not_newer(bench: Bench) -> Seen:
    """A signed bundle of the version that runs, or of an older one."""
    machine = _offer(bench, BROKEN)
    told = _decline(machine)
    if "not_newer" not in told:
        raise CheckFailedError(told)
    return Seen(f"{machine.ask('cat /etc/kiosk-release')}: {told}")
