"""Runs in the peers' own environment: reads one JSON request a line, answers one JSON line with its own time.

Knows nothing of the kiosk. Requests: {"do": name, "file": path, ...}. An answer holds "seconds" and what was
found, or "error". Packages are imported when they are first asked for: any of them may be absent.
"""
# ruff: noqa: PLC0415

from __future__ import annotations

import io
import json
import sys
import time
from functools import cache
from importlib import import_module
from pathlib import Path


@cache
def extractor(scored: bool):
    import nbis

    settings = nbis.NbisExtractorSettings(
        min_quality=0.0, get_center=False, check_fingerprint=False, compute_nfiq2=scored, ppi=None
    )
    return nbis.new_nbis_extractor(settings)


@cache
def read_bytes(path: str) -> bytes:
    return Path(path).read_bytes()


@cache
def gray_of(path: str):
    import cv2

    cv2.setNumThreads(1)
    return cv2.imread(path, cv2.IMREAD_GRAYSCALE)


@cache
def minutiae_of(path: str):
    return extractor(False).extract_minutiae(read_bytes(path))


def nfiq2(request):
    """NFIQ 2.3 with all it measures. nbis-py looks for mindtct's minutiae first; there is no other way in."""
    data = read_bytes(request["file"])
    began_s = time.perf_counter()
    quality = extractor(True).extract_minutiae(data).quality()
    seconds = time.perf_counter() - began_s
    features = {feature.name: feature.value for feature in quality.features}
    return {"seconds": seconds, "score": quality.score, "features": features}


def mindtct(request):
    data = read_bytes(request["file"])
    began_s = time.perf_counter()
    found = extractor(False).extract_minutiae(data)
    return {"seconds": time.perf_counter() - began_s, "count": len(found.get())}


def bozorth3(request):
    one, other = minutiae_of(request["file"]), minutiae_of(request["other"])
    began_s = time.perf_counter()
    score = one.compare(other)
    return {"seconds": time.perf_counter() - began_s, "score": score}


def iris_iqm(request):
    from iris_iqm import evaluate_array

    gray = gray_of(request["file"])
    began_s = time.perf_counter()
    found = evaluate_array(gray)
    seconds = time.perf_counter() - began_s
    pupil = found.features
    return {"seconds": seconds, "pupil": [float(pupil.pupil_center_x), float(pupil.pupil_center_y)]}


def swirski2d(request):
    from cheshm.pupil_detectors.Swirski2D import detect_pupil

    gray = gray_of(request["file"])
    began_s = time.perf_counter()
    found = detect_pupil(gray, radius_min=request["radius_min"], radius_max=request["radius_max"])
    seconds = time.perf_counter() - began_s
    return {"seconds": seconds, "pupil": None if found is None else [float(v) for v in found["ellipse"][0]]}


def wsq(request):
    import wsq as codec
    from PIL import Image

    picture = Image.fromarray(gray_of(request["file"]))
    buffer = io.BytesIO()
    began_s = time.perf_counter()
    picture.save(buffer, codec.WsqImagePlugin.WsqImageFile.format)
    return {"seconds": time.perf_counter() - began_s, "bytes": buffer.tell()}


WORK = {work.__name__: work for work in (nfiq2, mindtct, bozorth3, iris_iqm, swirski2d, wsq)}
MODULES = {
    "nfiq2": "nbis",
    "mindtct": "nbis",
    "bozorth3": "nbis",
    "iris_iqm": "iris_iqm",
    "swirski2d": "cheshm.pupil_detectors.Swirski2D",
    "wsq": "wsq",
}


def main() -> None:
    answers = sys.stdout
    sys.stdout = sys.stderr
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["do"] == "import":
                import_module(MODULES[request["of"]])
                answer = {}
            else:
                answer = WORK[request["do"]](request)
        except Exception as error:  # noqa: BLE001 - whatever a peer throws is its answer
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
