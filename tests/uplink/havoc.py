"""Deliveries while server, uplink, receivers and line are killed: `python -m tests.uplink.havoc`."""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random

from kiosk.packet.receipts import Receipt, verify_receipt
from kiosk.packet.seal import SealedPacket, seal
from kiosk.security.keys import provision_development
from kiosk.security.nik_hash import nik_hash
from kiosk.storage.outbox import Outbox, OutboxEntry, PacketState, PurgeRefusedError
from kiosk.uplink.store import open_store
from tests.packet.made_packets import NIK_KEY, Keys, made_contents, read_keys
from tests.uplink.proxy import Proxy, running
from tests.uplink.seaweed import SeaweedProcess
from tests.uplink.stores import join_all

PART_KB = 40
"""A third of a packet of this kind."""
RECEIVERS = 2
PATIENCE_S = 120.0
"""Without any packet getting on for so long, the run is given up."""
TELL_EACH_S = 10.0
_ACCEPTED = (PacketState.RECEIVED, PacketState.PURGED)


@dataclass(frozen=True)
class Tally:
    """What a run came to. accepted: by a receipt that holds. purged: tried with one packet at each look, and
    early_purges those of them that had no such receipt. overhead: body bytes sent, over the packets' bytes.
    """

    packets: int
    accepted: int
    purged: int
    early_purges: int
    sent_twice: int
    lost: int
    left_parts: int
    wrong_claims: int
    line_cuts: int
    uplink_kills: int
    receiver_kills: int
    server_kills: int
    packet_bytes: int
    delivered_bytes: int
    overhead: float
    seconds: float


def wreck(
    folder: Path,
    *,
    packets: int,
    seed: int,
    cut_share: float,
    kills: dict[str, int],
    say: Callable[[str], None],
) -> Tally:
    """kills: how often `uplink`, `receiver` and `server` are ended by SIGKILL, at seeded points of the way.
    cut_share: of the bodies on the line that do not arrive, or whose answer does not.
    """
    random = Random(seed)  # noqa: S311 - which blow falls where, repeatably
    provision_development(folder / "keys", unit_id="KIOS-01")
    (folder / "keys/centre/nik_hash.key").write_bytes(NIK_KEY)
    keys = read_keys(folder / "keys")
    cuts = early_purges = 0

    def cut(size: int) -> int | None:
        nonlocal cuts
        if random.random() >= cut_share:
            return None
        cuts += 1
        return random.choice((0, random.randrange(size), size))

    server = SeaweedProcess(folder)
    with ExitStack() as stack:
        outbox = stack.enter_context(closing(Outbox(folder / "outbox")))
        stack.callback(server.kill)
        server.start()
        for packet in small_packets(keys, packets):
            outbox.put(
                packet.data,
                enrollment_id=packet.enrollment_id,
                nik_hash=packet.nik_hash,
                sealed_at=packet.sealed_at,
            )
        proxy = stack.enter_context(running(Proxy(server.address.s3_port, cut=cut)))
        began_s = time.monotonic()
        crew = Crew(folder, store=server.address.url, line=replace(server.address, s3_port=proxy.port).url)
        stack.callback(crew.stop)
        blows = sorted((random.randrange(packets), name) for name, count in kills.items() for _ in range(count))
        for entries in _progress(outbox, packets, say):
            early_purges += _purges_early(random.choice(entries), outbox, keys)
            accepted = sum(entry.state in _ACCEPTED for entry in entries)
            while blows and blows[0][0] <= accepted:
                _, name = blows.pop(0)
                say(f"{accepted} of {packets} accepted: {name} is killed")
                if name == "server":
                    server.kill()
                    server.start()
                else:
                    crew.kill(name, random)
        seconds = time.monotonic() - began_s
        crew.stop()
        tally = _tally(outbox, proxy, server, keys, cuts=cuts, kills=kills, seconds=seconds)
        return replace(tally, early_purges=early_purges)


def small_packets(keys: Keys, count: int) -> Iterator[SealedPacket]:
    """Whole records with small pictures, each of another person."""
    base = made_contents(finger_size=(64, 80))
    base = replace(base, sealed_at=replace(base.sealed_at, at=keys.device.chain[0].not_valid_before_utc))
    base = replace(
        base, sealed_at=replace(base.sealed_at, at=base.sealed_at.at.replace(microsecond=0)), templates={}
    )
    for number in range(count):
        nik = f"350311570801{number:04}" if number else "3503115708019999"
        person = replace(base.enrollment.person, nik=nik)
        enrollment = replace(base.enrollment, id=f"0190d7a0-0000-7000-8000-{number:012}", person=person)
        contents = replace(base, enrollment=enrollment, nik_hash=nik_hash(nik, key=NIK_KEY))
        yield seal(contents, signer=keys.device, recipients=[keys.recipient])


