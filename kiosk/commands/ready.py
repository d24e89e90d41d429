"""`kiosk ready`: is the running kiosk fit for residents; keep the image if it is, leave it if it is not."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kiosk.appliance.readiness import Check

_LOOK_EVERY_S = 1.0
_EPILOG = """\
examples:
  kiosk ready                        what the running kiosk says of itself
  kiosk ready --wait 300 --mark-good as the appliance does after each start
The exit status is 1 when it is not ready; with --mark-good only when the image on trial is to be left.
"""


def configure(subparsers: Any) -> None:
    """Add `ready` to the subparsers of `kiosk`."""
    parser = subparsers.add_parser(
        "ready",
        help="is the running kiosk fit for residents",
        description="Judge what the running kiosk reports: screen, kernels, journal, devices.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--wait", type=float, default=0.0, metavar="SECONDS", help="how long it may take to be")
    parser.add_argument("--mark-good", action="store_true", help="keep, or leave, an image that is on trial")
    parser.add_argument("--report", type=Path, default=Path("/run/kiosk-ui/ready.json"), metavar="FILE")
    parser.add_argument(
        "--history", type=Path, default=Path("/var/lib/kiosk/rauc/history.json"), metavar="FILE"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    checks = watched(arguments.report, wait_s=arguments.wait, monotonic_s=time.monotonic, pause=time.sleep)
    for check in checks:
        advice = f"  ->  {check.advice}" if check.advice else ""
        print(f"{'ready    ' if check.ready else 'NOT READY'}  {check.name}{advice}", flush=True)
    ready = all(check.ready for check in checks)
    return _mark(arguments.history, ready=ready) if arguments.mark_good else int(not ready)


def watched(
    report: Path, *, wait_s: float, monotonic_s: Callable[[], float], pause: Callable[[float], None]
) -> tuple[Check, ...]:
    """The checks as soon as all of them hold, or as they stand after `wait_s`."""
    from kiosk.appliance.readiness import Check, ReportError, judge, read_report  # noqa: PLC0415

    until_s = monotonic_s() + wait_s
    while True:
        try:
            checks = judge(read_report(report))
        except ReportError as error:
            checks = (Check("report", ready=False, advice=str(error)),)
        if all(check.ready for check in checks) or monotonic_s() >= until_s:
            return checks
        pause(_LOOK_EVERY_S)


def _mark(history: Path, *, ready: bool) -> int:
    from kiosk.appliance.rauc import CommandError, Rauc  # noqa: PLC0415
    from kiosk.appliance.update_files import BOOT_ID, ReleaseError, running_version  # noqa: PLC0415
    from kiosk.appliance.updates import Verdict  # noqa: PLC0415
    from kiosk.appliance.updating import Unit  # noqa: PLC0415

    try:
        unit = Unit(Rauc(), running_version(), BOOT_ID.read_text().strip(), history)
        judged = unit.judge(ready=ready)
    except (CommandError, ReleaseError) as error:
        print(f"kiosk ready: {error}", file=sys.stderr)
        return 1
    print(f"image {unit.running}: {judged}")
    return int(judged is Verdict.LEAVE)
