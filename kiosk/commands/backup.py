"""`kiosk backup`: a verified copy of what the unit keeps, and its way back."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

_ACTIONS = ("make", "check", "restore")
_EPILOG = """\
examples:
  kiosk backup /media/disk/2026-11-24           while the kiosk runs; the folder must be new or empty
  kiosk backup check /media/disk/2026-11-24
  kiosk backup restore /media/disk/2026-11-24   while it does not run; what was there goes to replaced.N

Restoring needs the unit's own keys, which are in no backup. A backup that is tampered with, another unit's, or
older than what the unit has is refused; --force for the last. The exit status is 1 when it was refused.
"""


def configure(subparsers: Any) -> None:
    """Add `backup` to the subparsers of `kiosk`."""
    parser = subparsers.add_parser(
        "backup",
        help="copy what the unit keeps, check a copy, put it back",
        description="Back up journal, images, outbox, register and audit log, signed by the unit.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("words", nargs="+", metavar="DIR", help="[make | check | restore] DIR")
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration, see kiosk/default.toml")
    parser.add_argument("--force", action="store_true", help="restore: also an older one")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from kiosk.app.clock import Clock  # noqa: PLC0415 - heavy imports wait for the run
    from kiosk.appliance.backup import Refused, check_backup, make_backup, restore  # noqa: PLC0415
    from kiosk.compose import load_keys  # noqa: PLC0415
    from kiosk.config import load  # noqa: PLC0415
    from kiosk.security.key_faults import KeyFileError  # noqa: PLC0415

    *action, folder = arguments.words
    name = action[0] if action else "make"
    if len(action) > 1 or name not in _ACTIONS:
        print(f"kiosk backup: {' '.join(action)}; allowed: {', '.join(_ACTIONS)} and one DIR", file=sys.stderr)
        return 2
    config = load(arguments.config)
    try:
        keys = load_keys(config)
    except KeyFileError as error:
        print(f"kiosk backup: {error}", file=sys.stderr)
        return 2
    now, path = Clock().now(), Path(folder)
    match name:
        case "check":
            done = check_backup(path, keys=keys)
        case "restore":
            done = restore(path, config.data, keys=keys, at=now, force=arguments.force)
        case _:
            done = make_backup(config.data, path, keys=keys, at=now)
    if isinstance(done, Refused):
        told: dict[str, object] = {"done": False, "fault": done.fault, "detail": done.detail}
        words = f"refused: {done.fault} {done.detail}".rstrip()
    else:
        told = {"done": True, "unit": done.unit, "at": done.at.isoformat(), "events": done.events}
        told |= {"files": len(done.files), "sha256": done.sha256}
        words = f"{done.unit}, {done.at.isoformat()}: {done.events} events, {len(done.files)} files, sound"
    print(json.dumps(told) if arguments.json else words)
    return int(isinstance(done, Refused))
