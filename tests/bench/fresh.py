"""The first frame after a start, and the memory of the quality engine, each in new processes."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2

from tests.bench.peers import ONE_THREAD, ROOT
from tests.bench.results import Bench, Result

_STARTS = 3
_TARGET_MB = 200.0


def measure(bench: Bench) -> Iterator[Result]:
    folder = _frames(bench)
    for name in bench.each(("fingerprint", "slap", "iris", "face"), of="fresh starts"):
        runs = [_run(name, folder) for _ in range(_STARTS)]
        first, median = (statistics.median(run[key] for run in runs) for key in ("first_ms", "median_ms"))
        yield Result(
            f"start.first_frame_{name}", first, "ms", median, "median of the frames after it; target 2"
        )
    bare = min(_run("bare", folder)["peak_mb"] for _ in range(_STARTS))
    whole = min(_run("all", folder)["peak_mb"] for _ in range(_STARTS))
    against = f"target; {whole:.0f} MB less {bare:.0f} MB of Python, NumPy and OpenCV"
    yield Result("start.memory_of_quality_engine", whole - bare, "MB", _TARGET_MB, against)


def _frames(bench: Bench) -> Path:
    folder = bench.pictures.folder / "fresh"
    folder.mkdir(exist_ok=True)
    cv2.imwrite(str(folder / "finger.png"), bench.pictures.sized_finger(width=416, height=560).gray)
    cv2.imwrite(str(folder / "slap.png"), bench.pictures.slap.gray)
    cv2.imwrite(str(folder / "eye.png"), bench.pictures.eye.gray)
    cv2.imwrite(str(folder / "face.png"), bench.pictures.face[:, :, ::-1])
    return folder


def _run(what: str, folder: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.fresh_process", what, str(folder)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env=os.environ | ONE_THREAD,
    )
    answer: dict[str, float] = json.loads(done.stdout)
    return answer
