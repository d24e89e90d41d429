"""Coverage-guided fuzzing: `python -m tests.fuzz [TARGET ...] [--seconds N | --runs N]`."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["kiosk.packet", "kiosk.enrollment.codec", "kiosk.uplink"]):
    from tests.fuzz.seeds import make_seeds
    from tests.fuzz.targets import Fuzzed, targets, together

LARGEST_BYTES = 200_000
CRASHES = Path("out/fuzz")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument(
        "target", nargs="*", help="readers to fuzz, all in turn by default; `together` is all at once"
    )
    parser.add_argument("--seconds", type=int, default=25, help="for each reader (default 25)")
    parser.add_argument("--runs", type=int, default=0, help="executions for each reader, instead of seconds")
    arguments = parser.parse_args()
    limit = f"-runs={arguments.runs}" if arguments.runs else f"-max_total_time={arguments.seconds}"
    fuzzed = dict(targets(make_seeds()))
    fuzzed["together"] = together(fuzzed)
    if unknown := set(arguments.target) - set(fuzzed):
        parser.error(f"no reader is called {', '.join(sorted(unknown))}; there are {', '.join(fuzzed)}")
    names = arguments.target or [name for name in fuzzed if name != "together"]
    failed = [name for name in names if not _holds(fuzzed[name], name, limit)]
    print(f"failed: {', '.join(failed)}" if failed else f"{', '.join(names)}: every input was answered")
    return 1 if failed else 0


def _holds(fuzzed: Fuzzed, name: str, limit: str) -> bool:
    """In a process of its own, since libFuzzer ends the one it runs in."""
    print(f"-- {name}", flush=True)
    child = os.fork()
    if not child:
        _fuzz(fuzzed, limit)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _fuzz(fuzzed: Fuzzed, limit: str) -> None:
    CRASHES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(fuzzed.seeds):
            (Path(corpus) / str(number)).write_bytes(seed)
        options = [
            f"-max_len={LARGEST_BYTES}",
            f"-artifact_prefix={CRASHES}/",
            "-print_final_stats=1",
            "-verbosity=0",
        ]
        atheris.Setup([sys.argv[0], corpus, limit, *options], fuzzed.target)
        atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
