"""`kiosk provision`: a unit's first start, on its screen or from a signed file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kiosk.appliance.provisioning import Places

AUTHORITY = Path("/usr/share/kiosk/provisioning_ca.pem")
_EPILOG = """\
examples:
  kiosk provision --screen                         ask an officer, as the appliance does at its first start
  kiosk provision KIOSK-7.json --csr KIOSK-7.csr   from a file whose signature is KIOSK-7.json.p7s
  kiosk provision --finish DIR                     DIR holds UNIT.pem, recipients.json and recipients.json.p7s

The file is signed by the authority in --authority:
  openssl cms -sign -binary -in KIOSK-7.json -signer s.pem -inkey s.key -outform DER -out KIOSK-7.json.p7s
The exit status is 1 when a step was refused.
"""


def configure(subparsers: Any) -> None:
    """Add `provision` to the subparsers of `kiosk`."""
    parser = subparsers.add_parser(
        "provision",
        help="set a new unit up",
        description="Write the settings of a new unit, make its keys, and take its certificate over.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("file", nargs="?", type=Path, metavar="FILE.json", help="signed settings")
    how.add_argument("--finish", type=Path, metavar="DIR", help="take the certificate and the recipients over")
    how.add_argument("--screen", action="store_true", help="ask on the screen")
    parser.add_argument(
        "--csr", type=Path, metavar="FILE", help="where the request goes (default: beside FILE.json)"
    )
    parser.add_argument("--config", type=Path, default=Path("/etc/kiosk/kiosk.toml"), metavar="FILE")
    parser.add_argument("--data", type=Path, default=Path("/var/lib/kiosk/data"), metavar="DIR")
    parser.add_argument("--keys", type=Path, default=Path("/var/lib/kiosk/keys"), metavar="DIR")
    parser.add_argument("--authority", type=Path, default=AUTHORITY, metavar="PEM", help="who signs such files")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from kiosk.appliance.provisioning import Places, ProvisioningError  # noqa: PLC0415 - imports wait for the run
    from kiosk.compose import configured_store  # noqa: PLC0415

    places = Places(arguments.config, arguments.data, arguments.keys, configured_store)
    try:
        if arguments.screen:
            return _on_screen(places, arguments.authority)
        if arguments.finish is not None:
            _finish(places, arguments.finish)
        else:
            _begin(places, arguments.file, arguments.authority, arguments.csr)
    except (ProvisioningError, OSError) as error:
        print(f"kiosk provision: {error}", file=sys.stderr)
        return 1
    return 0


def _begin(places: Places, file: Path, authority: Path, csr: Path | None) -> None:
    from kiosk.appliance.provisioning_files import begin_from  # noqa: PLC0415

    written = begin_from(places, file, authority=authority, csr=csr)
    print(f"{written}: carry it to the authority, then kiosk provision --finish")


def _finish(places: Places, folder: Path) -> None:
    from kiosk.appliance.provisioning_files import finish_from  # noqa: PLC0415

    finish_from(places, folder)
    print(f"{places.settings}: in force")


def _on_screen(places: Places, authority: Path) -> int:
    from kiosk.appliance.wizard import Wizard  # noqa: PLC0415
    from kiosk.ui.app import run as run_window  # noqa: PLC0415

    wizard = Wizard(places, authority=authority)
    run_window(wizard, fullscreen=True, until=lambda: wizard.done)
    return int(not wizard.done)
