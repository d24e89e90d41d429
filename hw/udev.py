"""What the kernel knows of a device node: the identity its USB descriptors give."""

from __future__ import annotations

import os
from pathlib import Path

import pyudev

from hw.api import DeviceInfo, DeviceKind


def identify(path: Path, *, kind: DeviceKind, url: str) -> DeviceInfo:
    """The identity of the USB device behind a node (or a by-id link to it); blanks when there is none."""
    usb = _usb_parent(path)
    if usb is None:
        return DeviceInfo(kind=kind, url=url, model=_video_name(path))
    return DeviceInfo(
        kind=kind,
        url=url,
        make=_attribute(usb, "manufacturer"),
        model=_attribute(usb, "product"),
        serial=_attribute(usb, "serial"),
        firmware=_attribute(usb, "bcdDevice"),
    )


def hidraw_nodes(*, vendor_id: int, product_id: int) -> list[Path]:
    """Nodes of all plugged HID devices of one model, in a stable order."""
    found = []
    for device in pyudev.Context().list_devices(subsystem="hidraw"):
        usb = device.find_parent("usb", "usb_device")
        if usb is None or device.device_node is None:
            continue
        if (_attribute(usb, "idVendor"), _attribute(usb, "idProduct")) == (
            f"{vendor_id:04x}",
            f"{product_id:04x}",
        ):
            found.append(Path(device.device_node))
    return sorted(found)


def _usb_parent(path: Path) -> pyudev.Device | None:
    try:
        device = pyudev.Devices.from_device_file(pyudev.Context(), os.path.realpath(path))
    except (pyudev.DeviceNotFoundError, OSError, ValueError):
        return None
    return device.find_parent("usb", "usb_device")


def _attribute(device: pyudev.Device, name: str) -> str:
    value: bytes = device.attributes.get(name, b"")
    return value.decode("utf-8", "replace").strip()


def _video_name(path: Path) -> str:
    """V4L2 nodes without USB (CSI cameras, vivid) still have a name."""
    node = Path("/sys/class/video4linux") / Path(os.path.realpath(path)).name / "name"
    return node.read_text().strip() if node.exists() else ""
