"""URLs of devices this machine shows by itself: links, HID nodes, printers, services on the loopback."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

from hw import udev
from hw.position.gpsd_locator import PORT as GPSD_PORT
from hw.power.nut_conversation import NutConversation, NutRefusedError
from hw.power.nut_ups import PORT as NUT_PORT
from hw.power.nut_words import NutSyntaxError
from hw.signature.epad_report import PRODUCT_ID, VENDOR_ID

SBI_PORTS = range(4501, 4601)
"""Secure Biometric Interface 0.9.5: services take the first free ones."""

PCSCD = Path("/run/pcscd/pcscd.comm")
"""The card reader service's socket; Debian's systemd listens on it."""


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
    for ups in _upses():
        yield f"nut://127.0.0.1:{NUT_PORT}/{ups}"
    if _listens(GPSD_PORT):
        yield f"gpsd://127.0.0.1:{GPSD_PORT}"
    if PCSCD.exists():
        for module in sorted(Path("/usr/lib").glob("*/opensc-pkcs11.so")):
            yield f"pkcs11://{module}?counter=piv"


def _sbi_service_listens() -> bool:
    return any(_listens(port) for port in SBI_PORTS)


def _listens(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


def _upses() -> tuple[str, ...]:
    """Those that upsd serves; none where it does not run or answers with something else."""
    try:
        with NutConversation(("127.0.0.1", NUT_PORT)) as conversation:
            return conversation.upses()
    except (OSError, NutSyntaxError, NutRefusedError):
        return ()
