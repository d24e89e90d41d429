"""`kiosk staff`: who may sign in at this unit."""

from __future__ import annotations

import argparse
import datetime as dt
import getpass
import sys
import time
from pathlib import Path
from typing import Any

_EPILOG = """\
examples:
  kiosk staff add 1001 --role officer         asks for the PIN twice
  echo 483920 | kiosk staff add 2001 --role supervisor
  kiosk staff list
  kiosk staff remove 1001
  kiosk staff card 1001 --certificate 1001.pem   1001 may sign in with the card that holds it
  kiosk staff card 1001 --no-certificate         and no longer

A staff number is 2 to 12 digits, a PIN 6 to 12 digits and none that is easily guessed.
"""


def configure(subparsers: Any) -> None:
    """Add `staff` to the subparsers of `kiosk`."""
    parser = subparsers.add_parser(
        "staff",
        help="who may sign in",
        description="Add, list and remove the officers, supervisors and administrators of this unit.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("action", choices=("add", "list", "remove", "card"))
    parser.add_argument("number", nargs="?", help="the staff number typed at sign-in")
    parser.add_argument("--role", choices=("officer", "supervisor", "admin"), default="officer")
    card = parser.add_mutually_exclusive_group()
    card.add_argument(
        "--certificate", type=Path, metavar="FILE", help="X.509, PEM or DER, as the card holds it"
    )
    card.add_argument("--no-certificate", action="store_true", help="take the card away")
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration, see kiosk/default.toml")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """0 when done, 1 when refused, 2 for wrong usage."""
    from kiosk.config import load  # noqa: PLC0415 - heavy imports wait for the run
    from kiosk.security.officers import Officers  # noqa: PLC0415
    from kiosk.storage.layout import DataFolder  # noqa: PLC0415

    path = DataFolder(load(arguments.config).data).officers
    path.parent.mkdir(parents=True, exist_ok=True)
    officers = Officers(path, monotonic_s=time.monotonic)
    if arguments.action == "list":
        for officer in officers.all():
            print(f"{officer.name}\t{officer.role}")
        return 0
    number = arguments.number or ""
    if not (number.isdecimal() and 2 <= len(number) <= 12):
        print(f"kiosk staff: {number!r} is no staff number; allowed: 2 to 12 digits", file=sys.stderr)
        return 2
    if arguments.action == "remove":
        officers.remove(number)
        return 0
    if arguments.action == "card":
        return _card(officers, number, arguments.certificate, take=arguments.no_certificate)
    return _add(officers, number, arguments.role)


def _add(officers: Any, number: str, role: str) -> int:
    from kiosk.enrollment.events import Role  # noqa: PLC0415

    pin = _pin()
    added = officers.add(number, Role(role), pin) if pin else ("the two PINs differ",)
    if isinstance(added, tuple):
        print(f"kiosk staff: refused: {', '.join(str(problem) for problem in added)}", file=sys.stderr)
        return 1
    print(f"{added.name}\t{added.role}")
    return 0


def _card(officers: Any, number: str, certificate: Path | None, *, take: bool) -> int:
    from kiosk.security.officers import CardChangeProblem  # noqa: PLC0415

    if take:
        officers.take_card(number)
        return 0
    if certificate is None:
        print("kiosk staff: card needs --certificate FILE or --no-certificate", file=sys.stderr)
        return 2
    try:
        data = certificate.read_bytes()
    except OSError as error:
        print(f"kiosk staff: {certificate} cannot be read: {error.strerror}", file=sys.stderr)
        return 2
    given = officers.give_card(number, data, now=dt.datetime.now(dt.UTC))
    if isinstance(given, CardChangeProblem):
        print(f"kiosk staff: refused: {given}", file=sys.stderr)
        return 1
    print(f"{given.name}\t{given.role}\tcard")
    return 0


def _pin() -> str:
    """From a terminal twice, unseen; from a pipe one line. Empty when the two differ."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    first = getpass.getpass("PIN: ")
    return first if first == getpass.getpass("PIN again: ") else ""
