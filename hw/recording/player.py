"""Plays a recorded session: the device's wire again, for its ordinary driver to open."""

from __future__ import annotations

import contextlib
import select
import threading
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

from hw.device_url import DeviceUrl
from hw.recording.ends import End, TcpPort, TerminalPort
from hw.recording.script import Script, Turn, turns_of
from hw.recording.tape import Event, Tape
from hw.recording.wires import HTTP_SCHEMES, Wire, at_node, at_port

POLL_S = 0.1
FRAME_PAUSE_S = 0.1
"""Of a recording with one picture."""

_BOUNDARY = "picture"
_PICTURES_PATH = "/recording.mjpg"


class Player:
    """Open `url` with the device's ordinary driver. start and stop may be called in any state and any number of
    times."""

    def __init__(self, tape: Tape, *, folder: Path, speed: float = 1.0) -> None:
        """folder: for the link alone. speed: pauses are divided by it."""
        self._device = DeviceUrl.parse(tape.url)
        self._wire = tape.wire
        self._speed = speed
        if tape.wire is Wire.PICTURES:
            turns: tuple[Turn, ...] = _pictures(tape)
        else:
            turns = turns_of(tape.entries)
        http = self._device.scheme in HTTP_SCHEMES or tape.wire is Wire.PICTURES
        self._script = Script(turns, http=http)
        self._port: TerminalPort | TcpPort
        if tape.wire is Wire.TERMINAL:
            self._port = TerminalPort(folder / "recorded", self._converse)
        else:
            self._port = TcpPort(self._converse)

    @property
    def url(self) -> str:
        """Known after `start`."""
        if isinstance(self._port, TerminalPort):
            return at_node(self._device, self._port.link)
        if self._wire is Wire.PICTURES:
            return f"http://127.0.0.1:{self._port.number}{quote(_PICTURES_PATH)}"
        return at_port(self._device, self._port.number)

    def start(self) -> None:
        self._port.start()

    def stop(self) -> None:
        self._port.stop()

    def _converse(self, driver: End, stopping: threading.Event) -> None:
        with contextlib.suppress(OSError):  # the driver has left
            _Conversation(driver, self._script, stopping, self._speed).run()


class _Conversation:
    def __init__(self, driver: End, script: Script, stopping: threading.Event, speed: float) -> None:
        self._driver = driver
        self._script = script
        self._stopping = stopping
        self._speed = speed
        self._asked = bytearray()
        self._left = False

    def run(self) -> None:
        turn = self._script.opening()
        while not self._over():
            if turn is None:
                self._listen(POLL_S)
                turn = self._script.answer_to(self._asked)
                continue
            following = self._play(turn)
            if following is None and turn.closes:
                return
            turn = following

    def _over(self) -> bool:
        return self._left or self._stopping.is_set()

    def _play(self, turn: Turn) -> Turn | None:
        """Says the answer in its time. A driver that asks again has heard enough: its next turn."""
        for pause_s, data in turn.answer:
            due = time.monotonic() + pause_s / self._speed
            while (rest_s := due - time.monotonic()) > 0 and not self._over():
                self._listen(min(rest_s, POLL_S))
                if (following := self._script.answer_to(self._asked)) is not None:
                    return following
            if self._over():
                return None
            self._driver.send(data)
        if turn.repeats_from is None:
            return None
        return replace(turn, answer=turn.answer[turn.repeats_from :], repeats_from=0)

    def _listen(self, timeout_s: float) -> None:
        if not select.select([self._driver], [], [], timeout_s)[0]:
            return
        data = self._driver.receive()
        if data:
            self._asked += data
        self._left = data == b""


def _pictures(tape: Tape) -> tuple[Turn, ...]:
    """One answer, without an end: the pictures as motion JPEG."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary={_BOUNDARY}\r\n\r\n".encode()
    request = f"GET {_PICTURES_PATH} HTTP/1.1\r\n\r\n".encode()
    jpegs = [entry for entry in tape.entries if entry.event is Event.FROM_DEVICE]
    if not jpegs:
        return ()
    pauses_s = [(after.t_ns - before.t_ns) / 1e9 for before, after in pairwise(jpegs)]
    parts = []
    for pause_s, entry in zip([*pauses_s[:1], *pauses_s] or [FRAME_PAUSE_S], jpegs, strict=True):
        frame = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(entry.data)}\r\n\r\n"
        parts.append((pause_s, frame.encode() + entry.data + b"\r\n"))
    return (Turn(request, ((0.0, head), *parts), repeats_from=1),)
