"""`kiosk demo`: whole enrollments that drive themselves, checked at the end."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kiosk.compose import Unit
    from kiosk.demo.delivery import Delivered
    from kiosk.demo.measures import PreviewRate
    from kiosk.simulated import SimulatedOffice
    from kiosk.ui.robot import Robot

_EPILOG = """\
examples:
  kiosk demo                           one invented resident; pictures and packet under out/
  kiosk demo --count 5                 five residents in a row
  kiosk demo --people DIR --out /tmp/x the residents are the pictures in DIR

A robot touches the real screen; the devices are simulated and speak their real protocols. The exit
status is 0 only when every packet was opened with the centre's key and all in it checked.
"""


def configure(subparsers: Any) -> None:
    """Add `demo` to the subparsers of `kiosk`."""
    parser = subparsers.add_parser(
        "demo",
        help="watch an enrollment drive itself",
        description="Enrol simulated residents from the first screen to the signed receipt.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--people", type=Path, metavar="DIR", help="pictures of the simulated residents")
    parser.add_argument("--out", type=Path, metavar="DIR", default=Path("out"), help="where results go (out)")
    parser.add_argument("--count", type=int, default=1, metavar="N", help="how many residents (1)")
    parser.add_argument("--seed", type=int, default=1, help="of the invented residents (1)")
    parser.add_argument("--json", action="store_true", help="the results as one JSON object a line")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from kiosk.config import load  # noqa: PLC0415 - heavy imports wait for the run
    from kiosk.simulated import simulated_office  # noqa: PLC0415
    from kiosk.virtual_screen import has_display, virtual_screen  # noqa: PLC0415

    out = arguments.out.resolve()
    folder = out / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    config = replace(load(), speech="silent")  # the robot needs no voice
    _say(f"Starting the simulated office in {folder}")
    with ExitStack() as stack:
        office = stack.enter_context(
            simulated_office(config, folder / "office", people=arguments.people, seed=arguments.seed)
        )
        if not has_display():
            display = virtual_screen(width=config.screen.width, height=config.screen.height)
            _say(f"No display: drawing on the virtual screen {stack.enter_context(display)}")
        results = _enrol_all(office, folder, arguments)
    whole = len(results) == arguments.count and all(result.whole for result in results)
    _say(f"Everything is in {folder}: pictures/, packets and receipts, office/logs/")
    _say("All packets are whole." if whole else "NOT all packets are whole.")
    return 0 if whole else 1


def _enrol_all(office: SimulatedOffice, folder: Path, arguments: argparse.Namespace) -> list[Delivered]:
    began_s = time.monotonic()
    from kiosk.compose import assemble  # noqa: PLC0415
    from kiosk.demo.measures import PreviewRate, peak_memory_mb  # noqa: PLC0415
    from kiosk.ui.app import run as run_window  # noqa: PLC0415

    unit = assemble(office.config)
    results: list[Delivered] = []

    def drive(robot: Robot) -> None:
        first_screen_s = time.monotonic() - began_s
        rate = PreviewRate()
        try:
            for number in range(arguments.count):
                results.append(_enrol(robot, unit, office, folder, number, rate=rate, as_json=arguments.json))
        finally:
            robot.close()
        measures = {
            "first_screen_s": round(first_screen_s, 2),
            "peak_memory_mb": round(peak_memory_mb()),
            "preview_drawn_per_s": round(rate.drawn_per_s, 1),
            "preview_fresh_per_s": round(rate.fresh_per_s, 1),
        }
        _say(", ".join(f"{name} {value}" for name, value in measures.items()))
        if arguments.json:
            print(json.dumps(measures), flush=True)

    screen = office.config.screen
    try:
        run_window(unit.controller, fullscreen=False, on_started=drive, size=(screen.width, screen.height))
    finally:
        unit.stop()
    return results


def _enrol(
    robot: Robot,
    unit: Unit,
    office: SimulatedOffice,
    folder: Path,
    number: int,
    *,
    rate: PreviewRate,
    as_json: bool,
) -> Delivered:
    from kiosk.demo.delivery import check_delivery  # noqa: PLC0415
    from kiosk.demo.journey import Journey, Narrator  # noqa: PLC0415

    people = len(office.devices.people())
    person = office.residents[number]
    name = office.devices.person(number % people, cloth=person.background)
    pictures = folder / "pictures" / f"{number + 1:02d}"
    pictures.mkdir(parents=True)
    began_s = time.monotonic()
    _say(f"Resident {number + 1}: {person.name}, before the devices: {name}")
    journey = Journey(
        robot,
        unit.controller,
        office.devices,
        Narrator(_say, pictures),
        person,
        scans_ticket=number % 2 == 1,
        preview_rate=rate,
    )
    record = journey.enrol()
    enrolled_s = time.monotonic() - began_s
    journey.finalise(record)
    packet_sha256 = journey.packet_sha256
    journey.is_delivered(record)
    (folder / f"slip_{number + 1:02d}.png").write_bytes(office.devices.slip_png(office.devices.slips() - 1))
    delivered = check_delivery(office.store, office.config.keys, packet_sha256, out=folder)
    for check in delivered.checks:
        _say(f"    {'ok ' if check.passed else 'NOT'} {check.name}: {check.detail}")
    seconds = round(time.monotonic() - began_s, 1)
    _say(f"Resident {number + 1} took {enrolled_s:.1f} s, with the officer and delivery {seconds} s")
    if as_json:
        line = {
            "person": name,
            "packet": str(delivered.packet),
            "whole": delivered.whole,
            "seconds": seconds,
            "checks": {check.name: check.passed for check in delivered.checks},
        }
        print(json.dumps(line), flush=True)
    return delivered


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
