"""`hw probe`: what is there, through which driver, and in which state."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from hw.api import Device, DeviceInfo, DeviceState, Fault
from hw.commands.following import DEV, followed
from hw.registry import open_device

SETTLE_S = 4.0
"""An SBI service may answer discovery 2 s after its port opens."""


@dataclass(frozen=True, slots=True)
class Finding:
    kind: str
    driver: str
    url: str
    state: str
    make: str = ""
    model: str = ""
    serial: str = ""
    firmware: str = ""
    fault: str = ""
    detail: str = ""

    @property
    def ready(self) -> bool:
        return self.state == DeviceState.READY


def probe(urls: Sequence[str], *, dev: Path = DEV) -> tuple[Finding, ...]:
    """Opens each device, waits up to SETTLE_S for it, and closes it again. Raises DeviceUrlError.

    dev: where the device nodes are.
    """
    if not urls:
        return ()
    with followed(urls, dev=dev) as to_open:
        devices = [open_device(url) for url in to_open]
        with ThreadPoolExecutor(max_workers=len(devices)) as pool:
            return tuple(pool.map(_look_at, devices, urls))


def as_json(findings: Sequence[Finding]) -> str:
    """One object a line."""
    return "\n".join(json.dumps(asdict(finding)) for finding in findings)


def as_text(findings: Sequence[Finding]) -> str:
    blocks = []
    for finding in findings:
        identity = " ".join(filter(None, (finding.make, finding.model, finding.serial))) or "-"
        lines = [
            f"{finding.kind:<10} {finding.state}",
            f"  url       {finding.url}",
            f"  driver    {finding.driver}",
            f"  identity  {identity}",
            f"  firmware  {finding.firmware or '-'}",
        ]
        if finding.fault:
            lines.append(f"  fault     {finding.fault}: {finding.detail}")
        blocks.append("\n".join(lines))
    return "\n".join(blocks) or "No device found."


def _look_at(device: Device, url: str) -> Finding:
    device.start()
    try:
        deadline = time.monotonic() + SETTLE_S
        while device.state() in (DeviceState.CONNECTING, DeviceState.LOST) and time.monotonic() < deadline:
            time.sleep(0.05)
        return _finding(device, url, device.state(), device.info())
    finally:
        device.stop()


def _finding(device: Device, url: str, state: DeviceState, info: DeviceInfo | Fault) -> Finding:
    driver = f"{type(device).__module__}.{type(device).__qualname__}"
    if isinstance(info, Fault):
        return Finding(device.kind, driver, url, state, fault=info.code, detail=info.detail)
    return Finding(
        device.kind,
        driver,
        url,
        state,
        make=info.make,
        model=info.model,
        serial=info.serial,
        firmware=info.firmware,
    )
