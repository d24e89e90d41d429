"""What a unit remembers of its updates between starts, as one small file."""

from __future__ import annotations

import json
from pathlib import Path

from kiosk.appliance.updates import History, Trial, Version, VersionError
from kiosk.storage.atomic import write_atomic

RELEASE = Path("/etc/kiosk-release")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class ReleaseError(Exception):
    """The image does not say its version."""


def load_history(path: Path) -> History:
    """An unreadable file means nothing is remembered: a refused image is tried once more at worst."""
    try:
        fields = json.loads(path.read_bytes())
        trial = fields["trial"]
        return History(
            trial=Trial(Version(trial["version"]), str(trial["boot_id"])) if trial else None,
            refused=frozenset(Version(text) for text in fields["refused"]),
        )
    except (OSError, ValueError, KeyError, TypeError, VersionError):
        return History()


def save_history(path: Path, history: History) -> None:
    trial = history.trial
    fields = {
        "trial": {"version": trial.version.text, "boot_id": trial.boot_id} if trial else None,
        "refused": sorted(version.text for version in history.refused),
    }
    write_atomic(path, json.dumps(fields).encode(), mode=0o644)


def running_version(release: Path = RELEASE) -> Version:
    """Raises ReleaseError."""
    try:
        lines = dict(line.split("=", 1) for line in release.read_text().splitlines() if "=" in line)
        return Version(lines["VERSION"].strip('"'))
    except (OSError, KeyError, VersionError) as error:
        raise ReleaseError(f"{release}: no VERSION=: {error}") from error
