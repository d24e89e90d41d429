"""`hw replay`: a recorded session as the device's wire again."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hw.recording.player import Player
from hw.recording.tape import read_tape


@contextmanager
def replayed(path: Path, *, speed: float) -> Iterator[str]:
    """The URL to open while it plays. Raises TapeError and OSError."""
    with tempfile.TemporaryDirectory(prefix="hw-replay-") as folder:
        player = Player(read_tape(path), folder=Path(folder), speed=speed)
        player.start()
        try:
            yield player.url
        finally:
            player.stop()
