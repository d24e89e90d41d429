"""The store of months: many sealed packets, each small and made up, through the same calls as on a unit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from kiosk.enrollment import facts as f
from kiosk.enrollment.fact_versions import fact_to_line
from kiosk.enrollment.positions import Position
from kiosk.enrollment.record import Language
from kiosk.storage.journal import Journal
from kiosk.storage.layout import DataFolder
from kiosk.storage.outbox import Outbox
from tests.enrollment.people import NOW, RESIDENT, sample

PACKET_BYTES = 1_000
WRAPPING_KEY = bytes(range(32))


def enrollment_id(number: int) -> str:
    return f"UNIT-{number:06}"


def sealed_story(number: int, packet_sha256: str) -> Iterator[f.Fact]:
    """The fewest facts that lead to a sealed record whose slip is out."""
    yield f.Started(enrollment_id(number), Language.INDONESIAN, NOW, ())
    yield f.NoticeGiven("1")
    yield f.Identified(replace(RESIDENT, ticket=f"A{number}"), "ticket")
    yield f.BiodataConfirmed()
    yield f.ReviewConfirmed()
    yield f.DataApproved(sample(Position.SIGNATURE))
    yield f.Finalised("SITI", NOW)
    yield f.PacketSealed(packet_sha256)


def put_packet(outbox: Outbox, number: int) -> str:
    """A packet of its own size and bytes, sealed a minute after the one before."""
    return outbox.put(
        b"packet %d " % number * (PACKET_BYTES // 10 + number % 7),
        enrollment_id=enrollment_id(number),
        nik_hash=f"{number:064x}",
        sealed_at=NOW.at + dt.timedelta(minutes=number),
    )


def fill(data: Path, packets: int, *, rested: bool = True) -> None:
    """Journal and outbox of a unit that sealed `packets` records and got no receipt yet."""
    folder = DataFolder(data)
    outbox = Outbox(folder.outbox)
    with Journal(folder.journal, wrapping_key=WRAPPING_KEY) as journal:
        for number in range(1, packets + 1):
            for fact in sealed_story(number, put_packet(outbox, number)):
                journal.append(enrollment_id(number), fact_to_line(fact), NOW)
            if rested:
                journal.rest(enrollment_id(number))
    outbox.close()
