"""`kiosk uplink`: the process that sends sealed packets, as the unit's configuration says."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

_EPILOG = """\
examples:
  kiosk uplink --config /etc/kiosk/kiosk.toml           until it is told to end
  kiosk uplink --config /etc/kiosk/kiosk.toml --once    one pass; 1 when the store was out of reach
"""


def configure(subparsers: Any) -> None:
    """Add `uplink` to the subparsers of `kiosk`."""
    parser = subparsers.add_parser(
        "uplink",
        help="send sealed packets to the configured store",
        description="Send sealed packets to the store of the configuration and fetch their receipts. Without a "
        "store it waits, so that a unit whose packets travel by stick needs no other set-up.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration, see kiosk/default.toml")
    parser.add_argument("--once", action="store_true", help="one pass, then end")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from kiosk.config import load  # noqa: PLC0415 - heavy imports wait for the run
    from kiosk.storage.layout import DataFolder  # noqa: PLC0415
    from kiosk.uplink.__main__ import main  # noqa: PLC0415
    from kiosk.uplink.stop import StopSignal  # noqa: PLC0415

    config = load(arguments.config)
    if not config.store:
        print("kiosk uplink: no store is configured; packets stay until they are exported", file=sys.stderr)
        if not arguments.once:
            StopSignal().wait(None)
        return 0
    words = ["--outbox", str(DataFolder(config.data).outbox), "--keys", str(config.keys)]
    words += ["--store", config.store, "--interval", str(config.uplink_interval_s)]
    words += ["--part-kb", str(config.uplink_part_kb), "--bandwidth-kbps", str(config.uplink_bandwidth_kbps)]
    words += ["--ca", str(config.uplink_ca)] if config.uplink_ca else []
    return main([*words, "--once"] if arguments.once else words)
