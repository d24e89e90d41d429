"""The `kiosk` command."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from kiosk.commands import (
    authority,
    backup,
    demo,
    doctor,
    export,
    firewall,
    keys,
    match,
    order,
    packet,
    passphrase,
    provision,
    quality,
    ready,
    receive,
    reset,
    roster,
    run,
    staff,
    update,
    uplink,
)
from kiosk.config import ConfigError

_EPILOG = """\
examples:
  kiosk run --sim                     try it: simulated devices, invented residents
  kiosk demo --count 5                watch five enrollments drive themselves
  kiosk quality slap hand.png --json  judge a picture
  kiosk doctor                        is this unit ready for the day?

`kiosk COMMAND --help` tells more.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 done, 1 something was refused or not whole, 2 wrong usage or configuration."""
    parser = argparse.ArgumentParser(
        prog="kiosk",
        description="Enrollment kiosk for Indonesia's electronic identity card (KTP-el).",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in (
        *(run, demo, quality, match, packet, receive, roster, staff, doctor),
        *(provision, passphrase, reset, order, uplink, firewall, ready, update),
        *(keys, authority, export, backup),
    ):
        command.configure(subparsers)
    chosen = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _end)
    try:
        return int(chosen.run(chosen))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _end(number: int, frame: FrameType | None) -> None:
    """SIGTERM ends like a closed window: devices stop, what was finalised is sealed."""
    del frame
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