class Crew:
    """The programs as a unit and a centre run them."""

    def __init__(self, folder: Path, *, store: str, line: str) -> None:
        keys = ["--keys", str(folder / "keys")]
        uplink = ["-m", "kiosk.uplink", "--outbox", str(folder / "outbox"), "--store", line, *keys]
        receive = ["-m", "kiosk", "receive", "--store", store, "--interval", "0.3", *keys]
        self._commands = {"uplink": [*uplink, "--interval", "0.2", "--part-kb", str(PART_KB)]}
        self._commands |= {f"receiver {number}": receive for number in range(RECEIVERS)}
        self._log = (folder / "crew.log").open("ab")
        self._running = {name: self._start(name) for name in self._commands}

    def kill(self, kind: str, random: Random) -> None:
        name = random.choice([name for name in self._commands if name.startswith(kind)])
        self._end(name)
        self._running[name] = self._start(name)

    def stop(self) -> None:
        for name in self._running:
            self._end(name)
        self._log.close()

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, *self._commands[name]]
        return subprocess.Popen(command, stdout=self._log, stderr=self._log)

    def _end(self, name: str) -> None:
        self._running[name].kill()
        self._running[name].wait()


def _progress(outbox: Outbox, packets: int, say: Callable[[str], None]) -> Iterator[tuple[OutboxEntry, ...]]:
    """The packets at each look, until all have an accepting receipt. Raises AssertionError."""
    seen: Counter[PacketState] = Counter()
    began_s = moved_s = told_s = time.monotonic()
    while sum(seen[state] for state in _ACCEPTED) < packets:
        entries = outbox.entries()
        states, now_s = Counter(entry.state for entry in entries), time.monotonic()
        if states != seen:
            seen, moved_s = states, now_s
        if now_s - told_s >= TELL_EACH_S:
            told_s = now_s
            say(
                f"{now_s - began_s:.0f} s: "
                + ", ".join(f"{seen[one]} {one}" for one in PacketState if seen[one])
            )
        assert now_s - moved_s < PATIENCE_S, f"nothing moves: {seen}"
        yield entries
        time.sleep(0.1)


def _purges_early(entry: OutboxEntry, outbox: Outbox, keys: Keys) -> bool:
    try:
        outbox.purge(entry.sha256)
    except PurgeRefusedError:
        return False
    return not _is_accepted(entry, outbox, keys)


def _is_accepted(entry: OutboxEntry, outbox: Outbox, keys: Keys) -> bool:
    data = outbox.receipt(entry.sha256)
    if data is None:
        return False
    receipt = verify_receipt(data, packet_sha256=entry.sha256, anchors=keys.receiver_anchors)
    return isinstance(receipt, Receipt) and receipt.status.accepts


def _tally(
    outbox: Outbox,
    proxy: Proxy,
    server: SeaweedProcess,
    keys: Keys,
    *,
    cuts: int,
    kills: dict[str, int],
    seconds: float,
) -> Tally:
    store = open_store(server.address.url)
    join_all(store)
    entries = outbox.entries()
    with proxy.lock:
        ledger = proxy.ledger
    packet_bytes = sum(entry.size_bytes for entry in entries)
    return Tally(
        packets=len(entries),
        accepted=sum(_is_accepted(entry, outbox, keys) for entry in entries),
        purged=outbox.count(PacketState.PURGED),
        early_purges=0,
        sent_twice=sum(count - 1 for count in ledger.created.values()),
        lost=sum(_digest(store.packet(entry.sha256)) != entry.sha256 for entry in entries),
        left_parts=sum(len(store.parts(e.sha256, -(-e.size_bytes // (PART_KB * 1000)))) for e in entries),
        wrong_claims=sum(store.claim(entry.nik_hash, "0" * 64) != entry.sha256 for entry in entries),
        line_cuts=cuts,
        uplink_kills=kills.get("uplink", 0),
        receiver_kills=kills.get("receiver", 0),
        server_kills=kills.get("server", 0),
        packet_bytes=packet_bytes,
        delivered_bytes=ledger.created_bytes,
        overhead=ledger.body_bytes / packet_bytes,
        seconds=seconds,
    )


def _digest(data: bytes | None) -> str:
    return hashlib.sha256(data or b"").hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.uplink.havoc", description=__doc__)
    parser.add_argument("--packets", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    often = max(1, arguments.packets // 50)
    kills = {"uplink": often, "receiver": often, "server": max(1, often // 5)}
    with tempfile.TemporaryDirectory() as folder:
        tally = wreck(
            Path(folder),
            packets=arguments.packets,
            seed=arguments.seed,
            cut_share=0.02,
            kills=kills,
            say=lambda line: print(line, file=sys.stderr, flush=True),
        )
    print(json.dumps(asdict(tally), indent=1))
    good = tally.accepted == tally.packets and not any(
        (tally.early_purges, tally.sent_twice, tally.lost, tally.left_parts, tally.wrong_claims)
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
