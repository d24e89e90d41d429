"""All simulated devices of one kiosk, and who stands before them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hw.api import DeviceKind
from hw.sim.camera import SimulatedFaceCamera
from hw.sim.code import SimulatedCodeScanner
from hw.sim.crowd import Crowd, Nobody
from hw.sim.device import SimulatedDevice
from hw.sim.finger.module import SimulatedFingerModule
from hw.sim.panel import SimulatedPanel
from hw.sim.people import Cloth
from hw.sim.position import SimulatedGpsd
from hw.sim.power import SimulatedUps
from hw.sim.printer import SimulatedPrinter
from hw.sim.sbi.authority import DeviceAuthority
from hw.sim.sbi.service import SbiService
from hw.sim.signature import SimulatedSignaturePad
from hw.sim.token import PIN, SimulatedToken


class NobodyThereError(RuntimeError):
    """Somebody has to stand before the kiosk for this."""


class Stage:
    def __init__(self, crowd: Crowd, *, folder: Path) -> None:
        """folder: for device links and the device makers' keys; it belongs to this stage alone."""
        nobody = Nobody()
        authority = DeviceAuthority.open(folder / "authority")
        self._nobody = nobody
        self._crowd = crowd
        self._lock = threading.Lock()
        self._present: int | None = None
        self.signature = SimulatedSignaturePad(nobody, folder=folder)
        self.code = SimulatedCodeScanner(folder=folder)
        self.printer = SimulatedPrinter()
        self.panel = SimulatedPanel()
        self.finger = SimulatedFingerModule(nobody, folder=folder)
        self.power = SimulatedUps()
        self.position = SimulatedGpsd(utc=datetime.now(UTC))
        self.card = SimulatedToken(folder=folder) if SimulatedToken.installed() else None
        everything: tuple[SimulatedDevice, ...] = (
            SimulatedFaceCamera(nobody),
            SbiService(nobody, authority=authority, kind=DeviceKind.SLAP_SCANNER),
            SbiService(nobody, authority=authority, kind=DeviceKind.IRIS_CAMERA),
            self.signature,
            self.code,
            self.printer,
            self.panel,
            self.finger,
            self.power,
            self.position,
            *((self.card,) if self.card is not None else ()),
        )
        self.devices: Mapping[DeviceKind, SimulatedDevice] = {device.kind: device for device in everything}

    @property
    def crowd(self) -> Crowd:
        return self._crowd

    @property
    def present(self) -> int | None:
        """The index of the person who stands before the kiosk."""
        return self._present

    def urls(self) -> dict[str, str]:
        return {kind.value: device.url for kind, device in self.devices.items()}

    def start(self) -> None:
        for device in self.devices.values():
            device.start()

    def stop(self) -> None:
        for device in self.devices.values():
            device.stop()

    def arrive(self, index: int, cloth: Cloth | None = None) -> str:
        """The person's name. cloth: what hangs behind them, None for whatever does.

        Raises UnknownPersonError; takes seconds for somebody never called before.
        """
        subject = self._crowd.subject(index, cloth)
        with self._lock:
            for device in self.devices.values():
                device.meet(subject)
            self.panel.set_inputs(presence=True)
            self._present = index
        return subject.name

    def leave(self) -> None:
        with self._lock:
            for device in self.devices.values():
                device.meet(self._nobody)
            self.panel.set_inputs(presence=False)
            self._present = None

    def unplug(self, kind: DeviceKind) -> None:
        with self._lock:
            self.devices[kind].unplug()

    def replug(self, kind: DeviceKind) -> None:
        with self._lock:
            self.devices[kind].plug()

    def sign(self, *, speed: float = 1.0) -> None:
        """Raises NobodyThereError."""
        if self._present is None:
            raise NobodyThereError("nobody is there to sign; call a person first")
        self.signature.sign(speed=speed)

    def state(self) -> dict[str, Any]:
        """As JSON values: people, devices, lamps."""
        return {
            "person": self._present,
            "signing": self.signature.writing,
            "slips": len(self.printer.slips),
            "devices": {
                kind.value: {"url": device.url, "plugged": device.plugged, "faults": list(device.faults)}
                for kind, device in self.devices.items()
            },
            "lamps": dict(self.panel.lamps),
            "card": None if self.card is None else {"certificate": str(self.card.certificate), "pin": PIN},
        }
