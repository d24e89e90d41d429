"""`hw replay`: a recorded session as the device's wire again."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hw.recording.player import Player
from hw.recording.script import turns_of
from hw.recording.tape import Tape, read_tape
from hw.sbi.dialect import SBI_0_9_5

_SIGNED = (
    "captures in the recording: %d, of the session begun at %s. Each is signed for its time and transaction: "
    "drivers refuse it as stale when it is 5 minutes old, and for any other transaction at once. What else was "
    "recorded plays as it was."
)

log = logging.getLogger(__name__)


@contextmanager
def replayed(path: Path, *, speed: float) -> Iterator[str]:
    """The URL to open while it plays. Raises TapeError and OSError."""
    tape = read_tape(path)
    if captures := _signed_captures(tape):
        log.warning(_SIGNED, captures, tape.began.isoformat())
    with tempfile.TemporaryDirectory(prefix="hw-replay-") as folder:
        player = Player(tape, folder=Path(folder), speed=speed)
        player.start()
        try:
            yield player.url
        finally:
            player.stop()


def _signed_captures(tape: Tape) -> int:
    """Answers of a Secure Biometric Interface service that no replay can renew."""
    verb = SBI_0_9_5.capture.encode() + b" "
    return sum(turn.request.startswith(verb) for turn in turns_of(tape.entries))
