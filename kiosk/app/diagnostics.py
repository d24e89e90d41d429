"""What `hw probe` and the two doctors say, gathered for the officer's screen while the kiosk runs."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from hw.api import Device, Fault, SelfTest
from kiosk.app.services import Services
from kiosk.enrollment.events import DeviceTested, UnitExamined
from kiosk.enrollment.record import Stamp
from kiosk.enrollment.standing import DeviceStanding, SelfTestLine, UnitStanding
from kiosk.security.audit import AuditEvent
from kiosk.storage.layout import FREE_DISK_MB
from kiosk.storage.outbox import UNDELIVERED


@dataclass(frozen=True, slots=True)
class Diagnostics:
    services: Services

    def examine(self, now: Stamp) -> UnitExamined:
        """unsent: sealed packets without an accepting receipt; the oldest, tried first, tells what hinders."""
        services = self.services
        refusal = services.sealer.keys.out_of_time(now.at)
        free_mb = shutil.disk_usage(services.data).free // 1_000_000
        return UnitExamined(
            UnitStanding(
                devices=tuple(_standing(device) for device in services.devices),
                version=services.sealer.unit.software_version,
                clock=now,
                free_mb=free_mb,
                enough_free=free_mb >= FREE_DISK_MB,
                unsent=services.outbox.count(*UNDELIVERED),
                last_fault=self._last_fault(),
                keys_fault=str(refusal or ""),
            )
        )

    def _last_fault(self) -> str:
        """A state that cannot be read comes first: it may be the only copy of a record."""
        found = self.services.outbox.look(*UNDELIVERED, limit=1)
        if found.damaged:
            return found.damaged[0].fault
        return found.entries[0].last_fault if found.entries else ""

    def test(self, url: str, now: Stamp) -> DeviceTested:
        """Blocks for as long as the device tests itself."""
        device = next(device for device in self.services.devices if device.url == url)
        lines = tuple(line_of(test) for test in device.self_test())
        result = "passed" if all(line.passed for line in lines) else "failed"
        self.services.audit.record(
            AuditEvent.SELF_TEST, now, details={"device": str(device.kind), "result": result}
        )
        return DeviceTested(url, lines)


def line_of(test: SelfTest) -> SelfTestLine:
    eye = "" if test.eye is None else test.eye.name.lower()
    return SelfTestLine(str(test.code), test.passed, test.detail, eye)


def _standing(device: Device) -> DeviceStanding:
    driver = f"{type(device).__module__}.{type(device).__qualname__}"
    state, info = str(device.state()), device.info()
    if isinstance(info, Fault):
        return DeviceStanding(
            device.url, str(device.kind), driver, state, fault=str(info.code), detail=info.detail
        )
    return DeviceStanding(
        device.url,
        str(device.kind),
        driver,
        state,
        make=info.make,
        model=info.model,
        serial=info.serial,
        firmware=info.firmware,
    )
