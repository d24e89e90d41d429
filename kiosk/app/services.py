"""The rooms and devices the controller works with, wired by `compose`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hw.api import CodeScanner, Device, OfficerCard, Panel, PowerSupply, Printer
from kiosk.app.clock import Clock
from kiosk.app.sealing import Sealer
from kiosk.app.views import Text
from kiosk.capture.worker import CaptureWorker
from kiosk.enrollment.record import Language
from kiosk.packet.receipts import Receipt
from kiosk.security.audit import AuditLog
from kiosk.security.officers import Officers
from kiosk.storage.blobs import BlobStore
from kiosk.storage.journal import Journal
from kiosk.storage.outbox import Outbox
from kiosk.storage.roster import Roster


class Voice(Protocol):
    """A speaker, as the controller needs it: the newest words replace the ones before."""

    def say(self, texts: tuple[Text, ...], language: Language, volume_percent: int) -> None: ...

    def stop(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Services:
    """devices: all there are, in the order officers read them. data: the folder on the unit's disk.

    recorded_before: a packet of this NIK was sealed on this unit. check_receipt: a stored receipt of a
    packet (bytes, packet SHA-256), verified; None when it does not hold. open_stick: mounts the
    officer's USB stick for a block, or raises StickError."""

    clock: Clock
    journal: Journal
    blobs: BlobStore
    outbox: Outbox
    roster: Roster
    officers: Officers
    audit: AuditLog
    sealer: Sealer
    capture: CaptureWorker
    voice: Voice
    recorded_before: Callable[[str], bool]
    check_receipt: Callable[[bytes, str], Receipt | None]
    data: Path
    open_stick: Callable[[], AbstractContextManager[Path]]
    devices: tuple[Device, ...] = ()
    printer: Printer | None = None
    panel: Panel | None = None
    code: CodeScanner | None = None
    card: OfficerCard | None = None
    power: PowerSupply | None = None
