"""Where things lie in the unit's data folder (`paths.data`)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FREE_DISK_MB = 2_000
"""Free on a unit that is ready: about 1,500 packets, two weeks of full days without network."""


@dataclass(frozen=True, slots=True)
class DataFolder:
    root: Path

    @property
    def journal(self) -> Path:
        return self.root / "journal.sqlite"

    @property
    def blobs(self) -> Path:
        return self.root / "blobs"

    @property
    def gallery(self) -> Path:
        return self.root / "gallery"

    @property
    def outbox(self) -> Path:
        return self.root / "outbox"

    @property
    def roster(self) -> Path:
        return self.root / "roster.sqlite"

    @property
    def sent(self) -> Path:
        return self.root / "sent.sqlite"

    @property
    def queue(self) -> Path:
        return self.root / "queue.sqlite"

    @property
    def officers(self) -> Path:
        return self.root / "officers.json"

    @property
    def audit(self) -> Path:
        return self.root / "audit.jsonl"
