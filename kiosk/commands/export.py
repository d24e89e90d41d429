"""`kiosk export`: sealed packets by hand, with a ledger of every hand-over."""

from __future__ import annotations

import argparse
import atexit
import json
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kiosk.config import Config
    from kiosk.courier.export import Hand, Handed, Trust

_ACTIONS = ("to", "accept", "give", "check", "receipts")
_CARD_WAIT_S = 30.0
_EPILOG = """\
on the unit:
  kiosk export /media/stick --to 'KURIR CONTOH'     copy what the centre has not received, and sign it over
  kiosk export receipts /media/stick                take the receipts back

whoever carries or receives it:
  kiosk export check /media/stick --devices device_ca.pem --takers couriers.pem
  kiosk export accept /media/stick --devices device_ca.pem --key me.key --certificate me.pem
  kiosk export give /media/stick --devices device_ca.pem --card --to PUSAT < pin.txt
  kiosk receive --store file:///media/stick         at the centre, or from there into its own store

The folder is laid out as the store is. Nothing leaves the unit's outbox. A stick that is full, read-only or
pulled is told, and the same command goes on where it ended. The card is the one in the configured reader; its
PIN is read from standard input. The exit status is 1 when something was refused or is not whole, 2 for wrong
arguments or keys.
"""


class _RefusedError(Exception):
    """Arguments or keys that will not do."""


