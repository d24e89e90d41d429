"""The bus: what is handed to the kernel, byte by byte, as linux/i2c-dev.h lays it out."""

from __future__ import annotations

import ctypes
import errno
import struct
from pathlib import Path
from typing import Any

import pytest

from hw.power.i2c import LinuxI2cBus
from tests.hw.holdings import holdings


class Kernel:
    """Answers SMBus calls as i2c-dev does. words: by register."""

    def __init__(self, words: dict[int, int]) -> None:
        self.words = words
        self.chips: list[int] = []

    def ioctl(self, descriptor: int, request: int, argument: Any) -> int:
        del descriptor
        if request == 0x0703:
            self.chips.append(argument)
            return 0
        assert request == 0x0720
        read_write, register, size, pointer = struct.unpack("@BBIP", bytes(argument))
        assert (read_write, size) == (1, 3), "a read of word data"
        if register not in self.words:
            raise OSError(errno.EREMOTEIO, "no acknowledge")
        ctypes.memmove(pointer, struct.pack("@H", self.words[register]), 2)
        return 0


def test_a_word_is_read_from_the_chip_that_was_named(tmp_path: Path) -> None:
    node = tmp_path / "i2c-1"
    node.touch()
    kernel = Kernel({0x02: 0x00C3, 0x04: 0xFFFE})
    bus = LinuxI2cBus(node, chip=0x36, ioctl=kernel.ioctl)
    assert (bus.read_word(0x02), bus.read_word(0x04), kernel.chips) == (0x00C3, 0xFFFE, [0x36])
    bus.close()


def test_a_chip_that_does_not_acknowledge_is_an_error(tmp_path: Path) -> None:
    node = tmp_path / "i2c-1"
    node.touch()
    bus = LinuxI2cBus(node, chip=0x36, ioctl=Kernel({}).ioctl)
    with pytest.raises(OSError, match="acknowledge"):
        bus.read_word(0x02)
    bus.close()


def test_what_is_no_bus_is_an_error_and_left_closed() -> None:
    before = holdings()
    with pytest.raises(OSError) as refused:
        LinuxI2cBus(Path("/dev/null"), chip=0x36)
    assert refused.value.errno == errno.ENOTTY, "the kernel's own word"
    assert holdings() == before


def test_an_absent_bus_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        LinuxI2cBus(tmp_path / "i2c-9", chip=0x36)
