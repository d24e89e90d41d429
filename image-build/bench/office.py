"""The office of a bench's unit: invented keys, staff, residents and settings, put in from outside."""

from __future__ import annotations

import subprocess
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

from bench.machine import Machine
from kiosk.security.keys import provision_development
from kiosk.simulated import OFFICER, RESIDENTS, populate
from kiosk.storage.layout import DataFolder
from kiosk.storage.roster_demo import demo_roster

UNIT, OFFICE = "BENCH-1", "Kecamatan Contoh"
_SEED = 1
RESIDENT = demo_roster(RESIDENTS, _SEED)[0]
"""Who sits at the bench's unit: invented, and in its roster."""


@dataclass(frozen=True, slots=True)
class Office:
    """devices: kind -> URL as the unit sees it. nik: of an invented resident of the roster."""

    folder: Path
    nik: str
    devices: dict[str, str] = field(default_factory=dict)
    officer: tuple[str, str] = (OFFICER.number, OFFICER.pin)


def make_office(folder: Path, *, devices: dict[str, str], store: str) -> Office:
    """folder/data, /keys, /etc: what /var/lib/kiosk of the unit shall hold."""
    provision_development(folder / "keys", unit_id=UNIT)
    populate(DataFolder(folder / "data"), folder / "roster.csv", seed=_SEED)
    (folder / "etc").mkdir()
    (folder / "etc/kiosk.toml").write_text(settings(devices, store=store))
    return Office(folder, RESIDENT.nik, devices)


def settings(devices: dict[str, str], *, store: str) -> str:
    urls = "".join(f'{kind} = "{url}"\n' for kind, url in devices.items())
    return (
        f'[unit]\nid = "{UNIT}"\noffice = "{OFFICE}"\n\n'
        '[paths]\ndata = "/var/lib/kiosk/data"\nkeys = "/var/lib/kiosk/keys"\n\n'
        f'[devices]\n{urls}\n[uplink]\nstore = "{store}"\n\n'
        "[screen]\nfullscreen = true\nwidth = 1280\nheight = 800\n"
    )


def furnish(machine: Machine, office: Office) -> None:
    """Puts the office into the unit's data partition, with its owners, and starts the kiosk."""
    packed = office.folder / "office.tar.gz"
    with tarfile.open(packed, "w:gz") as archive:
        for name in ("data", "keys", "etc"):
            archive.add(office.folder / name, arcname=name)
    machine.put(packed, "/run/office.tar.gz")
    machine.ask(
        "systemctl stop kiosk-ui kiosk-uplink kiosk-provision; "
        "tar -xzf /run/office.tar.gz -C /var/lib/kiosk --no-same-owner && "
        "chown -R kiosk-ui:kiosk-ui /var/lib/kiosk/data /var/lib/kiosk/keys /var/lib/kiosk/etc && "
        "systemd-tmpfiles --create /usr/lib/kiosk/data-folders.conf && rm /run/office.tar.gz && sync",
        timeout_s=300,
    )
    machine.ask("systemctl reset-failed; systemctl start --no-block kiosk.target kiosk-ui.service")


def similarity(one: Path, other: Path) -> float:
    """1 for equal pictures, 0 for unlike ones: correlation of grey values at a quarter of the size."""
    import cv2  # noqa: PLC0415 - the bench's pictures only
    import numpy as np  # noqa: PLC0415

    small = []
    for file in (one, other):
        picture = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        if picture is None:
            raise OSError(f"no picture in {file}")
        shrunk = cv2.resize(picture, (320, 200), interpolation=cv2.INTER_AREA).astype(np.float64)
        small.append(shrunk - shrunk.mean())
    spread = float(np.sqrt((small[0] ** 2).sum() * (small[1] ** 2).sum()))
    return float((small[0] * small[1]).sum() / spread) if spread else 0.0


def flip_bytes(disk: Path, *, offset: int, count: int) -> None:
    """What somebody with the card in a reader might do to it."""
    with disk.open("r+b") as card:
        card.seek(offset)
        found = card.read(count)
        card.seek(offset)
        card.write(bytes(value ^ 0xFF for value in found))
    subprocess.run(["sync", str(disk)], check=True)
