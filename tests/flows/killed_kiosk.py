"""A kiosk that dies at once when one more fact is journaled: `python -m tests.flows.killed_kiosk SETUP.json`.

It ends by SIGKILL after one fact, and with 0 when the record was delivered and purged.
"""

import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from hw.sim.control_client import SimulationClient
from kiosk.compose import assemble, load_keys
from kiosk.config import load
from kiosk.demo.journey import Journey, Narrator
from kiosk.enrollment.fact_versions import fact_from_line
from kiosk.enrollment.facts import FaceVerified
from kiosk.enrollment.record import Stage
from kiosk.simulated import RESIDENTS
from kiosk.storage.journal import Journal
from kiosk.storage.layout import DataFolder
from kiosk.storage.outbox import Outbox
from kiosk.storage.roster_demo import demo_roster
from tests.flows.headless import HeadlessHands


class DyingHands(HeadlessHands):
    """Ends the process, as a power cut would, on the first frame that finds a new fact on disk."""

    def __init__(self, controller, journal: Journal) -> None:
        super().__init__(controller)
        self._journal = journal
        self._facts = self._count()

    def settle(self, frames: int = 2) -> None:
        for _ in range(frames):
            super().settle(1)
            if self._count() > self._facts:
                os.kill(os.getpid(), signal.SIGKILL)

    def _count(self) -> int:
        """Whoever comes back is looked at anew each time: that look is no step on the way."""
        events = [event for one in self._journal.enrollments() for event in self._journal.events(one)]
        return sum(not isinstance(fact_from_line(event.event), FaceVerified) for event in events)


def main(setup: Mapping[str, Any]) -> None:
    config = replace(
        load(),
        data=Path(setup["data"]),
        keys=Path(setup["keys"]),
        devices=setup["devices"],
        store=setup["store"],
        speech="silent",
    )
    person = next(one for one in demo_roster(RESIDENTS, 1) if one.ticket == setup["ticket"])
    journal = Journal(DataFolder(config.data).journal, wrapping_key=load_keys(config).wrapping_key)
    unit = assemble(config)
    hands = DyingHands(unit.controller, journal)
    narrator = Narrator(lambda line: print(line, file=sys.stderr, flush=True), None)
    devices = SimulationClient(setup["control"])
    journey = Journey(hands, unit.controller, devices, narrator, person, scans_ticket=True)
    held = unit.controller.kiosk.enrollments
    delivered = not held and Outbox(DataFolder(config.data).outbox).entries()
    if not delivered and not any(one.finalised for one in held):
        waiting = [one for one in held if one.stage is Stage.AWAIT_OFFICER]
        journey.finalise(waiting[0] if waiting else journey.enrol())
    while unit.controller.busy or unit.controller.kiosk.enrollments:
        hands.settle(1)
    unit.stop()


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
