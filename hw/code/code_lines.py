"""Codes from a serial scanner: printable ASCII ended by CR (a following LF is the terminator's, too).

A code is delivered whole or not at all: a damaged code that still reads would open the wrong
person's ticket.
"""

from __future__ import annotations

MAX_CODE_LENGTH = 2048
"""A QR code of version 40 holds more, but no ticket or KK does; a stuck sender is cut off here."""

BURST_GAP_NS = 500_000_000
"""A scanner sends a code in one burst (100 characters last 0.1 s at 9600 baud); the rest of a code
that paused this long was lost."""

_TERMINATORS = b"\r\n"


class CodeLines:
    """Cuts a byte stream into codes."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._damaged = False
        self._last_ns = 0

    def feed(self, data: bytes, *, t_ns: int) -> list[str]:
        """The codes completed by these bytes; t_ns: when they were read, monotonic."""
        if t_ns - self._last_ns > BURST_GAP_NS:
            self._begin()
        self._last_ns = t_ns
        codes = []
        for byte in data:
            if byte in _TERMINATORS:
                if self._pending and not self._damaged:
                    codes.append(self._pending.decode("ascii"))
                self._begin()
            elif 0x20 <= byte <= 0x7E and len(self._pending) < MAX_CODE_LENGTH:
                self._pending.append(byte)
            else:
                self._damaged = True
        return codes

    def _begin(self) -> None:
        self._pending.clear()
        self._damaged = False
