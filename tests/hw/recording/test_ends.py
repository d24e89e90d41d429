"""Ends of wires: who leaves, and who comes at the same moment."""

from __future__ import annotations

import os
import select
import threading
from pathlib import Path

from hw.recording.ends import End, TerminalPort
from tests.hw.support import PATIENCE_S

OPENING = os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY


def test_who_opens_a_terminal_while_the_one_before_is_seen_off_is_not_hung_up(tmp_path: Path) -> None:
    first, seen_off, reopened, second = (threading.Event() for _ in range(4))

    def converse(client: End, stopping: threading.Event) -> None:
        del stopping
        if seen_off.is_set():
            second.set()
            client.send(b"welcome")
        first.set()
        while client.receive() != b"":
            select.select([client], [], [], PATIENCE_S)
        seen_off.set()
        reopened.wait(PATIENCE_S)

    port = TerminalPort(tmp_path / "line", converse)
    port.start()
    try:
        client = os.open(port.link, OPENING)
        assert first.wait(PATIENCE_S)
        os.close(client)
        assert seen_off.wait(PATIENCE_S)
        client = os.open(port.link, OPENING)
        reopened.set()
        assert second.wait(PATIENCE_S)
        assert select.select([client], [], [], PATIENCE_S)[0]
        assert os.read(client, 64) == b"welcome"
        os.close(client)
    finally:
        port.stop()
