"""One connection to upsd: a question, and its whole answer before a deadline."""

from __future__ import annotations

import socket
import time
from types import TracebackType
from typing import Self

from hw.power.nut_words import NutSyntaxError, words

CONNECT_TIMEOUT_S = 2.0
ANSWER_TIMEOUT_S = 2.0
"""upsd answers from memory; it never asks the UPS first."""

MAX_ANSWER_BYTES = 64 * 1024
"""Large UPS list about 300 variables of some 60 bytes."""


class NutRefusedError(Exception):
    """upsd said ERR. name: its own word, such as DATA-STALE."""

    def __init__(self, name: str) -> None:
        super().__init__(f"upsd: {name}")
        self.name = name


class NutConversation:
    """Methods raise OSError when upsd is gone or late, NutSyntaxError when it is not upsd."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._socket = socket.create_connection(address, CONNECT_TIMEOUT_S)
        self._unread = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def upses(self) -> tuple[str, ...]:
        """LIST UPS: the names. Raises NutRefusedError."""
        return tuple(row[0] for row in self._rows("UPS", width=2))

    def variables(self, ups: str) -> dict[str, str]:
        """LIST VAR. Raises NutRefusedError."""
        return {row[0]: row[1] for row in self._rows("VAR", ups, width=2)}

    def _rows(self, *asked: str, width: int) -> list[tuple[str, ...]]:
        """What follows the words asked for in each line of the answer (RFC 9271 section 5.2)."""
        deadline = time.monotonic() + ANSWER_TIMEOUT_S
        self._socket.settimeout(ANSWER_TIMEOUT_S)
        self._socket.sendall(f"LIST {' '.join(asked)}\n".encode())
        self._unread = b""
        budget = MAX_ANSWER_BYTES
        rows: list[tuple[str, ...]] = []
        begun = False
        while True:
            line = self._line(deadline=deadline, longest=budget)
            budget -= len(line) + 1
            said = words(line)
            if said[:1] == ("ERR",) and len(said) > 1 and not begun:
                raise NutRefusedError(said[1])
            if said == ("BEGIN", "LIST", *asked) and not begun:
                begun = True
            elif said == ("END", "LIST", *asked) and begun:
                return rows
            elif begun and said[: len(asked)] == asked and len(said) == len(asked) + width:
                rows.append(said[len(asked) :])
            else:
                raise NutSyntaxError(f"not an answer to LIST {asked[0]}: {line[:80]!r}")

    def _line(self, *, deadline: float, longest: int) -> str:
        while b"\n" not in self._unread:
            if len(self._unread) >= longest:
                raise NutSyntaxError("an answer without end")
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                raise TimeoutError("upsd did not answer in time")
            self._socket.settimeout(left_s)
            data = self._socket.recv(4096)
            if not data:
                raise ConnectionResetError("upsd closed the connection")
            self._unread += data
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode("utf-8", "replace").rstrip("\r")
