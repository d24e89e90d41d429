"""`kiosk reset`: destroy what this unit is and knows, before it changes hands."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

_EPILOG = """\
example:
  kiosk reset --confirm KIOSK-7

Keys are overwritten and removed first: without them no image and no journal line on the disk can be read again.
Sealed packets that were not delivered are the only copies: export them before. A unit in an office is reset by
a signed order (`kiosk order`), which destroys the key slots of its whole data partition.
"""


def configure(subparsers: Any) -> None:
    """Add `reset` to the subparsers of `kiosk`."""
    parser = subparsers.add_parser(
        "reset",
        help="destroy this unit's keys and settings",
        description="Destroy the keys, the settings and the staff of this unit, so that it starts as new.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration, see kiosk/default.toml")
    parser.add_argument(
        "--confirm", required=True, metavar="UNIT", help="the unit's id, as it stands on its screen"
    )
    parser.add_argument(
        "--destroying", type=int, default=0, metavar="N", help="how many packets and records only this unit has"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """0 when destroyed, 1 when refused."""
    from kiosk.appliance.reset import ResetRefusedError, reset  # noqa: PLC0415 - imports wait for the run
    from kiosk.config import load  # noqa: PLC0415

    config = load(arguments.config)
    try:
        destroyed = reset(config, confirmed=arguments.confirm, destroying=arguments.destroying)
    except ResetRefusedError as error:
        print(f"kiosk reset: refused: {error}", file=sys.stderr)
        return 1
    print(f"destroyed: {', '.join(destroyed)}")
    return 0
