"""`python -m tests.bench`: see --help."""

from __future__ import annotations

import os
import sys

from tests.bench.peers import ONE_THREAD

# Numba and the linear algebra libraries read these once, when they are first imported.
os.environ |= ONE_THREAD

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import cv2

from tests.bench import (
    faces,
    fingers,
    fresh,
    identity,
    irises,
    kernels,
    kiosk_demo,
    matching,
    months,
    packets,
    slaps,
)
from tests.bench.peers import ROOT, running_peers
from tests.bench.pictures import Pictures
from tests.bench.results import HEADER, Bench, Result

SUBJECTS: Mapping[str, Callable[[Bench], Iterator[Result]]] = {
    "fingerprint": fingers.measure,
    "kernel": kernels.measure,
    "slap": slaps.measure,
    "iris": irises.measure,
    "face": faces.measure,
    "identity": identity.measure,
    "signature": faces.measure_signature,
    "matching": matching.measure,
    "start": fresh.measure,
    "packet": packets.measure,
    "months": months.measure,
    "kiosk": kiosk_demo.measure,
}
"""`packet` measures the uplink too."""

_EPILOG = """\
examples:
  python -m tests.bench                      everything, about ten minutes
  python -m tests.bench --quick              without the kiosk's five enrollments
  python -m tests.bench --only iris face     these subjects
  python -m tests.bench --plots docs/images/quality

Times are medians of interleaved repeats on one thread. ratio = value / baseline.
"""


def main() -> int:
    arguments = _arguments()
    cv2.setNumThreads(1)
    began_s = time.monotonic()
    results: list[Result] = []
    with tempfile.TemporaryDirectory() as scratch, running_peers(_say) as peers:
        for package, reason in peers.absent.items():
            _say(f"{package} is absent: {reason}")
        bench = Bench(Pictures(Path(scratch)), peers, arguments.plots, arguments.quick, _say)
        print(HEADER, flush=True)
        for place, name in enumerate(arguments.only, start=1):
            _say(f"[{place}/{len(arguments.only)}] {name}, {time.monotonic() - began_s:.0f} s")
            for result in SUBJECTS[name](bench):
                print(result.row(), flush=True)
                results.append(result)
        absent = [
            Result(f"absent.{package}", None, "", None, reason) for package, reason in peers.absent.items()
        ]
    for result in absent:
        print(result.row())
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    figures = {result.name: result.as_json() for result in (*results, *absent)}
    arguments.out.write_text(json.dumps(figures, indent=1) + "\n")
    _say(f"{arguments.out} has {len(figures)} figures; {time.monotonic() - began_s:.0f} s")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description="What the kiosk's parts cost and how well they agree with their references.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--only",
        nargs="+",
        metavar="NAME",
        choices=SUBJECTS,
        default=list(SUBJECTS),
        help=f"subjects: {', '.join(SUBJECTS)}",
    )
    parser.add_argument("--quick", action="store_true", help="fewer repeats, and no whole enrollments")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", default=ROOT / "out" / "bench.json", help="results (out/bench.json)"
    )
    parser.add_argument(
        "--plots", type=Path, metavar="DIR", default=ROOT / "out" / "bench", help="scatter plots (out/bench)"
    )
    return parser.parse_args()


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
