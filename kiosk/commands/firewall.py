"""`kiosk firewall`: let the configured store's present addresses through the packet filter."""

from __future__ import annotations

import argparse
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

_EPILOG = """\
examples:
  kiosk firewall --config /etc/kiosk/kiosk.toml            print what would be let through
  kiosk firewall --config /etc/kiosk/kiosk.toml --apply    let it through, as every five minutes
"""


def configure(subparsers: Any) -> None:
    """Add `firewall` to the subparsers of `kiosk`."""
    parser = subparsers.add_parser(
        "firewall",
        help="let the store through the packet filter",
        description="Print, or apply, what the store of the configuration adds to the packet filter's sets. "
        "Needs the rules of the appliance (firewall.nft) and CAP_NET_ADMIN to apply.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration, see kiosk/default.toml")
    parser.add_argument("--apply", action="store_true", help="hand it to nft instead of printing it")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """0 when done or nothing is to be done, 1 when the name leads nowhere or nft refuses."""
    from kiosk.appliance.firewall import elements, endpoint_of  # noqa: PLC0415 - imports wait for the run
    from kiosk.config import load  # noqa: PLC0415

    endpoint = endpoint_of(load(arguments.config).store)
    if endpoint is None:
        return 0
    try:
        found = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    except OSError as error:
        print(f"kiosk firewall: {endpoint.host}: {error}", file=sys.stderr)
        return 1
    commands = elements(endpoint, [str(address[4][0]) for address in found])
    if not arguments.apply:
        print(commands, end="")
        return 0
    return int(subprocess.run(["nft", "-f", "-"], input=commands, text=True, check=False).returncode != 0)
