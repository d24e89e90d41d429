"""A start after months, against one after a morning; what the uplink and the background ask of the store."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from kiosk.app.officer_views import queue
from kiosk.app.recovery import recover
from kiosk.enrollment.events import Role, Staff
from kiosk.enrollment.flow import restored
from kiosk.enrollment.policy import Policy
from kiosk.enrollment.screens import OfficerQueue
from kiosk.storage.journal import Journal
from kiosk.storage.layout import DataFolder
from kiosk.storage.outbox import UNDELIVERED, Outbox
from tests.bench.results import Bench, Result
from tests.bench.timing import interleaved_ms, timed
from tests.storage.months import WRAPPING_KEY, fill

MORNING = 20
MONTHS = 20_000
QUICK = 2_000


def measure(bench: Bench) -> Iterator[Result]:
    memory = Path("/dev/shm")  # noqa: S108 - filling it takes an hour of fsync on a disk; reading is what counts
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as scratch:
        packets = QUICK if bench.quick else MONTHS
        bench.say(f"  filling a store with {packets} packets")
        months, morning = Path(scratch, "months"), Path(scratch, "morning")
        fill(months, packets)
        fill(morning, MORNING)
        yield from _compared(months, morning, packets)
        shutil.rmtree(months)


def _compared(months: Path, morning: Path, packets: int) -> Iterator[Result]:
    against = f"the same with {MORNING} packets"
    for name, work, repeats in (("start", start, 41), ("counts", ask, 41), ("background_sweep", sweep, 5)):
        jobs = {"months": timed(partial(work, months)), "morning": timed(partial(work, morning))}
        ms = interleaved_ms(jobs, repeats=repeats)
        yield Result(f"store.{packets}_packets.{name}", ms["months"], "ms", ms["morning"], against)


def start(data: Path) -> None:
    """What stands between power and the first screen: journal, outbox, state, and the officer's queue."""
    folder = DataFolder(data)
    outbox = Outbox(folder.outbox)
    with Journal(folder.journal, wrapping_key=WRAPPING_KEY) as journal:
        recovered = recover(journal)
    kiosk, _ = restored(
        unit="UNIT",
        policy=Policy(),
        enrollments=recovered.enrollments,
        next_number=recovered.next_number,
        interrupted=recovered.interrupted,
    )
    kiosk = replace(kiosk, screen=OfficerQueue(Staff("SITI", Role.OFFICER)))
    if len(kiosk.enrollments) != MORNING or queue(kiosk).speech:
        raise RuntimeError("not what was sealed")
    outbox.close()


def ask(data: Path) -> None:
    """What a pass of the uplink and a look at the officer's screen ask the outbox."""
    outbox = Outbox(DataFolder(data).outbox)
    outbox.pending(limit=MORNING)
    outbox.count(*UNDELIVERED)
    outbox.answered()
    outbox.of_enrollment("UNIT-000007")
    outbox.close()


def sweep(data: Path) -> None:
    outbox = Outbox(DataFolder(data).outbox)
    outbox.sweep()
    outbox.close()
