"""What is on the simulated printer's paper: commands in, slips out, each cut off from the roll."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from hw.sim.printer_commands import Command

_CODE_PAGES = {
    0: "cp437",
    2: "cp850",
    3: "cp860",
    4: "cp863",
    5: "cp865",
    16: "cp1252",
    17: "cp866",
    19: "cp858",
}
_ALIGNMENTS = {0: "left", 1: "center", 2: "right", 48: "left", 49: "center", 50: "right"}
_QR_LEVELS = {48: "L", 49: "M", 50: "Q", 51: "H"}


@dataclass(frozen=True, slots=True)
class Style:
    align: str = "left"
    bold: bool = False
    width: int = 1
    height: int = 1


@dataclass(frozen=True, slots=True)
class TextLine:
    text: str
    style: Style


@dataclass(frozen=True, slots=True)
class QrCode:
    text: str
    module_dots: int
    level: str
    style: Style


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """dots: bool, (height, width), True where black."""

    dots: NDArray[np.bool_]
    style: Style


@dataclass(frozen=True, slots=True)
class Feed:
    lines: int


Element = TextLine | QrCode | Picture | Feed


@dataclass(frozen=True, slots=True)
class PrintedSlip:
    elements: tuple[Element, ...]

    def text(self) -> tuple[str, ...]:
        return tuple(element.text for element in self.elements if isinstance(element, TextLine))

    def qr(self) -> str:
        """The payload of the first QR code, empty without one."""
        return next((element.text for element in self.elements if isinstance(element, QrCode)), "")


@dataclass(slots=True)
class Roll:
    """The print head's state and the paper below it."""

    _style: Style = field(default_factory=Style)
    _code_page: str = "cp437"
    _line: list[tuple[str, Style]] = field(default_factory=list)
    _elements: list[Element] = field(default_factory=list)
    _qr_data: str = ""
    _qr_dots: int = 3
    _qr_level: str = "L"

    def do(self, command: Command) -> PrintedSlip | None:
        """Carries out one print command; a cut gives the slip."""
        match command:
            case Command(b"", data):
                self._line.append((data.decode(self._code_page, "replace"), self._style))
            case Command(b"\n"):
                self._end_line()
            case Command(b"\x1dV"):
                return self._cut()
            case Command(b"\x1d(k", data):
                self._two_dimensional_code(data[2:])
            case Command(b"\x1dv0", data):
                self._picture(data)
            case Command(name, data) if name in _SETTERS and data:
                _SETTERS[name](self, data[0])
            case Command(b"\x1b@"):
                self.reset()
        return None

    def reset(self) -> None:
        """ESC @: the line being built and all settings are forgotten, the paper is not."""
        self._style = Style()
        self._code_page = "cp437"
        self._line.clear()

    def set_mode(self, value: int) -> None:
        """ESC !: bit 3 bold, bit 4 double height, bit 5 double width."""
        self._style = replace(
            self._style,
            bold=bool(value & 0x08),
            height=2 if value & 0x10 else 1,
            width=2 if value & 0x20 else 1,
        )

    def set_size(self, value: int) -> None:
        self._style = replace(self._style, width=(value >> 4 & 7) + 1, height=(value & 7) + 1)

    def set_bold(self, value: int) -> None:
        self._style = replace(self._style, bold=bool(value & 1))

    def set_align(self, value: int) -> None:
        self._style = replace(self._style, align=_ALIGNMENTS.get(value, self._style.align))

    def set_code_page(self, value: int) -> None:
        self._code_page = _CODE_PAGES.get(value, "cp437")

    def feed(self, lines: int) -> None:
        self._flush_line()
        self._elements.append(Feed(lines))

    def _end_line(self) -> None:
        if self._line:
            self._flush_line()
        else:
            self._elements.append(TextLine("", self._style))

    def _flush_line(self) -> None:
        if self._line:
            self._elements.append(TextLine("".join(text for text, _ in self._line), self._line[0][1]))
            self._line.clear()

    def _cut(self) -> PrintedSlip:
        self._flush_line()
        slip = PrintedSlip(tuple(self._elements))
        self._elements.clear()
        return slip

    def _two_dimensional_code(self, body: bytes) -> None:
        """GS ( k with cn = 49 (QR code): fn 67 size, 69 level, 80 store, 81 print."""
        match tuple(body[:2]):
            case (49, 67):
                self._qr_dots = body[2]
            case (49, 69):
                self._qr_level = _QR_LEVELS.get(body[2], "L")
            case (49, 80):
                self._qr_data = body[3:].decode("utf-8", "replace")
            case (49, 81):
                self._elements.append(QrCode(self._qr_data, self._qr_dots, self._qr_level, self._style))

    def _picture(self, data: bytes) -> None:
        width_bytes, height = int.from_bytes(data[1:3], "little"), int.from_bytes(data[3:5], "little")
        rows = np.frombuffer(data[5:], dtype=np.uint8).reshape(height, width_bytes)
        self._elements.append(Picture(np.unpackbits(rows, axis=1).astype(np.bool_), self._style))


_SETTERS: dict[bytes, Callable[[Roll, int], None]] = {
    b"\x1b!": Roll.set_mode,
    b"\x1bE": Roll.set_bold,
    b"\x1ba": Roll.set_align,
    b"\x1bd": Roll.feed,
    b"\x1bt": Roll.set_code_page,
    b"\x1d!": Roll.set_size,
}
