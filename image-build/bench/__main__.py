"""`python -m bench`: boots the image in QEMU and checks it; report under out/image-test."""

from __future__ import annotations

import argparse
import functools
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench import checks, updates
from bench.checks import Bench
from bench.office import make_office
from bench.outcomes import Outcome, Seen, Verdict, checked, write_report
from bench.places import drawn_places

PROJECT = Path(__file__).resolve().parents[2]

Check = Callable[[Bench], Seen]
CHECKS: tuple[tuple[str, Check], ...] = (
    ("starts from the verified root", checks.boots),
    ("data partition made, encrypted, grown", checks.data_partition_is_made),
    ("no failed units", checks.no_failed_units),
    ("no ordering cycles", checks.no_ordering_cycles),
    ("log persistent and bounded", checks.bounded_log),
    ("attract screen on KMS by kiosk-ui", checks.attract_screen),
    ("no kernel is compiled at start", checks.no_compilation),
    ("no network beyond the loopback for kiosk-ui", checks.no_network_for_the_screen),
    ("name servers are those of the network", checks.name_servers_are_known),
    ("a touch enters the flow", checks.touch_enters_the_flow),
    ("power cut in mid-enrollment, and resume", checks.power_cut),
    ("an update installs, starts from the other slot, keeps the data", updates.installs_and_starts),
    ("a changed update is refused", updates.refuses_a_changed_bundle),
    ("a broken image on trial rolls back", updates.broken_image_rolls_back),
    ("a tampered root does not start", checks.tampered_root),
    ("a block tampered deep in the root restarts the unit", checks.tampered_file),
    ("lost data partition", checks.pulled_data_partition),
)

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
    parser.add_argument("--only", default="", help="checks whose name contains this, and the start before them")
    parser.add_argument("--slow", type=float, default=1.0, help="patience for a busy host, 1 for an idle one")
    chosen = parser.parse_args(arguments)
    shutil.rmtree(chosen.out, ignore_errors=True)
    chosen.out.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=PROJECT / "build") as name:
        outcomes, timings = _checked(chosen, Path(name))
    facts = [
        ("image", f"{(chosen.built / 'disk/result').stat().st_blocks * 512 / 1e6:.0f} MB on disk"),
        ("machine", "QEMU virt, cortex-a72, 2 processors, 2 GiB, software emulation"),
        *((f"{what} (s)", f"{seconds:.0f}") for what, seconds in timings.items()),
    ]
    outcomes += [Outcome(what, Verdict.NOT_POSSIBLE, reason) for what, reason in NOT_POSSIBLE]
    print(write_report(chosen.out, outcomes, facts))
    return int(any(one.verdict is Verdict.FAIL for one in outcomes))


def _checked(chosen: argparse.Namespace, room: Path) -> tuple[list[Outcome], dict[str, float]]:
    office = make_office(room / "office", devices={}, store="")
    places = drawn_places(room / "drawn")
    newer = updates.make_newer(chosen.built, room, initrd=PROJECT / "image-build/initrd")
    bench = Bench(
        image=chosen.built / "disk/result",
        room=room,
        out=chosen.out,
        office=office,
        places=places,
        drawn=room / "drawn",
        slow=chosen.slow,
        hardware=updates.with_bundle(newer),
    )
    outcomes: list[Outcome] = []
    began_s = time.monotonic()
    try:
        for name, check in CHECKS:
            if chosen.only not in name and check is not checks.boots:
                continue
            print(f"[{time.monotonic() - began_s:5.0f} s] {name} ...", file=sys.stderr, flush=True)
            outcomes.append(checked(name, functools.partial(check, bench)))
            print(f"    {outcomes[-1].verdict}: {outcomes[-1].detail}", file=sys.stderr, flush=True)
    finally:
        if bench.machine is not None:
            (chosen.out / "console.log").write_text(bench.machine.console())
            bench.machine.cut_power()
    return outcomes, bench.timings


if __name__ == "__main__":
    sys.exit(main())
