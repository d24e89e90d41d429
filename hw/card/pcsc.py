"""The one thing PKCS#11 does not tell: how many tries a PIV card's PIN has left.

NIST SP 800-73-4 part 2, 3.2.1: VERIFY without data costs no try, and answers 63 CX with X tries left, or 69 83
when the card is blocked.
"""

from __future__ import annotations

import ctypes

_SELECT_PIV = bytes.fromhex("00 a4 04 00 0b a0 00 00 03 08 00 00 10 00 01 00 00")
_ASK_TRIES = bytes.fromhex("00 20 00 80")
_SCOPE_SYSTEM, _SHARE_SHARED, _PROTOCOL_ANY, _LEAVE_CARD = 2, 2, 3, 0


class _IoRequest(ctypes.Structure):
    _fields_ = (("protocol", ctypes.c_ulong), ("length", ctypes.c_ulong))


def piv_tries_left(reader: str) -> int | None:
    """None when the card, the reader or pcsc-lite does not say."""
    try:
        pcsc = ctypes.CDLL("libpcsclite.so.1")
    except OSError:
        return None
    context, card, protocol = ctypes.c_long(), ctypes.c_long(), ctypes.c_ulong()
    if pcsc.SCardEstablishContext(ctypes.c_ulong(_SCOPE_SYSTEM), None, None, ctypes.byref(context)):
        return None
    try:
        if pcsc.SCardConnect(
            context,
            reader.strip().encode(),
            ctypes.c_ulong(_SHARE_SHARED),
            ctypes.c_ulong(_PROTOCOL_ANY),
            ctypes.byref(card),
            ctypes.byref(protocol),
        ):
            return None
        try:
            _transmit(pcsc, card, protocol.value, _SELECT_PIV)
            return tries_of(_transmit(pcsc, card, protocol.value, _ASK_TRIES))
        finally:
            pcsc.SCardDisconnect(card, ctypes.c_ulong(_LEAVE_CARD))
    finally:
        pcsc.SCardReleaseContext(context)


def tries_of(answer: bytes) -> int | None:
    """answer: what VERIFY without data was answered, two status bytes last."""
    match answer[-2:]:
        case b"\x69\x83":
            return 0
        case status if len(status) == 2 and status[0] == 0x63 and status[1] >> 4 == 0xC:
            return status[1] & 0x0F
    return None


def _transmit(pcsc: ctypes.CDLL, card: ctypes.c_long, protocol: int, command: bytes) -> bytes:
    """Empty when it failed."""
    request = _IoRequest(protocol, ctypes.sizeof(_IoRequest))
    answer, length = ctypes.create_string_buffer(258), ctypes.c_ulong(258)
    failed = pcsc.SCardTransmit(
        card,
        ctypes.byref(request),
        command,
        ctypes.c_ulong(len(command)),
        None,
        answer,
        ctypes.byref(length),
    )
    return b"" if failed else answer.raw[: length.value]
