"""Started anew by `fresh.py`: argument 1 says what to do; prints one JSON line.

`bare` imports what the engine stands on. A subject imports the engine, assesses its first frame, then more.
`all` does so with every subject and reports the memory. Frames lie in the folder of argument 2.
"""
# ruff: noqa: PLC0415 - what is imported when is what is measured

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path

import cv2
import numpy as np

FRAMES = 15


def fingerprint(folder: Path):
    from kiosk.quality.fingerprint import assess_fingerprint
    from kiosk.quality.workspace import Workspace

    gray = cv2.imread(str(folder / "finger.png"), cv2.IMREAD_GRAYSCALE)
    workspace = Workspace()
    return lambda: assess_fingerprint(gray, workspace=workspace)


def slap(folder: Path):
    from kiosk.quality.slap import assess_slap
    from kiosk.quality.workspace import Workspace

    gray = cv2.imread(str(folder / "slap.png"), cv2.IMREAD_GRAYSCALE)
    workspace = Workspace()
    return lambda: assess_slap(gray, workspace=workspace)


def iris(folder: Path):
    from kiosk.quality.iris import assess_iris
    from kiosk.quality.workspace import Workspace

    gray = cv2.imread(str(folder / "eye.png"), cv2.IMREAD_GRAYSCALE)
    workspace = Workspace()
    return lambda: assess_iris(gray, workspace=workspace)


def face(folder: Path):
    from kiosk.quality.face import assess_face
    from kiosk.quality.face_networks import FaceEngine

    rgb = np.ascontiguousarray(cv2.imread(str(folder / "face.png"))[:, :, ::-1])
    engine = FaceEngine()
    return lambda: assess_face(rgb, engine=engine)


SUBJECTS = {work.__name__: work for work in (fingerprint, slap, iris, face)}


def peak_mb() -> float:
    """Largest resident set of this program. getrusage would count what the parent had before the exec."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1000


def main() -> None:
    cv2.setNumThreads(1)
    # Numba takes SciPy in where it finds it, 17 MB; a kiosk's installation has none, a developer's does.
    sys.modules["scipy"] = None  # type: ignore[assignment]
    chosen, folder = sys.argv[1], Path(sys.argv[2])
    answer = {}
    names = SUBJECTS if chosen == "all" else [chosen] if chosen in SUBJECTS else []
    for name in names:
        assess = SUBJECTS[name](folder)
        times = []
        for _ in range(FRAMES):
            began_s = time.perf_counter()
            assess()
            times.append(1000 * (time.perf_counter() - began_s))
        answer = {"first_ms": times[0], "median_ms": statistics.median(times[1:])}
    answer["peak_mb"] = peak_mb()
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
