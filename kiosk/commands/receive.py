"""`kiosk receive`: the reference receiver, which verifies packets in a store and signs receipts."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kiosk.uplink.receiver import Broken, Judgement, Receiver, Unread

_EPILOG = """\
examples:
  kiosk receive --store file:///tmp/store --keys var/keys --once
  kiosk receive --store 's3://ktp-el?endpoint=http://127.0.0.1:8333' --keys /etc/receiver --json

Of the keys these are read: centre/identity.txt opens packets (one identity a line, so that those sealed to
the last recipient still open after a rotation), receiver/ signs receipts, ca/ says which
units to believe, centre/nik_hash.key, if there, checks the keyed hash of the NIK. A packet that has a
receipt is left alone. A second packet of the same person gets a signed refusal, unless it names a deletion
letter: then it is kept for a person to decide.
The exit status is 1 when a packet was refused (with --once) or out of reach, 2 when the
arguments or keys will not do.
"""


def configure(subparsers: Any) -> None:
    """Add `receive` to the subparsers of `kiosk`."""
    parser = subparsers.add_parser(
        "receive",
        help="verify packets in a store and sign receipts",
        description="The reference receiver: verify packets in an object store and sign receipts for them.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--store", required=True, metavar="URL", help="file:///folder or s3://bucket?...")
    parser.add_argument(
        "--keys", type=Path, default=Path("var/keys"), metavar="DIR", help="key folder (default var/keys)"
    )
    parser.add_argument(
        "--ca", type=Path, metavar="FILE", help="the only authority to believe an https store by"
    )
    parser.add_argument("--once", action="store_true", help="answer what is there, then end")
    parser.add_argument("--interval", type=float, default=10.0, metavar="SECONDS", help="pause between looks")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """0 when all went well, 1 when something was refused or out of reach, 2 for wrong arguments or keys."""
    from kiosk.security.key_faults import KeyFileError  # noqa: PLC0415 - heavy imports wait for the run
    from kiosk.uplink.stop import StopSignal  # noqa: PLC0415
    from kiosk.uplink.store import StoreUnavailableError  # noqa: PLC0415
    from kiosk.uplink.tls import trust_only  # noqa: PLC0415

    try:
        if arguments.ca is not None:
            trust_only(arguments.ca)
        receiver = _receiver(arguments.store, arguments.keys)
    except StoreUnavailableError as error:
        print(f"kiosk receive: {error}", file=sys.stderr)
        return 1
    except (KeyFileError, OSError, ValueError) as error:
        print(f"kiosk receive: {error}", file=sys.stderr)
        return 2
    if arguments.once:
        return _look(receiver, as_json=arguments.json)
    stop = StopSignal()
    while True:
        _look(receiver, as_json=arguments.json)
        if stop.wait(arguments.interval):
            return 0


def _receiver(store_url: str, keys: Path) -> Receiver:
    from cryptography.x509.oid import NameOID  # noqa: PLC0415

    from kiosk.packet.cms import DeviceSigner  # noqa: PLC0415
    from kiosk.packet.open import read_identities  # noqa: PLC0415
    from kiosk.security.keys import load_receiver_keys  # noqa: PLC0415
    from kiosk.security.nik_hash import nik_hash  # noqa: PLC0415
    from kiosk.uplink.receiver import Receiver  # noqa: PLC0415
    from kiosk.uplink.store import open_store  # noqa: PLC0415

    own = load_receiver_keys(keys)
    nik_key = keys / "centre" / "nik_hash.key"
    (name, *_) = own.chain[0].subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return Receiver(
        store=open_store(store_url),
        identities=read_identities((keys / "centre" / "identity.txt").read_text()),
        device_anchors=own.anchors.devices,
        signer=DeviceSigner(own.key, own.chain),
        receiver_id=str(name.value),
        now=lambda: dt.datetime.now(dt.UTC),
        nik_hash=partial(nik_hash, key=nik_key.read_bytes()) if nik_key.exists() else None,
    )


def _look(receiver: Receiver, *, as_json: bool) -> int:
    from kiosk.uplink.receiver import Judgement  # noqa: PLC0415
    from kiosk.uplink.store import StoreUnavailableError  # noqa: PLC0415

    refused = False
    try:
        for judgement in receiver.run_once():
            if not isinstance(judgement, Judgement):
                print(f"kiosk receive: {_unanswered(judgement)}", file=sys.stderr, flush=True)
                refused = True
                continue
            refused |= not judgement.receipt.status.accepts
            print(_as_json(judgement) if as_json else _as_text(judgement), flush=True)
    except StoreUnavailableError as error:
        print(f"kiosk receive: {error}", file=sys.stderr, flush=True)
        return 1
    return int(refused)


def _unanswered(packet: Broken | Unread) -> str:
    from kiosk.uplink.receiver import Unread  # noqa: PLC0415

    if isinstance(packet, Unread):
        return f"{packet.sha256} is out of reach: {packet.why}"
    return f"{packet.sha256} is not that packet: {packet.found}; it is left to its unit"


def _as_json(judgement: Judgement) -> str:
    receipt = judgement.receipt
    line = {
        "packet": receipt.packet_sha256,
        "status": receipt.status,
        "accepted": receipt.status.accepts,
        "detail": receipt.detail,
        "at": receipt.at.isoformat(),
        "failed": {check.name: check.detail for check in judgement.checks if not check.passed},
    }
    return json.dumps(line, separators=(",", ":"))


def _as_text(judgement: Judgement) -> str:
    receipt = judgement.receipt
    failed = [f"\n  {check.name}: {check.detail}" for check in judgement.checks if not check.passed]
    return f"{receipt.packet_sha256} {receipt.status} {receipt.detail}".rstrip() + "".join(failed)
