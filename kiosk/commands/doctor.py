"""`kiosk doctor`: is this unit ready for the day, and if not, what to do."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiosk.storage.layout import FREE_DISK_MB

if TYPE_CHECKING:
    from hw.api import Devices
    from kiosk.config import Config
    from kiosk.security.keys import DeviceKeys

_WARNED_BEFORE = dt.timedelta(days=30)
"""An authority and a courier need weeks."""
_EPILOG = """\
examples:
  kiosk doctor                              the default configuration
  kiosk doctor --config /etc/kiosk.toml     a unit's own, with its devices
  kiosk doctor --json                       one JSON object a line
The exit status is 1 when something is not ready.
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """advice: what to do, empty when there is nothing; soon, when ready."""

    name: str
    ready: bool
    advice: str = ""


def configure(subparsers: Any) -> None:
    """Add `doctor` to the subparsers of `kiosk`."""
    parser = subparsers.add_parser(
        "doctor",
        help="check that this unit is ready",
        description="Check configuration, keys, storage, clock, kernels, speech and devices.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration, see kiosk/default.toml")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from kiosk.config import load  # noqa: PLC0415 - heavy imports wait for the run

    config = load(arguments.config)
    ready = True
    for finding in examine(config):
        ready = ready and finding.ready
        if arguments.json:
            print(json.dumps(asdict(finding)), flush=True)
        else:
            advice = f"  ->  {finding.advice}" if finding.advice else ""
            print(f"{'ready    ' if finding.ready else 'NOT READY'}  {finding.name}{advice}", flush=True)
    return 0 if ready else 1


def examine(config: Config) -> Iterator[Finding]:
    """Every check, in the order an officer opens the day."""
    yield _keys(config)
    yield from _storage(config)
    yield _officers(config)
    yield _clock()
    yield _kernels()
    yield _speech(config)
    yield from _devices(config)


def _keys(config: Config) -> Finding:
    from kiosk.compose import load_keys  # noqa: PLC0415
    from kiosk.security.key_faults import KeyFileError  # noqa: PLC0415

    try:
        keys = load_keys(config)
    except KeyFileError as error:
        return Finding("keys", ready=False, advice=f"{error}. Ask the administrator for this unit's keys")
    return in_time(keys, dt.datetime.now(dt.UTC))


def in_time(keys: DeviceKeys, now: dt.datetime) -> Finding:
    """A record that waits is sealed at the first start with a list and a certificate that hold again."""
    if refusal := keys.out_of_time(now):
        advice = f"{refusal}: records wait unsealed. Check the clock, or ask the administrator for new ones"
        return Finding("keys", ready=False, advice=advice)
    if soon := keys.out_of_time(now + _WARNED_BEFORE):
        return Finding("keys", ready=True, advice=f"soon: {soon}. Ask the administrator for new ones now")
    return Finding("keys", ready=True)


def _storage(config: Config) -> Iterator[Finding]:
    from kiosk.storage.database import DatabaseDamagedError  # noqa: PLC0415
    from kiosk.storage.journal import check_journal  # noqa: PLC0415
    from kiosk.storage.layout import DataFolder  # noqa: PLC0415

    existing = next(folder for folder in (config.data, *config.data.parents) if folder.exists())
    free_mb = shutil.disk_usage(existing).free // 1_000_000
    enough = free_mb >= FREE_DISK_MB
    advice = "" if enough else f"{free_mb} MB are free, {FREE_DISK_MB} are needed: export and purge packets"
    yield Finding("disk", ready=enough, advice=advice)
    folder = DataFolder(config.data)
    if not folder.journal.exists():
        yield Finding("journal", ready=True, advice="empty: made at the first start")
        return
    try:
        check_journal(folder.journal)
    except DatabaseDamagedError as error:
        yield Finding(
            "journal", ready=False, advice=f"{error}. Keep the disk as it is and call the administrator"
        )
    else:
        yield Finding("journal", ready=True)


def _officers(config: Config) -> Finding:
    from kiosk.enrollment.events import Role  # noqa: PLC0415
    from kiosk.security.officers import Officers, OfficersFileError  # noqa: PLC0415
    from kiosk.storage.layout import DataFolder  # noqa: PLC0415

    try:
        roles = {o.role for o in Officers(DataFolder(config.data).officers, monotonic_s=lambda: 0.0).all()}
    except OfficersFileError as error:
        return Finding("officers", ready=False, advice=str(error))
    missing = [str(role) for role in (Role.OFFICER, Role.SUPERVISOR) if role not in roles]
    advice = f"nobody can sign in as {' or '.join(missing)}: kiosk staff add" if missing else ""
    return Finding("officers", ready=not missing, advice=advice)


def _clock() -> Finding:
    from kiosk.app.clock import Clock  # noqa: PLC0415
    from kiosk.enrollment.record import ClockTrust  # noqa: PLC0415

    trusted = Clock().now().trust is not ClockTrust.UNTRUSTED
    advice = "" if trusted else "no time server has set it: compare it with a watch; records say so"
    return Finding("clock", ready=True, advice=advice)


def _kernels() -> Finding:
    from kiosk.quality.face_networks import FaceEngine  # noqa: PLC0415

    FaceEngine()
    return Finding("quality kernels and face models", ready=True)


def _speech(config: Config) -> Finding:
    if config.speech == "silent":
        return Finding("speech", ready=True, advice="switched off in the configuration")
    if shutil.which("espeak-ng") is None:
        return Finding("speech", ready=False, advice="install espeak-ng, or set speech.engine to silent")
    return Finding("speech", ready=True)


def _devices(config: Config) -> Iterator[Finding]:
    from kiosk.compose import open_configured  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="kiosk-doctor-") as folder:
        devices, links = open_configured(config, links=Path(folder) / "devices")
        links.start()
        try:
            yield from _tested(config, devices)
        finally:
            links.stop()


def _tested(config: Config, devices: Devices) -> Iterator[Finding]:
    from hw.self_tests import advice_of, check_of  # noqa: PLC0415
    from kiosk.config import DEVICE_KINDS  # noqa: PLC0415

    for kind in DEVICE_KINDS:
        if kind not in config.devices:
            yield Finding(f"device {kind}", ready=True, advice="none is configured")
    for device in devices.all():
        device.start()
        try:
            for test in device.self_test():
                name = f"device {device.kind}: {check_of(test)}"
                yield Finding(name, ready=test.passed, advice=advice_of(test))
        finally:
            device.stop()
