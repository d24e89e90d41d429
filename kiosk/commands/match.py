"""`kiosk match`: are these two fingerprints of one finger."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kiosk.enrollment.minutiae import Template

_EPILOG = """\
examples:
  kiosk match enrolled.png probe.png
  kiosk match enrolled.iso probe.png --json

Each file is a picture of one finger at 500 ppi (PNG, PGM, BMP, JPEG, WSQ) or a finger minutiae record
(ISO/IEC 19794-2:2005 or :2011). With --json one line: score and match, or file and error.
The exit status is 0 when they were compared, whatever came out, and 1 when a file could not be read.
"""


def configure(subparsers: Any) -> None:
    """Add `match` to the subparsers of `kiosk`."""
    parser = subparsers.add_parser(
        "match",
        help="compare two fingerprints",
        description="Compare two fingerprints, 1:1, by their minutiae.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("a", type=Path, metavar="A", help="a picture or minutiae record")
    parser.add_argument("b", type=Path, metavar="B", help="a picture or minutiae record")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a sentence")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """0 when both files were read and compared, 1 when one could not be read."""
    templates = []
    for path in (arguments.a, arguments.b):
        try:
            templates.append(read_template(path))
        except (OSError, ValueError) as error:
            if arguments.json:
                print(json.dumps({"file": str(path), "error": str(error)}, separators=(",", ":")))
            else:
                print(f"kiosk match: {path}: {error}", file=sys.stderr)
            return 1

    from kiosk.matching.compare import THRESHOLD, compare  # noqa: PLC0415 - heavy imports wait for the run

    result = compare(templates[0], templates[1])
    if arguments.json:
        print(json.dumps({"score": round(result.score, 2), "match": result.matched}, separators=(",", ":")))
    else:
        verdict = "same finger" if result.matched else "different fingers"
        print(f"{verdict}: score {result.score:.1f}, threshold {THRESHOLD:.1f}, {result.pairs} minutiae agree")
    return 0


def read_template(path: Path) -> Template:
    """Minutiae of a picture or of the first finger of a record. Raises OSError or ValueError."""
    from kiosk.matching.iso19794_2 import MAGIC, decode  # noqa: PLC0415

    data = path.read_bytes()
    if data[:4] == MAGIC:
        fingers = decode(data)
        if not fingers:
            raise ValueError("the record holds no finger")
        return fingers[0].template

    from kiosk.quality.minutiae import extract  # noqa: PLC0415

    return extract(_picture(path, data))


def _picture(path: Path, data: bytes) -> Any:
    from kiosk.commands.quality import read_picture  # noqa: PLC0415

    if data[:2] != b"\xff\xa0":  # SOI marker of WSQ (FBI IAFIS-IC-0110)
        return read_picture(path, colour=False)

    import numpy as np  # noqa: PLC0415
    import wsq  # noqa: F401, PLC0415 - registers WSQ with Pillow
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415

    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("L"), np.uint8)
    except UnidentifiedImageError as error:
        raise ValueError(f"not a picture: {path.name}") from error
