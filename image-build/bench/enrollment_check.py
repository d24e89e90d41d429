"""One whole enrollment in the unit, through devices on real wires, to the centre and back."""

from __future__ import annotations

import json
import shutil
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bench.checks import Bench
from bench.devices import ServedDevices, finger_picture, served_devices
from bench.devices_panel import PanelLines
from bench.devices_store import Centre, centre
from bench.enrollment import Script
from bench.enrollment_rehearsal import rehearse, say
from bench.enrollment_unit import UnitHands
from bench.machine import Machine
from bench.office import RESIDENT, Office, furnish, make_office
from bench.outcomes import CheckFailedError, Seen
from hw.api import CaptureSet, Finger
from hw.sim.crowd import Crowd
from hw.sim.finger.module import on_platen
from kiosk.demo.delivery import Delivered, check_delivery
from kiosk.matching.compare import compare
from kiosk.quality.minutiae import extract
from kiosk.uplink.store import open_store

SEED = 1
PATIENCE_S = 900.0
"""Of a screen, in what the unit had of the host."""

_POLICY = """
[policy]
idle_s = 3600.0
capture_timeout_s = 300.0
"""
"""An emulated processor takes a minute for what a board does in a second: nobody is sent away meanwhile."""

_CREDENTIALS, _STORE_CA = "/etc/kiosk/store.ini", "/etc/kiosk/store_ca.pem"
_SENDER_LOG = "journalctl --unit=kiosk-uplink --unit=kiosk-store-address --no-pager | tail -20"
_FINGERS = (Finger.RIGHT_INDEX, Finger.RIGHT_MIDDLE)


@dataclass(frozen=True, slots=True)
class Scene:
    """All that stands around one unit."""

    devices: ServedDevices
    centre: Centre
    office: Office
    pictures: Path
    out: Path


def whole_enrollment(bench: Bench) -> Seen:
    """From the first screen to the signed receipt, and nothing of the person left on the unit."""
    room = bench.room / "enrollment"
    office_folder = bench.room / "enrollment-office"
    with served_devices(seed=SEED) as devices:
        office = make_office(office_folder, devices=dict(devices.urls), store="-")
        with centre(bench.room / "enrollment-centre", office_folder / "keys") as store:
            add_settings(office, devices, store)
            pictures = bench.room / "rehearsal"
            rehearse(office_folder / "etc/kiosk.toml", pictures)
            machine = bench.fresh("enrollment", devices.hardware(room))
            machine.start()
            try:
                scene = Scene(devices, store, office, pictures, bench.out)
                return enrolled(machine, scene)
            finally:
                machine.cut_power()


def add_settings(office: Office, devices: ServedDevices, store: Centre) -> None:
    """What `make_office` does not know: whom to believe, the store's address, patience."""
    folder = office.folder / "etc"
    shutil.copy(devices.device_ca, folder / "sbi_ca.pem")
    shutil.copy(store.ca, folder / Path(_STORE_CA).name)
    shutil.copy(store.credentials, folder / Path(_CREDENTIALS).name)
    address = store.unit_url(credentials=_CREDENTIALS)
    settings = (folder / "kiosk.toml").read_text()
    settings = settings.replace('store = "-"', f'store = "{address}"\nca = "{_STORE_CA}"')
    (folder / "kiosk.toml").write_text(settings + _POLICY)


