"""What an ESC/POS printer says of itself.

Source: Epson ESC/POS Command Reference, DLE EOT n (real-time status, one byte 0xx1xx10),
GS r 1 (paper status, answered in turn after all that was sent before it), GS I n (identity).
"""

from __future__ import annotations

from dataclasses import dataclass

from hw.api import FaultCode

DLE_EOT_PRINTER = b"\x10\x04\x01"
DLE_EOT_OFFLINE_CAUSE = b"\x10\x04\x02"
DLE_EOT_ERROR = b"\x10\x04\x03"
DLE_EOT_PAPER = b"\x10\x04\x04"
GS_R_PAPER = b"\x1dr1"
GS_I_FIRMWARE, GS_I_MAKER, GS_I_MODEL, GS_I_SERIAL = (b"\x1dI" + bytes([n]) for n in (65, 66, 67, 68))

CLEAR_BUFFERS = bytes.fromhex("10 14 08 01 03 14 01 06 02 08")
"""DLE DC4 fn 8: the receive and print buffers are emptied."""

BUFFERS_CLEARED = bytes.fromhex("37 25 00")
"""The answer to it, once they are."""

OFFLINE_BIT = 0x08
COVER_OPEN_BIT = 0x04
PAPER_END_STOP_BIT = 0x20
ERROR_BIT = 0x40
CUTTER_ERROR_BIT = 0x08
UNRECOVERABLE_BIT = 0x20
PAPER_NEAR_END_BITS = 0x0C
PAPER_OUT_BITS = 0x60

_FIXED_MASK = 0x93
_FIXED_BITS = 0x12


def is_real_time_status(byte: int) -> bool:
    return byte & _FIXED_MASK == _FIXED_BITS


def is_paper_answer(byte: int) -> bool:
    """An answer to GS r: 0xx0xxxx."""
    return byte & 0x90 == 0


@dataclass(frozen=True, slots=True)
class PrinterStatus:
    """The four answers to DLE EOT 1..4."""

    printer: int
    offline_cause: int
    error: int
    paper: int

    def fault(self) -> tuple[FaultCode, str] | None:
        """What keeps the printer from printing, the cause before its consequence."""
        if self.offline_cause & COVER_OPEN_BIT:
            return FaultCode.COVER_OPEN, "the cover is open"
        if self.paper & PAPER_OUT_BITS or self.offline_cause & PAPER_END_STOP_BIT:
            return FaultCode.PAPER_OUT, "the roll is at its end"
        if self.error & CUTTER_ERROR_BIT:
            return FaultCode.DEVICE_ERROR, "the cutter is jammed"
        if self.error & UNRECOVERABLE_BIT or self.offline_cause & ERROR_BIT:
            return FaultCode.DEVICE_ERROR, "the printer reports an error"
        if self.printer & OFFLINE_BIT:
            return FaultCode.OFFLINE, "the printer is switched off-line"
        return None

    @property
    def paper_low(self) -> bool:
        return bool(self.paper & PAPER_NEAR_END_BITS)
