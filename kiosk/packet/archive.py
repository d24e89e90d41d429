"""One archive form for packets and receipts: a POSIX ustar file with nothing left to choose.

Names, order, mode, owner, time and padding are fixed (IEEE Std 1003.1, pax "ustar interchange
format"), so equal contents give equal bytes, `tar -x` opens it, and the strict reader can hold every
header byte against the only value it may have: damage anywhere is found, at its offset.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from kiosk.packet.faults import FaultKind, PacketFault

_BLOCK = 512
_END = bytes(2 * _BLOCK)
_NAME = re.compile(r"[a-z0-9_]+(?:[./-][a-z0-9_]+)*")
_MAX_NAME = 100
_CHECKSUM = slice(148, 156)


def write_archive(members: Mapping[str, bytes]) -> bytes:
    """The members in the order given. Raises ValueError for a name outside `a-z0-9_./-` or over 100 bytes."""
    parts: list[bytes] = []
    for name, data in members.items():
        if not _NAME.fullmatch(name) or len(name) > _MAX_NAME:
            raise ValueError(f"{name!r} cannot be an archive member's name")
        parts += (_header(name, len(data)), data, bytes(-len(data) % _BLOCK))
    return b"".join((*parts, _END))


def read_archive(data: bytes, *, where: str) -> dict[str, bytes] | PacketFault:
    """Members by name, in order. `where` names the archive in a fault."""
    members: dict[str, bytes] = {}
    offset = 0
    while data[offset : offset + _BLOCK] != _END[:_BLOCK]:
        entry = _read_header(data, offset, where)
        if isinstance(entry, PacketFault):
            return entry
        name, size = entry
        if name in members:
            return PacketFault(FaultKind.NOT_AN_ARCHIVE, where, f"{name} twice", "each name once", offset)
        start, end = offset + _BLOCK, offset + _BLOCK + size
        offset = end + -size % _BLOCK
        if offset > len(data):
            return _truncated(where, len(data), f"{name} to end at byte {end}")
        if any(data[end:offset]):
            return PacketFault(FaultKind.NOT_AN_ARCHIVE, where, "padding that is not zero", "zeros", end)
        members[name] = data[start:end]
    if data[offset:] != _END:
        if len(data) - offset < len(_END):
            return _truncated(where, len(data), "two zero blocks at the end")
        return PacketFault(FaultKind.NOT_AN_ARCHIVE, where, "bytes after the end", "two zero blocks", offset)
    return members


def _header(name: str, size: int) -> bytes:
    header = bytearray(_BLOCK)
    for start, field in (
        (0, name.encode("ascii")),
        (100, b"0000400\x000000000\x000000000\x00"),
        (124, b"%011o\x00" % size),
        (136, b"00000000000\x00"),
        (156, b"0"),
        (257, b"ustar\x0000"),
        (329, b"0000000\x000000000\x00"),
    ):
        header[start : start + len(field)] = field
    header[_CHECKSUM] = b"        "
    header[_CHECKSUM] = b"%06o\x00 " % sum(header)
    return bytes(header)


def _read_header(data: bytes, offset: int, where: str) -> tuple[str, int] | PacketFault:
    block = data[offset : offset + _BLOCK]
    if len(block) < _BLOCK:
        return _truncated(where, len(data), "a whole member or the two closing zero blocks")
    name = block[:_MAX_NAME].rstrip(b"\x00").decode("ascii", "replace")
    digits = block[124:135]
    if not _NAME.fullmatch(name) or not re.fullmatch(rb"[0-7]{11}", digits):
        return _not_a_header(where, offset)
    size = int(digits, 8)
    allowed = _header(name, size)
    if block != allowed:
        wrong = next(i for i, (a, b) in enumerate(zip(block, allowed, strict=True)) if a != b)
        return _not_a_header(where, offset + wrong)
    return name, size


def _not_a_header(where: str, offset: int) -> PacketFault:
    return PacketFault(
        FaultKind.NOT_AN_ARCHIVE, where, "no member header of this format", "the fixed ustar header", offset
    )


def _truncated(where: str, length: int, allowed: str) -> PacketFault:
    return PacketFault(FaultKind.TRUNCATED, where, f"the end after {length} bytes", allowed, length)
