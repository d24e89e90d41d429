"""umockdev's testbed by its C interface: devices that one process sees in /sys, /dev and udev.

Works in a process that runs under `umockdev-wrapper` only.
"""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

LIBRARY, GOBJECT = "libumockdev.so.0", "libgobject-2.0.so.0"


@dataclass(frozen=True)
class SerialUnit:
    """A USB device with one serial port.

    place: its port on the bus and its node's number; umockdev 0.17.16 takes each once in a process.
    """

    serial: str
    vendor: str = "0c2e"
    product: str = "0200"
    place: int = 0

    @property
    def node(self) -> Path:
        return Path(f"/dev/ttyACM{self.place}")

    @property
    def usb(self) -> str:
        return f"/devices/usb1/1-{self.place + 1}"

    @property
    def tty(self) -> str:
        return f"{self.usb}/1-{self.place + 1}:1.0/tty/{self.node.name}"

    def description(self) -> bytes:
        """umockdev's own format, as umockdev-record writes it."""
        return (
            f"P: {self.usb}\nE: DEVTYPE=usb_device\nE: SUBSYSTEM=usb\n"
            f"A: idVendor={self.vendor}\\n\nA: idProduct={self.product}\\n\nA: serial={self.serial}\\n\n"
            "A: manufacturer=CONTOH\\n\nA: product=Scanner\\n\nA: bcdDevice=0102\\n\n\n"
            f"P: {self.tty}\nN: {self.node.name}\nE: DEVNAME={self.node}\nE: SUBSYSTEM=tty\n"
            f"E: MAJOR=166\nE: MINOR={self.place}\nA: dev=166:{self.place}\\n\n\n"
        ).encode()


@dataclass(frozen=True)
class CameraUnit:
    """A USB camera with a node for pictures and one for metadata, which here has the lower number.

    place: as of a `SerialUnit`.
    """

    serial: str
    vendor: str = "0c2e"
    product: str = "0c41"
    place: int = 0

    @property
    def node(self) -> Path:
        return Path(f"/dev/video{2 * self.place + 1}")

    def description(self) -> bytes:
        usb = f"/devices/usb2/2-{self.place + 1}"
        text = (
            f"P: {usb}\nE: DEVTYPE=usb_device\nE: SUBSYSTEM=usb\n"
            f"A: idVendor={self.vendor}\\n\nA: idProduct={self.product}\\n\nA: serial={self.serial}\\n\n\n"
        )
        for index, number in ((1, 2 * self.place), (0, 2 * self.place + 1)):
            text += (
                f"P: {usb}/2-{self.place + 1}:1.0/video4linux/video{number}\nN: video{number}\n"
                f"E: DEVNAME=/dev/video{number}\nE: SUBSYSTEM=video4linux\nE: MAJOR=81\nE: MINOR={number}\n"
                f"A: dev=81:{number}\\n\nA: index={index}\\n\n\n"
            )
        return text.encode()


class Testbed:
    def __init__(self) -> None:
        self._library = ctypes.CDLL(LIBRARY)
        pointer, text = ctypes.c_void_p, ctypes.c_char_p
        self._library.umockdev_testbed_new.restype = pointer
        self._library.umockdev_testbed_get_root_dir.argtypes = [pointer]
        self._library.umockdev_testbed_get_root_dir.restype = text
        self._library.umockdev_testbed_add_from_string.argtypes = [pointer, text, pointer]
        self._library.umockdev_testbed_uevent.argtypes = [pointer, text, text]
        self._library.umockdev_testbed_remove_device.argtypes = [pointer, text]
        self._library.umockdev_testbed_get_dev_fd.argtypes = [pointer, text]
        self._bed = self._library.umockdev_testbed_new()
        self._wires: dict[SerialUnit, int] = {}

    @property
    def dev(self) -> Path:
        """Where the nodes really are: a link outside /dev is followed by the kernel, which sees no testbed."""
        return Path(os.fsdecode(self._library.umockdev_testbed_get_root_dir(self._bed))) / "dev"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Takes its folder away."""
        ctypes.CDLL(GOBJECT).g_object_unref(ctypes.c_void_p(self._bed))

    def plug(self, unit: SerialUnit, *, announced: bool = True) -> None:
        added = self._library.umockdev_testbed_add_from_string(self._bed, unit.description(), None)
        assert added, unit
        self._wires[unit] = self._library.umockdev_testbed_get_dev_fd(self._bed, str(unit.node).encode())
        if announced:
            self._announce(unit, b"add")

    def add(self, camera: CameraUnit) -> None:
        """It was plugged in before anybody listened."""
        assert self._library.umockdev_testbed_add_from_string(self._bed, camera.description(), None), camera

    def unplug(self, unit: SerialUnit) -> None:
        """The port's far end closes: who reads it gets an error, as from a pulled plug."""
        terminal = str((self.dev / unit.node.name).readlink())
        os.close(self._wires.pop(unit))
        self._announce(unit, b"remove")
        for path in (unit.tty, unit.usb):
            self._library.umockdev_testbed_remove_device(self._bed, f"/sys{path}".encode())
        (self.dev / ".ptymap" / terminal.replace("/", "_")).unlink()  # umockdev 0.17.16 fails on it

    def send(self, unit: SerialUnit, data: bytes) -> None:
        os.write(self._wires[unit], data)

    def _announce(self, unit: SerialUnit, action: bytes) -> None:
        self._library.umockdev_testbed_uevent(self._bed, f"/sys{unit.tty}".encode(), action)
