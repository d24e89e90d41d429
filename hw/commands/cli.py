"""Arguments and exit codes of the `hw` command."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from hw.commands import capture, doctor, probe, replay
from hw.commands.discovery import candidates
from hw.recording.tape import TapeError
from hw.registry import SCHEMES, DeviceUrlError
from hw.until_told import told_by_signals, wait_until

OK, NOT_WELL, USAGE = 0, 1, 2

EPILOG = """\
exit codes: 0 all is well, 1 a device is missing or unwell, 2 the command line is wrong

examples:
  hw probe
  hw probe --json v4l2:///dev/video0
  hw doctor 'sbi://127.0.0.1:4501?type=slap' epad:///dev/hidraw0
  hw sim --seed 7
  hw capture serial:///dev/ttyUSB0?proto=code -o code.hwrec
  hw replay --open code.hwrec

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
        if chosen.command == "capture":
            return _capture(chosen.url, path=chosen.output, seconds=chosen.seconds, through=chosen.through)
        if chosen.command == "replay":
            return _replay(chosen.file, speed=chosen.speed, check=chosen.open)
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


def _capture(url: str, *, path: Path | None, seconds: float, through: bool) -> int:
    with told_by_signals() as told:
        try:
            recorded, well = capture.capture(url, path=path, seconds=seconds, through=through, told=told)
        except OSError as error:
            print(f"hw: {error}", file=sys.stderr)
            return NOT_WELL
    print(recorded)
    return OK if well else NOT_WELL


def _replay(path: Path, *, speed: float, check: bool) -> int:
    try:
        with told_by_signals() as told, replay.replayed(path, speed=speed) as url:
            print(url, flush=True)
            if check:
                return _doctor([url])
            wait_until(told)
            return OK
    except (OSError, TapeError) as error:
        print(f"hw: {error}", file=sys.stderr)
        return NOT_WELL


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
    _add_recording(commands)
    return parser


def _add_recording(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    form = argparse.RawDescriptionHelpFormatter
    capture_parser = commands.add_parser(
        "capture",
        help="record a session of a device",
        description="Records what passes between a device and its driver, which runs here or, with "
        "--through, in another program.\nThe file holds whatever the device sees: a face, a signature, a slip.",
        epilog="examples:\n  hw capture --seconds 20 'serial:///dev/ttyUSB0?proto=code'\n"
        "  hw capture --through -o pad.hwrec epad:///dev/hidraw0",
        formatter_class=form,
    )
    capture_parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="default: KIND-TIME.hwrec here"
    )
    capture_parser.add_argument(
        "--seconds", type=float, default=60.0, metavar="N", help="end after N seconds (default 60) or Ctrl-C"
    )
    capture_parser.add_argument(
        "--through", action="store_true", help="do not drive it here: print the URL for another program"
    )
    capture_parser.add_argument("url", help="device URL")

    replay_parser = commands.add_parser(
        "replay",
        help="play a recorded session",
        description="Serves a recording as the device's own wire, prints the URL to open it with, and "
        "plays until standard input closes, SIGTERM or Ctrl-C.",
        epilog="examples:\n  hw replay code.hwrec\n  hw replay --open code.hwrec",
        formatter_class=form,
    )
    replay_parser.add_argument("--open", action="store_true", help="run its driver's self-test on it, and end")
    replay_parser.add_argument("--speed", type=float, default=1.0, metavar="X", help="X times as fast")
    replay_parser.add_argument("file", type=Path, help="made by hw capture")
