"""Finger image records are read by a parser of ISO/IEC 19794-4 that nobody here wrote.

The package iso19794 is of 2020 and wants the Pillow of then, so it has an environment of its own. It reads no
record without a capture time, which the standard allows, and its reader of faces of 2011 takes six
bytes where its own format has nine; signatures, irises and templates it does not know.
"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kiosk.enrollment.positions import FINGERS, Position
from kiosk.packet.contents import PacketContents
from kiosk.packet.parts import make_parts
from kiosk.packet.profile import DEFAULT_PROFILE
from tests.peers.environments import PeersAbsentError, install

CAPTURED = dt.datetime(2026, 3, 2, 3, 4, 5, tzinfo=dt.UTC)
PATIENCE_S = 60


def read_by_peer(contents: PacketContents, folder: Path) -> dict[Position, dict[str, Any]]:
    try:
        python = install("iso19794") / "python"
    except PeersAbsentError as absent:
        pytest.skip(f"the peers are absent: {absent}")
    timed = replace(contents, captured_at={s.position: CAPTURED for s in contents.enrollment.samples})
    positions = [s.position for s in timed.enrollment.samples if s.position in FINGERS]
    paths = {folder / f"{position}.fir" for position in positions}
    for part in make_parts(timed, DEFAULT_PROFILE):
        path = folder / Path(part.path).name
        if path in paths:
            path.write_bytes(part.data)
    command = [python, Path(__file__).with_name("read_fir.py"), *(folder / f"{p}.fir" for p in positions)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stderr
    return dict(zip(positions, json.loads(done.stdout), strict=True))


def test_every_finger_says_there_what_it_says_here(contents: PacketContents, tmp_path: Path):
    found = read_by_peer(contents, tmp_path)
    assert len(found) == 9, "all fingers of the made-up enrollment but the excepted one"
    for position, read in found.items():
        sample = contents.enrollment.sample(position)
        assert sample is not None
        hand, finger = str(position).split("_")
        assert read == {
            "size": [sample.image.width, sample.image.height],
            "version": "020",
            "captured": CAPTURED.replace(tzinfo=None).isoformat(),
            "score": sample.report.score,
            "position": f"{hand}_{finger}_FINGER".upper() if finger != "thumb" else f"{hand}_THUMB".upper(),
            "units": "PPI",
            "sampling": [500, 500],
            "scanned": [500, 500],
            "compression": "WSQ",
            "impression": "LIVESCAN_PLAIN",
        }
