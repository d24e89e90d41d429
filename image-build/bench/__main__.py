"""`python -m bench`: boots the image in QEMU and checks it; report under out/image-test."""

from __future__ import annotations

import argparse
import functools
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench import checks, sticks, updates
from bench.checks import Bench
from bench.enrollment_check import whole_enrollment
from bench.office import make_office
from bench.outcomes import Outcome, Seen, Verdict, checked, write_report
from bench.places import drawn_places

PROJECT = Path(__file__).resolve().parents[2]

Check = Callable[[Bench], Seen]
STARTS: tuple[tuple[str, Check], ...] = (
    ("a tampered root does not start", checks.tampered_root),
    ("a block tampered deep in the root restarts the unit", checks.tampered_file),
    ("lost data partition", checks.pulled_data_partition),
)
QUICK: tuple[tuple[str, Check], ...] = (
    ("starts from the verified root", checks.boots),
    ("data partition made, encrypted, grown", checks.data_partition_is_made),
    ("no failed units", checks.no_failed_units),
    ("no ordering cycles", checks.no_ordering_cycles),
    ("log persistent and bounded", checks.bounded_log),
    ("name servers are those of the network", checks.name_servers_are_known),
    ("attract screen on KMS by kiosk-ui", checks.attract_screen),
    ("no kernel is compiled at start", checks.no_compilation),
    ("no network beyond the loopback for kiosk-ui", checks.no_network_for_the_screen),
    ("a touch enters the flow", checks.touch_enters_the_flow),
)
"""One start of one unit."""

LONG: tuple[tuple[str, Check], ...] = (
    ("a strange USB device gets no driver", sticks.keyboard_gets_no_driver),
    ("failed starts end in the screen that calls the officer", checks.failed_starts_call_the_officer),
    ("power cut in mid-enrollment, and resume", checks.power_cut),
    ("whole enrollment through devices on real wires, packet to a store, receipt back", whole_enrollment),
)
UPDATES: tuple[tuple[str, Check], ...] = (
    ("a changed update is refused", updates.refuses_a_changed_bundle),
    ("a broken update rolls back", updates.broken_image_rolls_back),
    ("an update installs, starts from the other slot, keeps the data", updates.installs_and_starts),
    ("an update that is not newer is refused", updates.refuses_what_is_not_newer),
)
"""These need newer images, which are made first."""

LAST: tuple[tuple[str, Check], ...] = (
    ("a signed order on a stick resets the unit, a stranger's does not", sticks.order_resets_the_unit),
)
CHECKS = (*STARTS, *QUICK, *LONG, *UPDATES, *LAST)

NOT_POSSIBLE = (
    (
        "boot firmware, its A/B (tryboot) and signed boot",
        "QEMU has no Raspberry Pi firmware; the bench does its part",
    ),
    (
        "hardware watchdog, SD card, HDMI, GPU (V3D)",
        "the virt machine has none of the board's; llvmpipe draws instead",
    ),
    ("key sealed in a TPM or secure element", "Debian's arm64 kernel has no driver for QEMU's TPM"),
)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench", description="Boot the image in QEMU and check it.")
    parser.add_argument("--out", type=Path, default=PROJECT / "out/image-test")
    parser.add_argument("--built", type=Path, default=PROJECT / "build/image", help="folder of `make image`")
    parser.add_argument(
        "--only", action="append", metavar="NAME", help="checks whose name contains this; may be repeated"
    )
    parser.add_argument("--quick", action="store_true", help="only what one start of one unit shows")
    parser.add_argument("--list", action="store_true", help="names of the checks")
    chosen = parser.parse_args(arguments)
    wanted = [one for one in (QUICK if chosen.quick else CHECKS) if _named(one[0], chosen.only)]
    if chosen.list or not wanted:
        print("\n".join(name for name, _ in CHECKS))
        return int(not wanted)
    chosen.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=PROJECT / "build") as name:
        return _checked(wanted, out=chosen.out, built=chosen.built, room=Path(name))


def _named(name: str, parts: Sequence[str] | None) -> bool:
    return not parts or any(part in name for part in parts)


def _checked(wanted: Sequence[tuple[str, Check]], *, out: Path, built: Path, room: Path) -> int:
    """Runs them in order; the report is written anew after each, so an interrupted run has one as well."""
    needs_images = any(one in UPDATES for one in wanted)
    initrd = PROJECT / "image-build/initrd"
    images = updates.make_images(built, built / "bench", initrd=initrd) if needs_images else {}
    bench = Bench(
        image=built / "disk/result",
        room=room,
        out=out,
        office=make_office(room / "office", devices={}, store=""),
        places=drawn_places(room / "drawn"),
        drawn=room / "drawn",
        authority=built / "authority/result",
        images=images,
        hardware=updates.with_images(images),
    )
    outcomes: list[Outcome] = []
    began_s = time.monotonic()
    try:
        for name, check in wanted:
            print(f"[{time.monotonic() - began_s:5.0f} s] {name} ...", file=sys.stderr, flush=True)
            outcomes.append(checked(name, functools.partial(check, bench), pictured=bench.last_picture))
            print(f"    {outcomes[-1].verdict}: {outcomes[-1].detail}", file=sys.stderr, flush=True)
            report = _report(bench, outcomes, took_s=time.monotonic() - began_s)
    finally:
        if bench.machine is not None and bench.machine.running:
            bench.machine.cut_power()
        for log in room.glob("*/console-*.log"):
            shutil.copy(log, out / f"{log.parent.name}-{log.name}")
    print(report)
    return int(any(one.verdict is Verdict.FAIL for one in outcomes))


def _report(bench: Bench, outcomes: Sequence[Outcome], *, took_s: float) -> Path:
    facts = [
        ("image", f"{bench.image.stat().st_blocks * 512 / 1e6:.0f} MB on disk"),
        ("machine", "QEMU virt, cortex-a72, 2 processors, 2 GiB, software emulation, 2 ns an instruction"),
        ("host", f"{os.cpu_count()} processors, load {os.getloadavg()[1]:.0f}"),
        ("all checks (s)", f"{took_s:.0f}"),
        *((f"{what} (s)", f"{seconds:.0f}") for what, seconds in bench.timings.items()),
    ]
    reasons = [Outcome(what, Verdict.NOT_POSSIBLE, reason) for what, reason in NOT_POSSIBLE]
    return write_report(bench.out, [*outcomes, *reasons], facts)


if __name__ == "__main__":
    sys.exit(main())
