"""ESC/POS as a printer reads it: bytes in, commands out, whatever way the bytes are cut.

Source: Epson ESC/POS Command Reference. Commands outside the tables below are skipped with the
length the reference gives them; a byte that begins no known command is skipped alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field

_FIXED_LENGTHS = {  # whole command, bytes
    b"\x10\x04": 3,  # DLE EOT n
    b"\x10\x05": 3,  # DLE ENQ n
    b"\x1b@": 2,  # ESC @
    b"\x1b!": 3,
    b"\x1b-": 3,
    b"\x1b2": 2,
    b"\x1b3": 3,
    b"\x1bE": 3,
    b"\x1bG": 3,
    b"\x1bM": 3,
    b"\x1bR": 3,
    b"\x1ba": 3,
    b"\x1bd": 3,
    b"\x1bt": 3,
    b"\x1b{": 3,
    b"\x1d!": 3,
    b"\x1dB": 3,
    b"\x1dI": 3,
    b"\x1da": 3,
    b"\x1db": 3,
    b"\x1dr": 3,
}
_DLE_DC4_LENGTHS = {1: 5, 2: 5, 3: 8, 7: 4, 8: 10}
_PREFIXES = b"\x10\x1b\x1d"


@dataclass(frozen=True, slots=True)
class Command:
    """name: the command's first bytes, b"" for printable text; data: what follows them."""

    name: bytes
    data: bytes = b""


@dataclass(slots=True)
class CommandParser:
    _pending: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes) -> list[Command]:
        """The commands completed by these bytes."""
        self._pending += data
        commands = []
        while self._pending:
            length = self._length()
            if length is None or len(self._pending) < length:
                break
            commands.append(self._command(bytes(self._pending[:length])))
            del self._pending[:length]
        return commands

    def clear(self) -> None:
        self._pending.clear()

    def _command(self, whole: bytes) -> Command:
        if whole[0] not in _PREFIXES:
            return Command(b"\n") if whole == b"\n" else Command(b"", whole)
        size = 3 if whole[:3] in (b"\x1d(k", b"\x1dv0") else 2
        return Command(whole[:size], whole[size:])

    def _length(self) -> int | None:
        """Bytes of the command at the front; None while that cannot be told yet."""
        pending = self._pending
        if pending[0] not in _PREFIXES:
            return self._text_length()
        if len(pending) < 2:
            return None
        name = bytes(pending[:2])
        if name in _FIXED_LENGTHS:
            return _FIXED_LENGTHS[name]
        if name == b"\x10\x14":
            return _DLE_DC4_LENGTHS.get(pending[2], 1) if len(pending) > 2 else None
        if name == b"\x1dV":
            return (4 if pending[2] >= 65 else 3) if len(pending) > 2 else None
        if name == b"\x1d(":
            return 5 + int.from_bytes(pending[3:5], "little") if len(pending) >= 5 else None
        if name == b"\x1dv":
            if len(pending) < 8:
                return None
            return 8 + int.from_bytes(pending[4:6], "little") * int.from_bytes(pending[6:8], "little")
        return 1

    def _text_length(self) -> int:
        if self._pending[0] < 0x20:
            return 1
        length = 1
        while length < len(self._pending) and self._pending[length] >= 0x20:
            length += 1
        return length
