"""`kiosk run`: the kiosk in its window."""

from __future__ import annotations

import argparse
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kiosk.appliance.supervision import Supervision
    from kiosk.compose import Unit
    from kiosk.config import Config
    from kiosk.simulated import SimulatedOffice

_EPILOG = """\
examples:
  kiosk run --sim                      simulated devices and residents, data kept in var/sim
  kiosk run --sim --people DIR         the simulated residents are the pictures in DIR
  kiosk run --config /etc/kiosk.toml   real devices, as the file names them

DIR holds one folder per person: face.png, right_thumb.png .. left_little.png (or right_four.png,
left_four.png, thumbs.png), right_iris.png, left_iris.png, signature.png.
"""


def configure(subparsers: Any) -> None:
    """Add `run` to the subparsers of `kiosk`."""
    parser = subparsers.add_parser(
        "run",
        help="start the kiosk",
        description="Start the enrollment kiosk in its window.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration, see kiosk/default.toml")
    parser.add_argument("--sim", action="store_true", help="with simulated devices, residents and a centre")
    parser.add_argument("--people", type=Path, metavar="DIR", help="pictures of the simulated residents")
    parser.add_argument("--data", type=Path, metavar="DIR", default=Path("var/sim"), help="folder of --sim")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from kiosk.config import load  # noqa: PLC0415 - heavy imports wait for the run
    from kiosk.virtual_screen import has_display, virtual_screen  # noqa: PLC0415

    config = load(arguments.config)
    with ExitStack() as stack:
        if arguments.sim:
            from kiosk.simulated import simulated_office  # noqa: PLC0415 - in no image

            office = stack.enter_context(
                simulated_office(config, arguments.data.resolve(), people=arguments.people)
            )
            config = office.config
            office.devices.person(0, cloth=office.residents[0].background)
            _explain(office)
        if not has_display() and not config.screen.fullscreen:
            stack.enter_context(virtual_screen(width=config.screen.width, height=config.screen.height))
        _serve(config)
    return 0


def _serve(config: Config) -> None:
    from kiosk.appliance.backup import finish_restore  # noqa: PLC0415
    from kiosk.compose import assemble  # noqa: PLC0415
    from kiosk.ui.app import run as run_window  # noqa: PLC0415

    finish_restore(config.data)
    unit = assemble(config)
    try:
        os.environ.setdefault("KIVY_DPI", str(config.screen.dpi))
        size = (config.screen.width, config.screen.height)
        supervision = _supervision(unit)
        run_window(
            unit.controller,
            fullscreen=config.screen.fullscreen,
            size=size,
            on_started=lambda _robot: supervision.started(),
            on_frame=supervision.frame,
        )
    finally:
        unit.stop()


def _supervision(unit: Unit) -> Supervision:
    """For the service manager, where there is one; systemd.exec(5) names the variables it sets."""
    from kiosk import __version__  # noqa: PLC0415
    from kiosk.appliance.heartbeat import Heartbeat  # noqa: PLC0415
    from kiosk.appliance.notify import notifier, watchdog_s  # noqa: PLC0415
    from kiosk.appliance.supervision import Supervision, Watched  # noqa: PLC0415
    from kiosk.enrollment.screens import Attract  # noqa: PLC0415

    silence_s = watchdog_s(os.environ)
    every_s = None if silence_s is None else silence_s / 3
    heartbeat = Heartbeat(notifier(os.environ), monotonic_s=time.monotonic, every_s=every_s)
    controller = unit.controller
    watched = Watched(
        version=__version__,
        idle=lambda: isinstance(controller.kiosk.screen, Attract) and not controller.busy,
        devices=unit.devices.all,
    )
    folder = os.environ.get("RUNTIME_DIRECTORY")
    return Supervision(watched, heartbeat, folder=Path(folder) if folder else None, monotonic_s=time.monotonic)


def _explain(office: SimulatedOffice) -> None:
    from kiosk.simulated import OFFICER, SUPERVISOR  # noqa: PLC0415

    lines = [f"Try ticket {person.ticket} or NIK {person.nik}" for person in office.residents[:2]]
    for login in (OFFICER, SUPERVISOR):
        lines.append(f"The {login.role} signs in with number {login.number} and PIN {login.pin}")
    lines += [
        f"The simulated devices are told what to do at {office.devices.url}",
        f"Packets arrive in {office.store}; logs are in {office.logs}",
    ]
    print("\n".join(lines), file=sys.stderr)
