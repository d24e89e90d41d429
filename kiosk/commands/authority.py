"""`kiosk authority`: the other side of the key ceremony, for trials and small offices."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from pathlib import Path
from typing import Any

_EPILOG = """\
examples:
  kiosk authority init authority/ --name "Kabupaten Contoh"
  kiosk authority certify authority/ KIOSK-7.csr --unit KIOSK-7 -o KIOSK-7.pem
  kiosk authority list authority/ --number 3 --recipient age1... --days 400 -o recipients.json
  kiosk authority receiver authority/ -o receiver-keys/ && kiosk receive --keys receiver-keys/ --store ...

The folder holds the authorities' secret keys in files: never on a unit, and not on a computer with a network.
`list` signs beside the list: recipients.json.p7s. Without --recipient it names the folder's own.
"""


def configure(subparsers: Any) -> None:
    """Add `authority` to the subparsers of `kiosk`."""
    parser = subparsers.add_parser(
        "authority",
        help="certify units and sign lists of recipients",
        description="A small authority in a folder: it certifies units and signs lists of recipients.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    steps = parser.add_subparsers(required=True, metavar="COMMAND")
    init = steps.add_parser("init", help="make the authorities' keys")
    init.add_argument("--name", default="Otoritas", help="what they are called")
    certify = steps.add_parser("certify", help="a certificate for a unit's request")
    certify.add_argument("--unit", required=True, metavar="ID", help="whose request it must be")
    listing = steps.add_parser("list", help="sign a list of recipients")
    listing.add_argument("--number", type=int, required=True, help="higher than the last list's")
    listing.add_argument("--recipient", action="append", default=[], metavar="AGE1...", help="may be repeated")
    receiver = steps.add_parser("receiver", help="lay out the key folder of `kiosk receive`")
    receiver.add_argument("folder", type=Path, metavar="DIR")
    receiver.set_defaults(run=_receiver)
    for step, run, days in ((init, _init, 3650), (certify, _certify, 825), (listing, _list, 400)):
        step.add_argument("folder", type=Path, metavar="DIR")
        step.add_argument("--days", type=int, default=days, help=f"how long it is valid (default {days})")
        step.set_defaults(run=run)
    certify.add_argument("request", type=Path, metavar="CSR")
    for step in (certify, listing, receiver):
        step.add_argument("-o", "--out", type=Path, required=True, metavar="FILE")


def _init(arguments: argparse.Namespace) -> int:
    from kiosk.security.authority import make_authorities  # noqa: PLC0415 - heavy imports wait for the run

    now, lifetime = dt.datetime.now(dt.UTC), dt.timedelta(days=arguments.days)
    try:
        make_authorities(arguments.folder, name=arguments.name, now=now, lifetime=lifetime)
    except FileExistsError as error:
        return _refused(f"{error.filename} is there already")
    print(arguments.folder)
    return 0


def _certify(arguments: argparse.Namespace) -> int:
    from kiosk.security.authority import certify_request  # noqa: PLC0415
    from kiosk.security.key_faults import KeyFileError, KeyRefusal  # noqa: PLC0415

    try:
        certificate = certify_request(
            arguments.folder,
            arguments.request.read_bytes(),
            unit_id=arguments.unit,
            now=dt.datetime.now(dt.UTC),
            lifetime=dt.timedelta(days=arguments.days),
        )
    except (KeyFileError, OSError) as error:
        return _refused(str(error))
    if isinstance(certificate, KeyRefusal):
        return _refused(str(certificate))
    arguments.out.write_bytes(certificate)
    print(arguments.out)
    return 0


def _list(arguments: argparse.Namespace) -> int:
    from kiosk.packet.cms import DeviceSigner, sign_detached  # noqa: PLC0415
    from kiosk.security.authority import read_pair  # noqa: PLC0415
    from kiosk.security.certificates import CLOCK_SKEW  # noqa: PLC0415
    from kiosk.security.key_faults import KeyFileError  # noqa: PLC0415
    from kiosk.security.key_files import read_certificates  # noqa: PLC0415
    from kiosk.security.recipients import make_list, read_recipient_lines  # noqa: PLC0415

    folder, now = arguments.folder, dt.datetime.now(dt.UTC)
    try:
        own = () if arguments.recipient else read_recipient_lines((folder / "recipient.txt").read_text())
        document = make_list(
            version=arguments.number,
            valid_from=now - CLOCK_SKEW,
            valid_until=now + dt.timedelta(days=arguments.days),
            recipients=(*arguments.recipient, *own),
            receivers=read_certificates(folder / "receiver_ca.pem"),
        )
        key, certificate = read_pair(folder, "list_signer")
    except (KeyFileError, OSError, ValueError) as error:
        return _refused(str(error))
    signature = sign_detached(document, DeviceSigner(key, (certificate,)))
    arguments.out.write_bytes(document)
    arguments.out.with_name(f"{arguments.out.name}.p7s").write_bytes(signature)
    print(arguments.out)
    return 0


def _receiver(arguments: argparse.Namespace) -> int:
    from kiosk.security.authority import lay_out_receiver  # noqa: PLC0415
    from kiosk.security.key_faults import KeyFileError  # noqa: PLC0415

    try:
        lay_out_receiver(arguments.folder, arguments.out)
    except FileExistsError as error:
        return _refused(f"{error.filename} is there already")
    except KeyFileError as error:
        return _refused(str(error))
    print(arguments.out)
    return 0


def _refused(detail: str) -> int:
    print(f"kiosk authority: {detail}", file=sys.stderr)
    return 1
