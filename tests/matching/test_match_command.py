"""The `kiosk match` command."""

from __future__ import annotations

import argparse
import json

import cv2
import numpy as np
import pytest
from made_templates import SHARED, impression, made_finger

from kiosk.commands import match
from kiosk.matching.iso19794_2 import FingerRecord, encode

real_data = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared sample data is not here")


def run(*words):
    parser = argparse.ArgumentParser()
    match.configure(parser.add_subparsers())
    arguments = parser.parse_args(["match", *map(str, words)])
    return arguments.run(arguments)


@pytest.fixture
def records(tmp_path):
    finger = made_finger(1)
    paths = []
    for name, template in (("a", finger), ("b", impression(finger, 2)), ("c", made_finger(2))):
        paths.append(tmp_path / f"{name}.iso")
        paths[-1].write_bytes(encode(FingerRecord(template)))
    return paths


def test_one_finger_twice(records, capsys):
    assert run(records[0], records[1], "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert set(answer) == {"score", "match"}
    assert answer["match"] is True


def test_two_fingers(records, capsys):
    assert run(records[0], records[2]) == 0
    assert capsys.readouterr().out.startswith("different fingers: score ")
    assert run(records[0], records[1]) == 0
    assert capsys.readouterr().out.startswith("same finger: score ")


@real_data
def test_pictures_are_read(capsys):
    folder = SHARED / "fingerprints"
    assert run(folder / "safis_probe.bmp", folder / "safis_matching.png", "--json") == 0
    assert json.loads(capsys.readouterr().out)["match"] is True


def test_wsq_is_read(tmp_path, records, capsys):
    import wsq  # noqa: F401, PLC0415
    from PIL import Image  # noqa: PLC0415

    picture = np.random.default_rng(1).integers(0, 255, (300, 260)).astype(np.uint8)
    Image.fromarray(cv2.GaussianBlur(picture, (0, 0), 2)).save(tmp_path / "a.wsq")
    assert run(tmp_path / "a.wsq", records[0], "--json") == 0
    assert json.loads(capsys.readouterr().out)["match"] is False


@pytest.mark.parametrize("content", [None, b"", b"no picture", b"FMR\x00030\x00", b"\xff\xa0broken"])
def test_an_unreadable_file_is_named(tmp_path, records, content, capsys):
    path = tmp_path / "odd"
    if content is not None:
        path.write_bytes(content)
    assert run(records[0], path, "--json") == 1
    answer = json.loads(capsys.readouterr().out)
    assert set(answer) == {"file", "error"}
    assert answer["file"] == str(path)
    assert run(path, records[0]) == 1
    assert str(path) in capsys.readouterr().err
