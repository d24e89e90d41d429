"""The whole kiosk, driving itself: seconds for an enrollment, start, memory, previews."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from tests.bench.peers import ROOT
from tests.bench.results import Bench, Result

RESIDENTS = 5
TIMEOUT_S = 900.0
_FIGURES = {
    "first_screen_s": "s",
    "peak_memory_mb": "MB",
    "preview_drawn_per_s": "frames/s",
    "preview_fresh_per_s": "frames/s",
}


def measure(bench: Bench) -> Iterator[Result]:
    if bench.quick:
        return
    bench.say(f"  {RESIDENTS} residents enrol themselves; this takes minutes")
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "kiosk", "demo", "--count", str(RESIDENTS), "--json", "--out", folder]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=TIMEOUT_S
            )
        except subprocess.TimeoutExpired:
            yield Result("kiosk.enrollment", None, "s", None, f"not done in {TIMEOUT_S:.0f} s")
            return
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    whole = [line for line in lines if line.get("whole")]
    if done.returncode or not whole:
        said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        yield Result("kiosk.enrollment", None, "s", None, f"exit status {done.returncode}: {said}")
    yield Result("kiosk.whole_packets", float(len(whole)), "packets", float(RESIDENTS), "residents")
    if whole:
        yield Result("kiosk.enrollment", statistics.median(line["seconds"] for line in whole), "s")
    figures = next((line for line in lines if "first_screen_s" in line), {})
    for name, unit in _FIGURES.items():
        if name in figures:
            yield Result(f"kiosk.{name}", float(figures[name]), unit)
