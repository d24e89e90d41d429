"""Arguments and exit codes of the `hw` command."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from hw.commands import doctor, probe
from hw.commands.discovery import candidates
from hw.registry import SCHEMES, DeviceUrlError

OK, NOT_WELL, USAGE = 0, 1, 2

EPILOG = """\
exit codes: 0 all is well, 1 a device is missing or unwell, 2 the command line is wrong

examples:
  hw probe
  hw probe --json v4l2:///dev/video0
  hw doctor 'sbi://127.0.0.1:4501?type=slap' epad:///dev/hidraw0
  hw sim --seed 7

device URLs:
"""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = _parser()
    chosen = parser.parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    try:
        if chosen.command == "probe":
            return _probe(chosen.url, as_json=chosen.json)
        if chosen.command == "doctor":
            return _doctor(chosen.url)
        return _simulate(people=chosen.people, seed=chosen.seed, control_port=chosen.control_port)
    except DeviceUrlError as error:
        print(f"hw: {error}", file=sys.stderr)
        return USAGE


def _probe(urls: Sequence[str], *, as_json: bool) -> int:
    found = probe.probe([*urls, *(url for url in candidates() if url not in urls)])
    print(probe.as_json(found) if as_json else probe.as_text(found))
    asked = [finding for finding in found if finding.url in urls] or found
    return OK if asked and all(finding.ready for finding in asked) else NOT_WELL


def _doctor(urls: Sequence[str]) -> int:
    chosen = urls or [finding.url for finding in probe.probe(list(candidates())) if finding.ready]
    results = doctor.examine(chosen)
    print(doctor.as_text(results))
    return OK if results and doctor.healthy(results) else NOT_WELL


def _simulate(*, people: Path | None, seed: int, control_port: int) -> int:
    from hw.sim import process  # noqa: PLC0415 - the release image is without hw.sim
    from hw.sim.people import PersonFolderError  # noqa: PLC0415

    try:
        return process.run(people=people, seed=seed, control_port=control_port)
    except (OSError, PersonFolderError) as error:
        print(f"hw: {error}", file=sys.stderr)
        return NOT_WELL


def _parser() -> argparse.ArgumentParser:
    examples = "".join(f"  {route.example}\n" for routes in SCHEMES.values() for route in routes)
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="hw", description="The kiosk's devices.", epilog=EPILOG + examples, formatter_class=form
    )
    commands = parser.add_subparsers(dest="command", required=True)

    probe_parser = commands.add_parser(
        "probe",
        help="list the devices that are there",
        description="Lists devices: driver, URL, identity, firmware, state.",
        epilog="examples:\n  hw probe\n  hw probe --json escpos+tcp://192.0.2.9:9100",
        formatter_class=form,
    )
    probe_parser.add_argument("--json", action="store_true", help="print JSON")
    probe_parser.add_argument("url", nargs="*", help="devices to look at besides those found")

    doctor_parser = commands.add_parser(
        "doctor",
        help="test devices and say what to do",
        description="Runs the self-test of each device, by default of all that `hw probe` finds ready.",
        epilog="examples:\n  hw doctor\n  hw doctor 'serial:///dev/ttyUSB0?proto=code'",
        formatter_class=form,
    )
    doctor_parser.add_argument("url", nargs="*", help="device URLs")

    sim_parser = commands.add_parser(
        "sim",
        help="run simulated devices",
        description="Runs all simulated devices until standard input closes or SIGTERM. Prints one line "
        "of JSON: the control URL and the device URLs. Nobody stands before them until POST /person.",
        epilog="examples:\n"
        "  hw sim --seed 7\n"
        "  hw sim --people faces/ --control-port 8801\n"
        "  curl -d '{\"index\": 0}' http://127.0.0.1:8801/person",
        formatter_class=form,
    )
    sim_parser.add_argument("--people", type=Path, metavar="DIR", help="a folder with one folder per person")
    sim_parser.add_argument("--seed", type=int, default=1, metavar="N", help="which people to make (default 1)")
    sim_parser.add_argument(
        "--control-port", type=int, default=0, metavar="PORT", help="default: any free port"
    )
    return parser
