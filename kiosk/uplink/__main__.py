"""`python -m kiosk.uplink`: the process that has the network and sees sealed packets only."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
import time
from collections.abc import Callable, Set
from pathlib import Path

from cryptography import x509

from kiosk.storage.outbox import Outbox
from kiosk.uplink.backoff import Backoff
from kiosk.uplink.pace import Pace, StopAskedError
from kiosk.uplink.sender import LOST, MOVED, Outcome, Report, Sender
from kiosk.uplink.stop import StopSignal
from kiosk.uplink.store import StoreUnavailableError, open_store
from kiosk.uplink.tls import trust_only

_FIRST_WAIT_S = 2.0
_LONGEST_WAIT_S = 300.0
_NOT_WELL = LOST | {Outcome.PACKET_FAULT, Outcome.RECEIPT_REFUSED}
_BYTES_PER_S_OF_KBPS = 1000 / 8
_EPILOG = """\
examples:
  python -m kiosk.uplink --outbox var/outbox --keys var/keys --store file:///media/courier
  python -m kiosk.uplink --outbox var/outbox --keys var/keys --once \\
      --store 's3://ktp-el?endpoint=https://store.example&credentials=/etc/kiosk/store.ini'

Of the keys only ca/device_ca.pem and ca/receiver_ca.pem are read. Each thing that happens to a packet
is one JSON line on standard output. The exit status is 1 when a folder store cannot be made or, with --once,
when the store was out of reach or a packet or receipt was refused; 2 when the arguments will not do.
"""


def main(argv: list[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    stop = StopSignal()
    try:
        if arguments.ca is not None:
            trust_only(arguments.ca)
        sender = Sender(
            outbox=Outbox(arguments.outbox),
            store=open_store(arguments.store),
            device_anchors=_anchors(arguments.keys / "ca" / "device_ca.pem"),
            receiver_anchors=_anchors(arguments.keys / "ca" / "receiver_ca.pem"),
            now=lambda: dt.datetime.now(dt.UTC),
            part_bytes=arguments.part_kb * 1000,
            pace=Pace(
                bytes_per_s=arguments.bandwidth_kbps * _BYTES_PER_S_OF_KBPS or None,
                monotonic_s=time.monotonic,
                wait=stop.wait,
            ),
        )
    except StoreUnavailableError as error:
        print(f"kiosk.uplink: {error}", file=sys.stderr)
        return 1
    except (OSError, ValueError) as error:
        print(f"kiosk.uplink: {error}", file=sys.stderr)
        return 2
    if arguments.once:
        return int(not _pass(sender, stop).isdisjoint(_NOT_WELL))
    backoff = Backoff(first_s=_FIRST_WAIT_S, longest_s=_LONGEST_WAIT_S)
    run(lambda: _pass(sender, stop), wait=stop.wait, backoff=backoff, interval_s=arguments.interval)
    return 0


def run(
    attempt: Callable[[], Set[Outcome]],
    *,
    wait: Callable[[float], bool],
    backoff: Backoff,
    interval_s: float,
) -> None:
    """Passes until `wait(seconds)` says stop; after one that lost the line, waits for at least the back-off.

    The back-off grows while nothing at all gets through. A line that breaks now and then ends nearly every
    pass of many packets, and is there; a packet that is damaged here says nothing of it.
    """
    while True:
        outcomes = attempt()
        lost = not outcomes.isdisjoint(LOST)
        if not lost or not outcomes.isdisjoint(MOVED):
            backoff.succeeded()
        pause_s = max(interval_s, backoff.failed()) if lost else interval_s
        if wait(pause_s):
            return


def _pass(sender: Sender, stop: StopSignal) -> Set[Outcome]:
    """What came of it. Ends early when the end is asked for."""
    outcomes: set[Outcome] = set()
    try:
        for report in sender.run_once():
            _tell(report)
            outcomes.add(report.outcome)
            if stop.wait(0):
                break
    except StopAskedError:
        pass
    return outcomes


def _tell(report: Report) -> None:
    line = {"packet": report.sha256, "outcome": report.outcome, "detail": report.detail}
    print(json.dumps(line, separators=(",", ":")), flush=True)


def _anchors(path: Path) -> tuple[x509.Certificate, ...]:
    try:
        return tuple(x509.load_pem_x509_certificates(path.read_bytes()))
    except ValueError as error:
        raise ValueError(f"{path}: no certificates in PEM") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m kiosk.uplink",
        description="Send sealed packets to an object store and fetch their receipts.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--outbox", type=Path, required=True, metavar="DIR", help="the kiosk's outbox folder")
    parser.add_argument("--store", required=True, metavar="URL", help="file:///folder or s3://bucket?...")
    parser.add_argument("--keys", type=Path, required=True, metavar="DIR", help="folder with ca/*.pem")
    parser.add_argument(
        "--ca", type=Path, metavar="FILE", help="the only authority to believe an https store by"
    )
    parser.add_argument("--once", action="store_true", help="one pass, then end")
    parser.add_argument(
        "--part-kb",
        type=int,
        default=128,
        metavar="KB",
        help="larger packets go in parts of this (default 128)",
    )
    parser.add_argument(
        "--bandwidth-kbps", type=float, default=0, metavar="KBIT/S", help="never more than this; 0 for no cap"
    )
    parser.add_argument(
        "--interval", type=float, default=30.0, metavar="SECONDS", help="pause between passes (default 30)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
