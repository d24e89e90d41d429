"""A whole office in one folder: simulated devices, invented residents, development keys, a centre.

For `kiosk run --sim`, `kiosk demo` and tests. Everything listens on 127.0.0.1. The kiosk itself is the
same as ever: its configuration names the simulated devices by URL, as it would name real ones.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from hw.sim.control_client import SimulationClient, spawn_simulation
from kiosk.children import child
from kiosk.config import Config
from kiosk.enrollment.events import Role
from kiosk.enrollment.person import Person
from kiosk.security.keys import provision_development
from kiosk.security.officers import Officers
from kiosk.storage.layout import DataFolder
from kiosk.storage.roster import Roster
from kiosk.storage.roster_csv import write_roster
from kiosk.storage.roster_demo import demo_roster

RESIDENTS = 40
UPLINK_INTERVAL_S = "0.5"


@dataclass(frozen=True, slots=True)
class Login:
    """Of the simulated office only: printed on the terminal, refused by no real unit's file."""

    number: str
    pin: str
    role: Role


OFFICER = Login("1001", "483920", Role.OFFICER)
SUPERVISOR = Login("2001", "759204", Role.SUPERVISOR)


@dataclass(frozen=True, slots=True)
class SimulatedOffice:
    """config: what the kiosk runs with, its stick a folder too. store: where its packets go.

    logs: of the child processes.
    """

    config: Config
    devices: SimulationClient
    residents: tuple[Person, ...]
    store: Path
    logs: Path


@contextmanager
def simulated_office(
    config: Config, folder: Path, *, people: Path | None = None, seed: int = 1
) -> Iterator[SimulatedOffice]:
    """Sets the office up in `folder`, or opens it again, and runs devices, uplink and receiver meanwhile."""
    folder.mkdir(parents=True, exist_ok=True)
    data, keys, store, logs = folder / "data", folder / "keys", folder / "store", folder / "logs"
    stick = folder / "stick"
    stick.mkdir(exist_ok=True)
    logs.mkdir(exist_ok=True)
    store.mkdir(exist_ok=True)
    if not (keys / "device").exists():
        provision_development(keys, unit_id=config.unit_id)
    residents = populate(DataFolder(data), folder / "roster.csv", seed=seed)
    with ExitStack() as stack:
        log = stack.enter_context((logs / "devices.log").open("ab"))
        simulation = stack.enter_context(spawn_simulation(people=people, seed=seed, log=log.fileno()))
        _give_card(DataFolder(data), simulation.client)
        store_url = f"file://{store}"
        uplink = ["-m", "kiosk.uplink", "--outbox", str(DataFolder(data).outbox), "--store", store_url]
        uplink += ["--keys", str(keys), "--interval", UPLINK_INTERVAL_S]
        receive = ["-m", "kiosk", "receive", "--store", store_url, "--keys", str(keys)]
        receive += ["--interval", UPLINK_INTERVAL_S]
        stack.enter_context(child(uplink, log=logs / "uplink.log"))
        stack.enter_context(child(receive, log=logs / "receive.log"))
        urls = MappingProxyType({str(kind): url for kind, url in simulation.urls.items()})
        used = replace(config, data=data, keys=keys, devices=urls, store=store_url, stick=stick)
        yield SimulatedOffice(used, simulation.client, residents, store, logs)


def populate(data: DataFolder, listing: Path, *, seed: int) -> tuple[Person, ...]:
    """Invents residents, writes them to the roster file `listing`, imports it, and adds the staff."""
    _staff(data)
    residents = demo_roster(RESIDENTS, seed)
    listing.write_bytes(write_roster(residents))
    roster = Roster(data.roster)
    try:
        roster.import_csv(listing)
    finally:
        roster.close()
    return residents


def _give_card(data: DataFolder, simulation: SimulationClient) -> None:
    """The simulated card is the officer's; it lies in the reader from `replug` to `unplug`."""
    if (certificate := simulation.card_certificate()) is not None:
        officers = Officers(data.officers, monotonic_s=time.monotonic)
        officers.give_card(OFFICER.number, certificate, now=dt.datetime.now(dt.UTC))


def _staff(data: DataFolder) -> None:
    officers = Officers(data.officers, monotonic_s=time.monotonic)
    known = {officer.name for officer in officers.all()}
    for login in (OFFICER, SUPERVISOR):
        if login.number not in known:
            officers.add(login.number, login.role, login.pin)
