"""What a recorded device says, and to what: requests and answers, found again by what is asked.

A driver never repeats a session byte for byte: it polls more often, prints another slip, captures in
another order. So a request is answered as the same request was, the next of several the same in their
order, and round again after the last. What was never asked in the recording gets no answer, as from a
device that does not know the command.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hw.recording.tape import Entry, Event

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,12})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Turn:
    """request: what the driver sent, empty where the device spoke first. answer: pauses before, in s, and
    bytes. closes: the device ended the connection after it. repeats_from: the part of the answer that begins
    again after its last, for ever."""

    request: bytes
    answer: tuple[tuple[float, bytes], ...]
    closes: bool = False
    repeats_from: int | None = None


@dataclass(slots=True)
class _Drafted:
    request: bytearray = field(default_factory=bytearray)
    answer: list[tuple[float, bytes]] = field(default_factory=list)
    closes: bool = False

    def turn(self) -> Turn:
        return Turn(bytes(self.request), tuple(self.answer), self.closes)


def turns_of(entries: Iterable[Entry]) -> tuple[Turn, ...]:
    """In the order in which they began: each a run of the driver's bytes and the run of the device's after."""
    drafts: list[_Drafted] = []
    current: dict[int, _Drafted] = {}
    last_ns: dict[int, int] = {}
    for entry in entries:
        draft = current.get(entry.connection)
        if draft is None or (entry.event is Event.TO_DEVICE and draft.answer):
            draft = current[entry.connection] = _Drafted()
            drafts.append(draft)
        match entry.event:
            case Event.TO_DEVICE:
                draft.request += entry.data
            case Event.FROM_DEVICE:
                draft.answer.append(
                    ((entry.t_ns - last_ns.get(entry.connection, entry.t_ns)) / 1e9, entry.data)
                )
            case Event.CLOSED_BY_DEVICE:
                draft.closes = True
        last_ns[entry.connection] = entry.t_ns
    return tuple(draft.turn() for draft in drafts if draft.answer or draft.closes)


class Script:
    """Safe between threads: the conversations of one device share its place in the recording."""

    def __init__(self, turns: Sequence[Turn], *, http: bool) -> None:
        """http: requests are told apart by method and path, since their bodies carry times and numbers of their
        own, and a driver checks by itself whether the answer is to its question."""
        self._http = http
        self._lock = threading.Lock()
        self._openings = tuple(turn for turn in turns if not turn.request)
        self._turns = tuple(turn for turn in turns if turn.request)
        self._opened = 0
        self._place = 0

    def opening(self) -> Turn | None:
        """What the device says by itself when it is opened."""
        if not self._openings:
            return None
        with self._lock:
            turn = self._openings[self._opened % len(self._openings)]
            self._opened += 1
        return turn

    def answer_to(self, asked: bytearray) -> Turn | None:
        """The turn whose request begins `asked`, which is taken out of it; None while it is under way."""
        while asked:
            whole = _http_request(asked) if self._http else bytes(asked)
            if whole is None:
                return None
            with self._lock:
                place = self._place_of(whole)
                if place is not None:
                    self._place = place + 1
            if place is not None:
                del asked[: len(whole) if self._http else len(self._turns[place].request)]
                return self._turns[place]
            if not self._http and any(turn.request.startswith(whole) for turn in self._turns):
                return None
            del asked[: len(whole) if self._http else 1]
        return None

    def _place_of(self, asked: bytes) -> int | None:
        """Of the longest request that fits, and of those the next."""
        count = len(self._turns)
        fitting = [
            place
            for place in ((self._place + step) % count for step in range(count))
            if self._fits(self._turns[place].request, asked)
        ]
        return max(fitting, key=lambda place: len(self._turns[place].request)) if fitting else None

    def _fits(self, request: bytes, asked: bytes) -> bool:
        if self._http:
            return request.partition(b"\r\n")[0] == asked.partition(b"\r\n")[0]
        return asked.startswith(request)


def _http_request(asked: bytearray) -> bytes | None:
    """The first whole request; None while it is under way."""
    head, end, _ = bytes(asked).partition(b"\r\n\r\n")
    if not end:
        return None
    match = _LENGTH.search(head)
    whole = len(head) + len(end) + (int(match[1]) if match else 0)
    return bytes(asked[:whole]) if len(asked) >= whole else None
