"""Leaks in the long run: `python -m tests.hw.soak`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tests.hw.soak.outcome import GROWN_BYTES, HEADER, Outcome, outcome_of, tell
from tests.hw.soak.subjects import FRAMES, OPENINGS, SUBJECTS

OUT = Path("out/soak")
REST_S = 3.0

_EPILOG = """\
Each subject runs in a process of its own, whose log is out/soak/NAME.log. A line for each as it ends: what was
held after a warm-up, and what after so many cycles more. out/soak/table.txt has all lines.
"""


def main() -> int:
    arguments = _arguments()
    counts = {OPENINGS: arguments.openings, FRAMES: arguments.frames}
    if arguments.tell:
        subject = SUBJECTS[arguments.tell]
        tell(subject, cycles=counts[subject.unit], rest_s=REST_S)
        return 0
    OUT.mkdir(parents=True, exist_ok=True)
    began_s = time.monotonic()
    outcomes: dict[str, Outcome] = {}
    print(f"{'':>7}{HEADER}", flush=True)
    with ThreadPoolExecutor(arguments.jobs) as pool:
        end_s = began_s + 60 * arguments.minutes
        runs = [pool.submit(_run, name, arguments, end_s=end_s) for name in arguments.only]
        for number, run in enumerate(as_completed(runs), start=1):
            outcome = run.result()
            outcomes[outcome.name] = outcome
            print(f"{number:>3}/{len(runs):<3}{outcome.line}", flush=True)
    table = [HEADER, *(outcomes[name].line for name in arguments.only)]
    (OUT / "table.txt").write_text("\n".join(table) + "\n")
    wrong = [name for name in arguments.only if outcomes[name].wrong]
    print(f"{len(runs)} subjects in {(time.monotonic() - began_s) / 60:.0f} minutes")
    print(f"wrong: {', '.join(wrong)}" if wrong else "threads, descriptors and memory are where they were")
    return 1 if wrong else 0


def _run(name: str, arguments: argparse.Namespace, *, end_s: float) -> Outcome:
    """In a process of its own, so that no subject hides behind the memory that another gave back."""
    command = [sys.executable, "-m", "tests.hw.soak", "--tell", name]
    command += ["--openings", str(arguments.openings), "--frames", str(arguments.frames)]
    # one heap: else each new thread may open one more, and what is resident says little of what is held
    surroundings = {**os.environ, "MALLOC_ARENA_MAX": "1"}
    log = OUT / f"{name}.log"
    with log.open("wb") as errors:
        try:
            told = subprocess.run(
                command,
                env=surroundings,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                timeout=max(0.0, end_s - time.monotonic()),
                check=False,
            ).stdout
        except subprocess.TimeoutExpired:
            return Outcome(
                name, wrong=f"not done when the {arguments.minutes:.0f} minutes were over: see {log}"
            )
    return outcome_of(name, told, log=log)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.hw.soak",
        description="Opens and closes every driver, and receives every stream's frames, over and over. "
        f"Fails when one leaves a thread, a descriptor, or more than {GROWN_BYTES / 1e6:.0f} MB.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--openings", type=int, default=1_000, metavar="N", help="of each driver (1000)")
    parser.add_argument("--frames", type=int, default=10_000, metavar="N", help="of each stream (10000)")
    parser.add_argument(
        "--only",
        nargs="+",
        metavar="NAME",
        choices=SUBJECTS,
        default=list(SUBJECTS),
        help=f"these, in this order: {', '.join(SUBJECTS)}",
    )
    parser.add_argument("--jobs", type=int, default=4, metavar="N", help="at a time; they mostly wait (4)")
    parser.add_argument("--minutes", type=float, default=90.0, metavar="N", help="for all of it, at most (90)")
    parser.add_argument("--tell", choices=SUBJECTS, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