def enrolled(machine: Machine, scene: Scene) -> Seen:
    """machine: has started, and has no settings yet."""
    machine.wait_for("findmnt --noheadings /var/lib/kiosk", timeout_s=900)
    simulation = scene.devices.simulation.client
    simulation.person(0, cloth=RESIDENT.background)
    scene.devices.connect(machine)
    fingers = fingers_match(machine, scene)
    with closing(PanelLines(machine.room / "qtest", machine.qmp)) as panel:
        panel.throw(presence=True)
        furnish(machine, scene.office)
        machine.ask(f"chown kiosk-uplink {_CREDENTIALS} && chmod 0400 {_CREDENTIALS}")
        machine.wait_for("systemctl is-active --quiet kiosk-ui", timeout_s=1800)
        hands = UnitHands(machine, panel, pictures=scene.pictures, out=scene.out)
        script = Script(hands, patience_s=PATIENCE_S, say=say, monotonic_s=machine.spent_s)
        try:
            script.enrol(RESIDENT.nik)
            states = device_states(machine)
            script.finalise(*scene.office.officer)
        finally:
            hands.keep("last")
        delivered = arrived(machine, scene)
        lit = {name: times for name, times in panel.lit.items() if times}
    nothing_left(machine)
    detail = (
        f"{len(delivered.checks)} checks of the packet at the centre hold; devices {states}; {fingers}; "
        f"lamps lit {lit}; receipt back, packet and pictures purged"
    )
    return Seen(detail, tuple(hands.kept))


def fingers_match(machine: Machine, scene: Scene) -> str:
    """The module's picture over USB is of the finger that lies on it, and of no other."""
    simulation = scene.devices.simulation.client
    subject = Crowd(seed=SEED).subject(0)
    simulation.finger(_FINGERS[0])
    picture = finger_picture(machine, scene.devices.urls["finger"])
    simulation.finger(None)
    if picture is None:
        raise CheckFailedError("the finger module gave no picture")
    seen = extract(picture)
    here, there = (
        compare(seen, extract(on_platen(subject.sample(CaptureSet.RIGHT_SLAP, finger)))) for finger in _FINGERS
    )
    if not here.matched or there.matched:
        raise CheckFailedError(f"the finger module's picture: {here.score:.1f} and {there.score:.1f}")
    size = f"{picture.shape[1]} x {picture.shape[0]}"
    return f"finger module over USB: {size}, matches {here.score:.0f} to {there.score:.0f}"


def device_states(machine: Machine) -> str:
    """As the kiosk reports them; a camera looks during its own step only."""
    report = json.loads(machine.ask("cat /run/kiosk-ui/ready.json"))
    states: dict[str, str] = report["devices"]
    unwell = {kind: state for kind, state in states.items() if state not in ("ready", "stopped")}
    if unwell:
        raise CheckFailedError(f"devices are unwell: {unwell}")
    return ", ".join(sorted(states))


def arrived(machine: Machine, scene: Scene) -> Delivered:
    """The packet and its receipt, checked with the centre's key."""
    ends_s = machine.spent_s() + PATIENCE_S
    judged: list[str] = []
    while not judged:
        if machine.spent_s() > ends_s:
            raise CheckFailedError(f"no packet at the centre; the unit says {machine.run(_SENDER_LOG)[1]}")
        time.sleep(2.0)
        judged = [line for line in scene.centre.log.read_text().splitlines() if '"packet"' in line]
    answer = json.loads(judged[-1])
    if not answer["accepted"]:
        raise CheckFailedError(f"the centre refuses: {answer}")
    sha256 = answer["packet"]
    store, kept = open_store(scene.centre.url), scene.out / "enrollment/packets"
    kept.mkdir(parents=True, exist_ok=True)
    (kept / f"{sha256}.ktp").write_bytes(store.packet(sha256) or b"")
    (kept / f"{sha256}.receipt").write_bytes(store.receipt(sha256) or b"")
    delivered = check_delivery(kept.parent, scene.office.folder / "keys", sha256, out=scene.out)
    failed = [f"{check.name}: {check.detail}" for check in delivered.checks if not check.passed]
    if failed or not delivered.checks:
        raise CheckFailedError("; ".join(failed) or "nothing was checked")
    return delivered


def nothing_left(machine: Machine) -> None:
    """The receipt came back: the unit has neither packet nor pictures any more."""
    data = "/var/lib/kiosk/data"
    machine.wait_for(f"! find {data}/outbox -name '*.ktp' | grep -q .", timeout_s=PATIENCE_S, what="the purge")
    left = machine.ask(f"find {data}/blobs -type f | head")
    if left:
        raise CheckFailedError(f"pictures are left: {left}")
