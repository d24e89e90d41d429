"""Parts of the data folder exchanged for staged ones: all of them, whenever the power goes.

The marker is written once everything is staged, and says what goes where. As long as it is there the exchange
is not done, and the next start finishes it; without it, staged parts are rubbish.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from kiosk.storage.atomic import remove, sync_folder, write_atomic

STAGED = ".restoring"
_MARKER = ".restoring.json"


def begin_swap(data: Path, parts: Sequence[str]) -> None:
    """parts: names to exchange; one that is not staged only goes to `replaced.N`."""
    numbers = [int(p.suffix[1:]) for p in data.glob("replaced.*") if p.suffix[1:].isdecimal()]
    staged = [name for name in parts if (data / STAGED / name).exists()]
    own_as(data, data / STAGED)  # who finishes may be the kiosk itself
    sync_folder(data / STAGED)
    plan = {"replaced": f"replaced.{1 + max(numbers, default=0)}", "parts": list(parts), "staged": staged}
    write_atomic(data / _MARKER, json.dumps(plan).encode(), mode=0o644)


def finish_swap(data: Path, then: Callable[[Path], None]) -> None:
    """Does nothing when no exchange was begun. then: takes the folder of the parts of before; may run twice."""
    if not (data / _MARKER).exists():
        return
    plan = json.loads((data / _MARKER).read_bytes())
    replaced = data / str(plan["replaced"])
    for name in plan["parts"]:
        new = data / STAGED / name
        if name in plan["staged"] and not new.exists():
            continue  # it is in its place since before the power went
        for old in (name, f"{name}-wal", f"{name}-shm"):
            if (data / old).exists():
                replaced.mkdir(mode=0o700, exist_ok=True)
                own_as(data, replaced)
                (data / old).rename(replaced / old)
        if new.exists():
            new.rename(data / name)
        sync_folder(data)
    if replaced.exists():
        then(replaced)
    shutil.rmtree(data / STAGED, ignore_errors=True)
    for name in (*plan["parts"], replaced.name):
        own_as(data, data / name)
    remove(data / _MARKER)


def own_as(like: Path, path: Path) -> None:
    """Root works for the kiosk's user, to whom the data folder belongs."""
    if os.geteuid() != 0 or not path.exists():
        return
    owner = like.stat()
    for each in (path, *path.rglob("*")):
        os.chown(each, owner.st_uid, owner.st_gid, follow_symlinks=False)
