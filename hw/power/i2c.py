"""Words over a Linux I2C bus, by its SMBus calls (Linux, Documentation/i2c/dev-interface.rst)."""

from __future__ import annotations

import ctypes
import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

_I2C_SLAVE = 0x0703
_I2C_SMBUS = 0x0720
_READ, _WORD_DATA = 1, 3
"""Constants of linux/i2c.h and linux/i2c-dev.h."""


class I2cBus(Protocol):
    """Registers of 16 bits as SMBus orders them, low byte first. OSError when the chip does not answer."""

    def read_word(self, register: int) -> int: ...
    def close(self) -> None: ...


class _SmbusData(ctypes.Union):
    _fields_ = (("byte", ctypes.c_uint8), ("word", ctypes.c_uint16), ("block", ctypes.c_uint8 * 34))


class _SmbusCall(ctypes.Structure):
    _fields_ = (
        ("read_write", ctypes.c_uint8),
        ("command", ctypes.c_uint8),
        ("size", ctypes.c_uint32),
        ("data", ctypes.POINTER(_SmbusData)),
    )


class LinuxI2cBus:
    """One chip on /dev/i2c-N; a chip that a kernel driver serves is refused with EBUSY."""

    def __init__(self, path: Path, *, chip: int, ioctl: Callable[[int, int, Any], Any] = fcntl.ioctl) -> None:
        self._ioctl = ioctl
        self._descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            ioctl(self._descriptor, _I2C_SLAVE, chip)
        except OSError:
            self.close()
            raise

    def read_word(self, register: int) -> int:
        data = _SmbusData()
        call = _SmbusCall(_READ, register, _WORD_DATA, ctypes.pointer(data))
        self._ioctl(self._descriptor, _I2C_SMBUS, call)
        word: int = data.word
        return word

    def close(self) -> None:
        os.close(self._descriptor)
