"""Questions to an opened ESC/POS printer and their answers."""

from __future__ import annotations

import time

from hw.api import FaultCode
from hw.printer.link import Link
from hw.printer.status import (
    BUFFERS_CLEARED,
    CLEAR_BUFFERS,
    DLE_EOT_ERROR,
    DLE_EOT_OFFLINE_CAUSE,
    DLE_EOT_PAPER,
    DLE_EOT_PRINTER,
    GS_I_FIRMWARE,
    GS_I_MAKER,
    GS_I_MODEL,
    GS_I_SERIAL,
    GS_R_PAPER,
    PrinterStatus,
    is_paper_answer,
    is_real_time_status,
)
from hw.worker import SessionEnded

STATUS_TIMEOUT_S = 2.0
IDENTITY_TIMEOUT_S = 0.5
CLEAR_TIMEOUT_S = 1.0
MAX_IDENTITY_LENGTH = 80
_IDENTITY_HEADER = b"_"


class Conversation:
    """Raises OSError when the line breaks, SessionEnded when the printer does not answer."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._worked_off = False

    def status(self) -> PrinterStatus:
        return PrinterStatus(
            printer=self._real_time(DLE_EOT_PRINTER),
            offline_cause=self._real_time(DLE_EOT_OFFLINE_CAUSE),
            error=self._real_time(DLE_EOT_ERROR),
            paper=self._real_time(DLE_EOT_PAPER),
        )

    def identity(self) -> dict[str, str]:
        """make, model, serial, firmware, as far as the printer tells; many tell nothing."""
        questions = {"make": GS_I_MAKER, "model": GS_I_MODEL, "serial": GS_I_SERIAL, "firmware": GS_I_FIRMWARE}
        told = {}
        for name, question in questions.items():
            self._link.send(question)
            answer = self._identity_answer()
            if answer is None:
                break
            told[name] = answer
        return told

    def send(self, data: bytes) -> None:
        """Prints, and asks to be told when all of it is worked off."""
        self._drain()
        self._worked_off = False
        self._link.send(data + GS_R_PAPER)

    def worked_off(self, *, timeout_s: float) -> bool:
        """Whether all that was sent is on paper; waits up to `timeout_s` for it."""
        deadline = time.monotonic() + timeout_s
        while not self._worked_off and (left_s := deadline - time.monotonic()) > 0:
            self._listen(timeout_s=left_s)
        return self._worked_off

    def clear(self) -> None:
        """Makes the printer forget what it could not print, so that it does not come out with the next roll.

        Returns when the printer has told that it forgot; some never tell.
        """
        self._link.send(CLEAR_BUFFERS)
        answer = b""
        deadline = time.monotonic() + CLEAR_TIMEOUT_S
        while BUFFERS_CLEARED not in answer and (left_s := deadline - time.monotonic()) > 0:
            answer += self._listen(timeout_s=left_s)

    def _real_time(self, question: bytes) -> int:
        self._link.send(question)
        deadline = time.monotonic() + STATUS_TIMEOUT_S
        while (left_s := deadline - time.monotonic()) > 0:
            for byte in self._listen(timeout_s=left_s):
                if is_real_time_status(byte):
                    return byte
        raise SessionEnded(FaultCode.OFFLINE, "the printer does not tell its status")

    def _listen(self, *, timeout_s: float) -> bytes:
        data = self._link.receive(timeout_s=timeout_s)
        self._worked_off |= any(is_paper_answer(byte) for byte in data)
        return data

    def _drain(self) -> None:
        while self._link.receive(timeout_s=0.0):
            pass

    def _identity_answer(self) -> str | None:
        answer = b""
        deadline = time.monotonic() + IDENTITY_TIMEOUT_S
        while (left_s := deadline - time.monotonic()) > 0 and len(answer) < MAX_IDENTITY_LENGTH:
            answer += self._link.receive(timeout_s=left_s)
            if answer.endswith(b"\0"):
                return answer[:-1].rpartition(_IDENTITY_HEADER)[2].decode("ascii", "replace").strip()
        return None
