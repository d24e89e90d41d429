"""What the officer has done with the USB stick: packets out, receipts and the roster in.

The stick is mounted for one task only; when the answer comes it may be pulled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from kiosk.app.audit_trail import Details, record_roster_import
from kiosk.app.services import Services
from kiosk.courier.export import Trust, export, import_receipts
from kiosk.courier.hands import hand_of_key
from kiosk.courier.office_stick import StickError
from kiosk.courier.stick import StickFault, fault_of
from kiosk.enrollment.events import Event
from kiosk.enrollment.record import Stamp
from kiosk.enrollment.stick_events import StickOutcome, StickProgressed, StickTask, StickTaskEnded
from kiosk.packet.cms import DeviceSigner
from kiosk.security.audit import AuditEvent

ROSTER = "roster.csv"
NOTHING_THERE = "nothing_there"
LEDGER = "ledger"
"""The ledger on the stick does not hold: nothing is added to it."""


@dataclass(frozen=True, slots=True)
class StickWork:
    services: Services

    def do(self, task: StickTask, *, officer: str, now: Stamp, tell: Callable[[Event], None]) -> StickTaskEnded:
        """Blocks for as long as the stick takes. tell: takes StickProgressed."""
        work: Mapping[StickTask, Callable[[Path], StickOutcome]] = {
            StickTask.HAND_OUT: partial(self._hand_out, officer=officer, now=now, tell=tell),
            StickTask.RECEIPTS: self._take_receipts,
            StickTask.ROSTER: partial(self._take_roster, officer=officer, now=now),
        }
        try:
            with self.services.open_stick() as folder:
                outcome = work[task](folder)
        except StickError as error:
            outcome = StickOutcome(task, fault=str(error))
        except FileNotFoundError as error:
            outcome = StickOutcome(task, fault=NOTHING_THERE, detail=str(error.filename))
        except OSError as error:
            outcome = StickOutcome(task, fault=str(fault_of(error)), detail=str(error))
        return StickTaskEnded(outcome)

    def _hand_out(
        self, folder: Path, *, officer: str, now: Stamp, tell: Callable[[Event], None]
    ) -> StickOutcome:
        """Given to nobody by name: whoever signs for it is the taker."""
        keys = self.services.sealer.keys
        handed = export(
            folder,
            outbox=self.services.outbox,
            hand=hand_of_key(DeviceSigner(keys.key, keys.chain)),
            trust=Trust(keys.anchors.devices),
            at=now,
            tell=lambda done, total: tell(StickProgressed(done, total)),
        )
        if handed.packets:
            details: Details = {"packets": len(handed.packets), "medium": handed.head}
            self.services.audit.record(AuditEvent.EXPORTED, now, actor=officer, details=details)
        fault, detail = "", ""
        if handed.fault is not None:
            fault = str(handed.fault) if isinstance(handed.fault, StickFault) else LEDGER
            detail = "" if isinstance(handed.fault, StickFault) else str(handed.fault)
        return StickOutcome(StickTask.HAND_OUT, len(handed.packets), len(handed.damaged), fault, detail)

    def _take_receipts(self, folder: Path) -> StickOutcome:
        """The records they are of take them from the outbox by themselves."""
        anchors = self.services.sealer.keys.anchors
        taken = tuple(
            import_receipts(
                folder,
                outbox=self.services.outbox,
                device_anchors=anchors.devices,
                receiver_anchors=anchors.receivers,
            )
        )
        refused = [one for one in taken if one.fault]
        detail = refused[0].fault if refused else ""
        return StickOutcome(StickTask.RECEIPTS, len(taken) - len(refused), len(refused), detail=detail)

    def _take_roster(self, folder: Path, *, officer: str, now: Stamp) -> StickOutcome:
        listing = (folder / ROSTER).read_bytes()
        result = self.services.roster.import_listing(listing)
        record_roster_import(self.services.audit, listing, result, at=now, actor=officer)
        detail = ""
        if result.problems:
            wrong = result.problems[0]
            detail = f"{ROSTER}:{wrong.line}: {wrong.column} {wrong.value!r}; {wrong.allowed}"
        changed = result.added + result.changed
        return StickOutcome(StickTask.ROSTER, changed, len(result.problems), detail=detail)
