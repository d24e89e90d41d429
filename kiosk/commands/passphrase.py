"""`kiosk passphrase`: the officer types the passphrase of the data partition on the screen."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

_EPILOG = """\
example, as data-partition's unit does:
  kiosk passphrase --pipe /run/kiosk/passphrase --asked /run/kiosk/passphrase.asked
"""


def configure(subparsers: Any) -> None:
    """Add `passphrase` to the subparsers of `kiosk`."""
    parser = subparsers.add_parser(
        "passphrase",
        help="ask for the data partition's passphrase",
        description="Ask on the screen, and write the answer into the pipe of the one who opens the partition.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--pipe", type=Path, required=True, metavar="FIFO", help="where the answer goes")
    parser.add_argument("--asked", type=Path, required=True, metavar="FILE", help="the question")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from kiosk.appliance.passphrase import PassphraseScreen  # noqa: PLC0415 - heavy imports wait for the run
    from kiosk.ui.app import run as run_window  # noqa: PLC0415

    run_window(PassphraseScreen(arguments.pipe, arguments.asked), fullscreen=True)
    return 0
