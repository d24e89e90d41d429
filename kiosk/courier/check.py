"""Is a courier's folder whole, and whose hands was it in?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from kiosk.courier.export import Trust, is_whole, load
from kiosk.courier.ledger import HandOver, Ledger

_PACKET = re.compile(r"([0-9a-f]{64})\.ktp")


@dataclass(frozen=True, slots=True)
class Custody:
    """missing: named by the ledger, and not there or not whole. stray: packets that no line names.

    head: of the last line; a giver who noted it finds lines cut off the end. fault: the ledger does not hold.
    """

    hand_overs: tuple[HandOver, ...] = ()
    open: tuple[HandOver, ...] = ()
    missing: tuple[str, ...] = ()
    stray: tuple[str, ...] = ()
    head: str = ""
    fault: str = ""

    @property
    def sound(self) -> bool:
        return not (self.fault or self.missing or self.stray)


def check(folder: Path, trust: Trust) -> Custody:
    """Reads every packet. Files that are no packets are passed over."""
    ledger = load(folder, trust)
    if not isinstance(ledger, Ledger):
        return Custody(fault=str(ledger))
    named = ledger.holders
    packets = folder / "packets"
    names = [path.name for path in packets.iterdir()] if packets.is_dir() else []
    there = {found[1] for name in names if (found := _PACKET.fullmatch(name))}
    return Custody(
        hand_overs=tuple(line.hand_over for line in ledger.lines),
        open=ledger.open,
        missing=tuple(sorted(sha256 for sha256 in named if not is_whole(folder, sha256))),
        stray=tuple(sorted(there - set(named))),
        head=ledger.head,
    )
