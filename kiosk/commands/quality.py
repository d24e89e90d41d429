"""`kiosk quality`: judge picture files, as a table or one JSON object a line."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kiosk.enrollment.positions import Position
    from kiosk.enrollment.quality_report import QualityReport

_EPILOG = """\
examples:
  kiosk quality face photo.jpg --background red
  kiosk quality fingerprint index.png --position right_index
  kiosk quality slap right_four.png --json
  kiosk quality iris eye.png --position left_iris
  kiosk quality signature *.png --json > signatures.jsonl

Pictures: PNG, PGM, BMP or JPEG; transparency is laid on white, 16 bits become 8.
With --json each picture gives one line: file, score (0 to 100 or null), defects, metrics and
milliseconds, or file and error. The exit status is 1 when a file could not be read.
"""

type_judge = Callable[["NDArray[np.uint8]"], dict[str, Any]]


def configure(subparsers: Any) -> None:
    """Add `quality` to the subparsers of `kiosk`."""
    parser = subparsers.add_parser(
        "quality",
        help="judge pictures of faces, fingers, irises and signatures",
        description="Judge how well pictures serve an enrollment.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("modality", choices=tuple(_JUDGES), help="what the pictures show")
    parser.add_argument("images", nargs="+", type=Path, metavar="IMAGE", help="a picture file")
    parser.add_argument("--json", action="store_true", help="one JSON object a line instead of a table")
    parser.add_argument("--position", help="which finger or eye, for example right_index or left_iris")
    parser.add_argument(
        "--background", choices=("red", "blue", "orange"), help="cloth the face needs behind it"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """0 when every file was judged, 1 when one could not be read, 2 for a position it does not have."""
    from kiosk.enrollment.positions import Position  # noqa: PLC0415 - heavy imports wait for the run

    known = {position.value: position for position in Position}
    position = known.get(arguments.position)
    expected = "fingerprint" if arguments.modality == "slap" else arguments.modality
    if arguments.position and (position is None or position.modality.value != expected):
        print(f"kiosk quality: {arguments.modality} has no position {arguments.position}", file=sys.stderr)
        return 2
    judge = _JUDGES[arguments.modality](position, arguments.background)
    results = []
    for path in arguments.images:
        result = _judged(path, judge, colour=arguments.modality == "face")
        results.append(result)
        if arguments.json:
            print(json.dumps(result, separators=(",", ":")), flush=True)
    if not arguments.json:
        _print_table(results)
    return 1 if any("error" in result for result in results) else 0


def _judged(path: Path, judge: type_judge, *, colour: bool) -> dict[str, Any]:
    try:
        picture = read_picture(path, colour=colour)
        started = time.perf_counter()
        result = judge(picture)
    except (OSError, ValueError) as error:
        return {"file": str(path), "error": str(error)}
    return {"file": str(path), **result, "milliseconds": round(1e3 * (time.perf_counter() - started), 2)}


def read_picture(path: Path, *, colour: bool) -> NDArray[np.uint8]:
    """A picture file as 8-bit RGB (h, w, 3) or grey (h, w), laid on white where it is transparent.

    Raises OSError when the file cannot be read and ValueError when it holds no picture."""
    import cv2  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    data = np.frombuffer(path.read_bytes(), np.uint8)
    try:
        picture = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if data.size else None
    except cv2.error as error:
        raise ValueError(f"not a picture: {path.name}") from error
    if picture is None:
        raise ValueError(f"not a picture: {path.name}")
    if picture.dtype == np.uint16:
        picture = np.round(picture / 257.0).astype(np.uint8)
    if picture.dtype != np.uint8:
        raise ValueError(f"unsupported sample type {picture.dtype}: {path.name}")
    if picture.ndim == 3 and picture.shape[2] == 4:
        alpha = picture[:, :, 3:].astype(np.float32) / 255
        picture = np.round(picture[:, :, :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)
    if colour:
        code = cv2.COLOR_GRAY2RGB if picture.ndim == 2 else cv2.COLOR_BGR2RGB
        return np.asarray(cv2.cvtColor(picture, code), np.uint8)
    if picture.ndim == 3:
        picture = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    return np.ascontiguousarray(picture, np.uint8)


def _face(_position: Position | None, background: str | None) -> type_judge:
    from kiosk.enrollment.person import BackgroundColour  # noqa: PLC0415
    from kiosk.quality.face import assess_face  # noqa: PLC0415
    from kiosk.quality.face_networks import FaceEngine  # noqa: PLC0415

    engine = FaceEngine()
    cloth = BackgroundColour(background) if background else None
    return lambda picture: _fields(assess_face(picture, background=cloth, engine=engine, thorough=True).report)


def _fingerprint(position: Position | None, _background: str | None) -> type_judge:
    from kiosk.quality.fingerprint import assess_fingerprint  # noqa: PLC0415

    return lambda picture: _fields(assess_fingerprint(picture, position=position))


def _slap(_position: Position | None, _background: str | None) -> type_judge:
    from kiosk.quality.slap import assess_slap  # noqa: PLC0415

    def judge(picture: NDArray[np.uint8]) -> dict[str, Any]:
        slap = assess_slap(picture)
        fingers = [
            {
                "position": finger.position,
                "box": list(finger.box),
                "angle": finger.angle,
                "score": finger.report.score,
            }
            for finger in slap.fingers
        ]
        return {**_fields(slap.report), "hand": slap.hand, "fingers": fingers}

    return judge


def _iris(position: Position | None, _background: str | None) -> type_judge:
    from kiosk.quality.iris import assess_iris  # noqa: PLC0415

    def judge(picture: NDArray[np.uint8]) -> dict[str, Any]:
        found = assess_iris(picture, position=position)
        circles = {
            name: circle and {"x": round(circle.x, 2), "y": round(circle.y, 2), "r": round(circle.r, 2)}
            for name, circle in (("pupil", found.pupil), ("iris", found.iris))
        }
        return {**_fields(found.report), **circles}

    return judge


def _signature(_position: Position | None, _background: str | None) -> type_judge:
    from kiosk.quality.signature import assess_signature  # noqa: PLC0415

    return lambda picture: _fields(assess_signature(picture))


_JUDGES: dict[str, Callable[[Position | None, str | None], type_judge]] = {
    "face": _face,
    "fingerprint": _fingerprint,
    "slap": _slap,
    "iris": _iris,
    "signature": _signature,
}


def _fields(report: QualityReport) -> dict[str, Any]:
    return {
        "score": report.score,
        "defects": [defect.value for defect in report.defects],
        "metrics": dict(report.metrics),
    }


def _print_table(results: list[dict[str, Any]]) -> None:
    wide = max(len(result["file"]) for result in results)
    print(f"{'file':<{wide}}  score  {'ms':>7}  defects")
    for result in results:
        if "error" in result:
            print(f"{result['file']:<{wide}}      -        -  error: {result['error']}")
            continue
        score = "-" if result["score"] is None else result["score"]
        defects = ", ".join(result["defects"]) or "none"
        print(f"{result['file']:<{wide}}  {score:>5}  {result['milliseconds']:>7.1f}  {defects}")
        metrics = [f"{name} {value:.2f}" for name, value in sorted(result["metrics"].items())]
        for start in range(0, len(metrics), 4):
            print("    " + "   ".join(f"{metric:<32}" for metric in metrics[start : start + 4]).rstrip())
        for finger in result.get("fingers", ()):
            place, angle = finger["box"], finger["angle"]
            print(f"    {finger['position']}: score {finger['score']}, box {place}, angle {angle:.1f}")