def configure(subparsers: Any) -> None:
    """Add `export` to the subparsers of `kiosk`."""
    parser = subparsers.add_parser(
        "export",
        help="carry packets by hand, with a ledger of who had them",
        description="Copy sealed packets to a folder, hand it over, check it, and take receipts back.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("words", nargs="+", metavar="DIR", help="[to | accept | give | check | receipts] DIR")
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration, see kiosk/default.toml")
    parser.add_argument("--to", default="", metavar="NAME", help="who is to take it: a certificate's name")
    parser.add_argument("--again", action="store_true", help="also what another folder carries already")
    parser.add_argument("--key", type=Path, metavar="PEM", help="who signs: a P-256 key")
    parser.add_argument("--certificate", type=Path, metavar="PEM", help="and its certificate")
    parser.add_argument("--card", action="store_true", help="who signs: the card in the reader")
    parser.add_argument(
        "--devices", type=Path, metavar="PEM", help="authorities of units (default: this unit's)"
    )
    parser.add_argument("--takers", type=Path, metavar="PEM", help="authorities of couriers and centres")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from kiosk.config import load  # noqa: PLC0415 - heavy imports wait for the run
    from kiosk.courier.hands import CardRefusedError  # noqa: PLC0415
    from kiosk.security.key_faults import KeyFileError  # noqa: PLC0415

    *action, folder = arguments.words
    name = action[0] if action else "to"
    if len(action) > 1 or name not in _ACTIONS:
        print(f"kiosk export: {' '.join(action)}; allowed: {', '.join(_ACTIONS)} and one DIR", file=sys.stderr)
        return 2
    config = load(arguments.config)
    try:
        return _DO[name](arguments, config, Path(folder))
    except CardRefusedError as error:
        print(f"kiosk export: {error}", file=sys.stderr)
        return 1
    except (KeyFileError, OSError, ValueError, _RefusedError) as error:
        print(f"kiosk export: {error}", file=sys.stderr)
        return 2


def _to(arguments: argparse.Namespace, config: Config, folder: Path) -> int:
    from kiosk.app.clock import Clock  # noqa: PLC0415
    from kiosk.compose import load_keys  # noqa: PLC0415
    from kiosk.courier.export import export  # noqa: PLC0415
    from kiosk.courier.hands import hand_of_key  # noqa: PLC0415
    from kiosk.packet.cms import DeviceSigner  # noqa: PLC0415
    from kiosk.security.audit import AuditEvent, AuditLog  # noqa: PLC0415
    from kiosk.storage.layout import DataFolder  # noqa: PLC0415
    from kiosk.storage.outbox import Outbox  # noqa: PLC0415

    keys, data, now = load_keys(config), DataFolder(config.data), Clock().now()
    with closing(Outbox(data.outbox)) as outbox:
        done = export(
            folder,
            outbox=outbox,
            hand=hand_of_key(DeviceSigner(keys.key, keys.chain)),
            trust=_trust(arguments, config),
            at=now,
            to=arguments.to,
            again=arguments.again,
        )
    if done.packets:
        AuditLog(data.audit, nik_key=None).record(
            AuditEvent.EXPORTED, now, details={"packets": len(done.packets), "medium": done.head}
        )
    return _tell(done, as_json=arguments.json)


def _accept(arguments: argparse.Namespace, config: Config, folder: Path) -> int:
    from kiosk.app.clock import Clock  # noqa: PLC0415
    from kiosk.courier.export import accept  # noqa: PLC0415

    hand, trust = _hand(arguments, config), _trust(arguments, config)
    return _tell(accept(folder, hand=hand, trust=trust, at=Clock().now()), as_json=arguments.json)


def _give(arguments: argparse.Namespace, config: Config, folder: Path) -> int:
    from kiosk.app.clock import Clock  # noqa: PLC0415
    from kiosk.courier.export import give  # noqa: PLC0415

    hand, trust = _hand(arguments, config), _trust(arguments, config)
    done = give(folder, hand=hand, trust=trust, at=Clock().now(), to=arguments.to)
    return _tell(done, as_json=arguments.json)


def _check(arguments: argparse.Namespace, config: Config, folder: Path) -> int:
    from kiosk.courier.check import check  # noqa: PLC0415

    found = check(folder, _trust(arguments, config))
    if arguments.json:
        lines = [
            {
                "line": one.number,
                "act": one.act,
                "from": one.giver,
                "to": one.taker,
                "at": one.at.isoformat(),
                "clock": one.trust,
                "packets": list(one.packets),
            }
            for one in found.hand_overs
        ]
        told = {"sound": found.sound, "fault": found.fault, "missing": found.missing, "stray": found.stray}
        print(
            json.dumps({**told, "open": [one.number for one in found.open], "head": found.head, "lines": lines})
        )
        return int(not found.sound)
    for one in found.hand_overs:
        who = f"{one.giver} -> {one.taker or '?'}"
        print(f"{one.number} {one.act} {who} {one.at.isoformat()}, {len(one.packets)} packets")
    for given in found.open:
        print(f"line {given.number} is not taken yet")
    for title, sha256s in (("missing or damaged", found.missing), ("in no line", found.stray)):
        for sha256 in sha256s:
            print(f"{title}: {sha256}")
    print(found.fault or f"{'sound' if found.sound else 'NOT SOUND'}, last line {found.head}")
    return int(not found.sound)


def _receipts(arguments: argparse.Namespace, config: Config, folder: Path) -> int:
    from kiosk.courier.export import import_receipts  # noqa: PLC0415
    from kiosk.security.keys import load_anchors  # noqa: PLC0415
    from kiosk.storage.layout import DataFolder  # noqa: PLC0415
    from kiosk.storage.outbox import Outbox  # noqa: PLC0415

    anchors = load_anchors(config.keys)
    refused = False
    with closing(Outbox(DataFolder(config.data).outbox)) as outbox:
        for taken in import_receipts(
            folder, outbox=outbox, device_anchors=anchors.devices, receiver_anchors=anchors.receivers
        ):
            refused |= bool(taken.fault)
            told = {
                "packet": taken.sha256,
                "status": taken.status,
                "accepted": taken.accepted,
                "fault": taken.fault,
            }
            print(json.dumps(told) if arguments.json else " ".join(str(v) for v in told.values() if v != ""))
    return int(refused)


_DO = {"to": _to, "accept": _accept, "give": _give, "check": _check, "receipts": _receipts}


def _trust(arguments: argparse.Namespace, config: Config) -> Trust:
    from cryptography import x509  # noqa: PLC0415

    from kiosk.courier.export import Trust  # noqa: PLC0415
    from kiosk.security.keys import DEVICE_AUTHORITY  # noqa: PLC0415

    devices = arguments.devices or config.keys / DEVICE_AUTHORITY
    takers = arguments.takers.read_bytes() if arguments.takers else b""
    return Trust(
        tuple(x509.load_pem_x509_certificates(devices.read_bytes())),
        tuple(x509.load_pem_x509_certificates(takers)) if takers else (),
    )


def _hand(arguments: argparse.Namespace, config: Config) -> Hand:
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    from kiosk.courier.hands import hand_of_key  # noqa: PLC0415
    from kiosk.packet.cms import DeviceSigner  # noqa: PLC0415

    if arguments.card:
        return _card_hand(config)
    if arguments.key is None or arguments.certificate is None:
        raise _RefusedError("who signs? --key and --certificate, or --card")
    key = load_pem_private_key(arguments.key.read_bytes(), password=None)
    chain = tuple(x509.load_pem_x509_certificates(arguments.certificate.read_bytes()))
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise _RefusedError(f"{arguments.key}: not a P-256 key")
    if key.public_key() != chain[0].public_key():
        raise _RefusedError(f"{arguments.certificate}: the certificate of another key")
    return hand_of_key(DeviceSigner(key, chain))


def _card_hand(config: Config) -> Hand:
    from hw.api import Card  # noqa: PLC0415
    from kiosk.compose import open_configured  # noqa: PLC0415
    from kiosk.courier.hands import hand_of_card  # noqa: PLC0415

    devices, _ = open_configured(config, links=config.data / "devices")
    if devices.card is None:
        raise _RefusedError("no card reader is configured")
    pin = sys.stdin.readline().strip()
    devices.card.start()
    atexit.register(devices.card.stop)
    until_s = time.monotonic() + _CARD_WAIT_S
    while not isinstance(devices.card.card(), Card) and time.monotonic() < until_s:
        time.sleep(0.1)
    return hand_of_card(devices.card, pin=pin)


def _tell(done: Handed, *, as_json: bool) -> int:
    fault = str(done.fault) if done.fault is not None else ""
    if as_json:
        told = {"packets": done.packets, "damaged": done.damaged, "head": done.head, "fault": fault}
        print(json.dumps(told, separators=(",", ":")))
    else:
        print(f"{len(done.packets)} packets, last line {done.head or '-'}")
        for sha256 in done.damaged:
            print(f"not whole: {sha256}")
        if fault:
            print(f"ended early: {fault}", file=sys.stderr)
    return int(bool(fault or done.damaged))
