"""URLs of devices this machine shows by itself: udev's links, HID nodes, printers, SBI services."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

from hw import udev
from hw.signature.epad_report import PRODUCT_ID, VENDOR_ID

SBI_PORTS = range(4501, 4601)
"""Secure Biometric Interface 0.9.5: services take the first free ones."""


def candidates(*, dev: Path = Path("/dev")) -> Iterator[str]:
    """A by-id link names a device whichever port it is in. Serial ports come as code scanners, the usual case.

    dev: where the device nodes are.
    """
    for link in sorted((dev / "v4l/by-id").glob("*-index0")):  # higher indexes carry metadata
        yield f"v4l2://{link}"
    if _sbi_service_listens():
        yield "sbi://127.0.0.1?type=slap"
        yield "sbi://127.0.0.1?type=iris"
    for node in udev.hidraw_nodes(vendor_id=VENDOR_ID, product_id=PRODUCT_ID):
        yield f"epad://{node}"
    for link in sorted((dev / "serial/by-id").glob("*")):
        yield f"serial://{link}?proto=code"
    for node in sorted((dev / "usb").glob("lp*")):
        yield f"escpos://{node}"
    if (dev / "gpiochip0").exists():
        yield "gpio:?factory=lgpio"


def _sbi_service_listens() -> bool:
    for port in SBI_PORTS:
        with socket.socket() as connection:
            if connection.connect_ex(("127.0.0.1", port)) == 0:
                return True
    return False
