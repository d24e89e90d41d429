"""`kiosk order`: follow the signed order on the office's stick."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kiosk.appliance.orders import Order
    from kiosk.config import Config

_EPILOG = """\
order.json on the stick, with its signature (CMS, DER) in order.json.p7s:

  {"format": "ktp-el kiosk order 1", "order": "update", "unit_id": "KIOSK-7",
   "key_id": "<SHA-256 of its public key, in hex>",
   "valid_until": "2027-01-31T00:00:00+07:00", "undelivered_too": 0}

`update` installs the newest *.raucb of the stick and restarts into it for its trial; `reset` destroys the key
slots of the data partition, if `undelivered_too` is the number of packets and records that only this unit has.
The exit status is 1 when the order was refused.
"""


def configure(subparsers: Any) -> None:
    """Add `order` to the subparsers of `kiosk`."""
    parser = subparsers.add_parser(
        "order",
        help="follow the signed order on the stick",
        description="Read a signed order from the office's stick and follow it.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration, see kiosk/default.toml")
    parser.add_argument(
        "--authority", type=Path, default=Path("/usr/share/kiosk/provisioning_ca.pem"), metavar="PEM"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from kiosk.appliance.orders import OrderRefusedError  # noqa: PLC0415 - heavy imports wait for the run
    from kiosk.config import load  # noqa: PLC0415
    from kiosk.courier.office_stick import StickError, stick  # noqa: PLC0415

    config = load(arguments.config)
    try:
        with stick() as folder:
            return follow(config, folder, authority=arguments.authority)
    except (OrderRefusedError, StickError, OSError) as error:
        print(f"kiosk order: {error}", file=sys.stderr)
        return 1


def follow(config: Config, folder: Path, *, authority: Path) -> int:
    """The exit status. Raises OrderRefusedError."""
    import datetime as dt  # noqa: PLC0415

    from cryptography import x509  # noqa: PLC0415

    from kiosk.appliance.orders import FILE, SIGNATURE, OrderKind, read_order  # noqa: PLC0415
    from kiosk.commands import update  # noqa: PLC0415
    from kiosk.security.ceremony import key_id_of_certificate  # noqa: PLC0415
    from kiosk.security.keys import CERTIFICATE  # noqa: PLC0415

    if not (folder / FILE).exists():
        return 0
    certificate = (config.keys / CERTIFICATE).read_bytes()
    order = read_order(
        (folder / FILE).read_bytes(),
        (folder / SIGNATURE).read_bytes(),
        anchors=x509.load_pem_x509_certificates(authority.read_bytes()),
        unit_id=config.unit_id,
        key_id=key_id_of_certificate(x509.load_pem_x509_certificates(certificate)[0]),
        now=dt.datetime.now(dt.UTC),
    )
    print(f"order: {order.kind}", flush=True)
    if order.kind is OrderKind.UPDATE:
        return update.install_from(folder, restart=True)
    return _reset(config, order)


def _reset(config: Config, order: Order) -> int:
    from kiosk.appliance.orders import OrderRefusedError  # noqa: PLC0415
    from kiosk.appliance.reset import held  # noqa: PLC0415

    only_here = held(config)
    if only_here.count != order.undelivered_too:
        raise OrderRefusedError(f"{only_here}; the order allows {order.undelivered_too}, not {only_here.count}")
    return subprocess.run(["systemctl", "start", "--no-block", "kiosk-reset.service"], check=False).returncode
