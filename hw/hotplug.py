"""Links that follow USB devices by their model, so that a unit swapped for another keeps its URL.

A link of /dev/serial/by-id carries the unit's serial number: with the spare unit from the drawer it never
returns. `DeviceLinks` keeps `folder/name` pointed at whichever unit of a model is plugged in, and the driver
opened on that link heals by itself.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pyudev

POLL_S = 0.2
RESCAN_S = 5.0
"""The kernel drops announcements when nobody reads them in time; no look is ever longer ago than this."""

STOP_TIMEOUT_S = 5.0

_MODEL = re.compile(r"(?P<vendor>[0-9a-f]{4}):(?P<product>[0-9a-f]{4})(?::(?P<serial>[!-~]+))?")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class UsbModel:
    """subsystem: of the node, such as "tty", "hidraw" or "video4linux". serial: empty for any unit."""

    subsystem: str
    vendor_id: int
    product_id: int
    serial: str = ""

    @classmethod
    def parse(cls, subsystem: str, text: str) -> UsbModel:
        """text: "0c2e:0200" or "0c2e:0200:SERIAL", as lsusb writes it. Raises ValueError."""
        if (match := _MODEL.fullmatch(text)) is None:
            raise ValueError(f"a USB model is VVVV:PPPP or VVVV:PPPP:SERIAL in lower case, not {text!r}")
        return cls(subsystem, int(match["vendor"], 16), int(match["product"], 16), match["serial"] or "")


@dataclass(frozen=True, slots=True)
class PluggedUnit:
    """One unit that is plugged in now. node: under /dev."""

    node: Path
    vendor_id: int
    product_id: int
    serial: str


def plugged_units(model: UsbModel) -> tuple[PluggedUnit, ...]:
    """All units of a model, by node. A camera's metadata nodes are left out."""
    found = []
    for device in pyudev.Context().list_devices(subsystem=model.subsystem):
        unit = _unit(device)
        if (
            unit is not None
            and (unit.vendor_id, unit.product_id) == (model.vendor_id, model.product_id)
            and model.serial in ("", unit.serial)
        ):
            found.append(unit)
    return tuple(sorted(found, key=lambda unit: unit.node))


class DeviceLinks:
    """One thread that keeps the links; start and stop may be called in any state, any number of times.

    A link stays with its unit while that is plugged in, also when another of the model is.
    """

    def __init__(
        self,
        folder: Path,
        wanted: Mapping[str, UsbModel],
        *,
        dev: Path = Path("/dev"),
        rescan_s: float = RESCAN_S,
    ) -> None:
        """folder: for the links alone, made when needed. dev: where the device nodes are."""
        self._rescan_s = rescan_s
        self._folder = folder
        self._wanted = dict(wanted)
        self._dev = dev
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._looked = threading.Event()
        self._thread: threading.Thread | None = None
        self._linked: Mapping[str, PluggedUnit] = MappingProxyType({})

    @property
    def linked(self) -> Mapping[str, PluggedUnit]:
        """Which unit each link points at; a name without a unit is not in it."""
        return self._linked

    def path(self, name: str) -> Path:
        """For the driver's URL; the same whether the unit is there or not. Raises KeyError."""
        if name not in self._wanted:
            raise KeyError(name)
        return self._folder / name

    def start(self) -> None:
        """Returns when it has looked for the first time: whatever is plugged in has its link then."""
        with self._lock:
            if not self._wanted or (self._thread is not None and self._thread.is_alive()):
                return
            self._stopping = threading.Event()
            self._looked.clear()
            self._thread = threading.Thread(
                target=self._follow, args=(self._stopping,), name="hw-hotplug", daemon=True
            )
            self._thread.start()
            self._looked.wait(STOP_TIMEOUT_S)

    def stop(self) -> None:
        """Takes the links away. Raises RuntimeError when the thread does not end."""
        with self._lock:
            if self._thread is None:
                return
            self._stopping.set()
            self._thread.join(STOP_TIMEOUT_S)
            if self._thread.is_alive():
                raise RuntimeError(f"the hot-plug thread did not end within {STOP_TIMEOUT_S} s")
            self._thread = None

    def _follow(self, stopping: threading.Event) -> None:
        """Listens before it looks, so that nothing is plugged in unseen between the two."""
        monitor = pyudev.Monitor.from_netlink(pyudev.Context())
        for subsystem in {model.subsystem for model in self._wanted.values()}:
            monitor.filter_by(subsystem)
        monitor.start()
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            while not stopping.is_set():
                self._look()
                self._looked.set()
                looked_at = time.monotonic()
                while not stopping.is_set() and time.monotonic() - looked_at < self._rescan_s:
                    if monitor.poll(timeout=POLL_S) is not None:
                        break
        finally:
            self._looked.set()
            for name in self._wanted:
                self._link(name, None)

    def _look(self) -> None:
        for name, model in self._wanted.items():
            units = plugged_units(model)
            before = self._linked.get(name)
            if before not in units:
                self._link(name, units[0] if units else None)

    def _link(self, name: str, unit: PluggedUnit | None) -> None:
        """The link is replaced in one step: a driver opens the old unit or the new one."""
        link = self._folder / name
        others = {other: held for other, held in self._linked.items() if other != name}
        if unit is None:
            link.unlink(missing_ok=True)
            self._linked = MappingProxyType(others)
            return
        draft = self._folder / f".{name}"
        draft.unlink(missing_ok=True)
        draft.symlink_to(self._dev / unit.node.relative_to("/dev"))
        draft.replace(link)
        self._linked = MappingProxyType(others | {name: unit})
        log.info("%s: %04x:%04x at %s", name, unit.vendor_id, unit.product_id, unit.node)


def _unit(device: pyudev.Device) -> PluggedUnit | None:
    usb = device.find_parent("usb", "usb_device")
    if usb is None or device.device_node is None or _text(device, "index") not in ("", "0"):
        return None
    try:
        vendor_id, product_id = int(_text(usb, "idVendor"), 16), int(_text(usb, "idProduct"), 16)
    except ValueError:  # unplugged while it was looked at
        return None
    return PluggedUnit(Path(device.device_node), vendor_id, product_id, _text(usb, "serial"))


def _text(device: pyudev.Device, attribute: str) -> str:
    value: bytes = device.attributes.get(attribute, b"")
    return value.decode("utf-8", "replace").strip()
