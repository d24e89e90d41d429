"""`kiosk quality` reads picture files of every kind and keeps going past bad ones."""

from __future__ import annotations

import argparse
import json

import cv2
import numpy as np
import pytest
from made_fingers import draw_finger
from made_slaps import lay

from kiosk.commands import quality
from kiosk.enrollment.positions import STEP_POSITIONS, CaptureStep


def kiosk(*words) -> int:
    parser = argparse.ArgumentParser(prog="kiosk")
    quality.configure(parser.add_subparsers(required=True))
    arguments = parser.parse_args(["quality", *map(str, words)])
    return arguments.run(arguments)


def scribble() -> np.ndarray:
    picture = np.full((200, 400), 255, np.uint8)
    x = np.arange(40, 360)
    path = np.column_stack((x, 100 + 60 * np.sin(x / 12)))
    cv2.polylines(picture, [path.astype(np.int32)], False, 0, 4)
    return picture


@pytest.mark.parametrize("ending", ["png", "pgm", "bmp", "jpg"])
def test_one_line_of_json_for_a_picture(tmp_path, capsys, ending):
    path = tmp_path / f"mark.{ending}"
    cv2.imwrite(str(path), scribble())
    assert kiosk("signature", path, "--json") == 0
    (line,) = capsys.readouterr().out.splitlines()
    answer = json.loads(line)
    assert answer["file"] == str(path)
    assert answer["score"] == 100
    assert answer["defects"] == []
    assert answer["metrics"]["winding"] > 2
    assert answer["milliseconds"] >= 0


def test_sixteen_bits_and_transparency_are_brought_to_grey(tmp_path):
    deep = tmp_path / "deep.png"
    cv2.imwrite(str(deep), scribble().astype(np.uint16) * 257)
    assert np.array_equal(quality.read_picture(deep, colour=False), scribble())
    clear = tmp_path / "clear.png"
    cv2.imwrite(str(clear), np.dstack([np.zeros((200, 400, 3), np.uint8), 255 - scribble()]))
    assert np.array_equal(quality.read_picture(clear, colour=False), scribble())


def test_colour_comes_as_rgb(tmp_path):
    path = tmp_path / "red.png"
    cv2.imwrite(str(path), np.full((8, 8, 3), (0, 0, 200), np.uint8))
    assert quality.read_picture(path, colour=True)[0, 0].tolist() == [200, 0, 0]


def test_bad_files_are_named_and_the_rest_is_judged(tmp_path, capsys):
    good, text = tmp_path / "good.png", tmp_path / "text.png"
    cv2.imwrite(str(good), scribble())
    text.write_text("no picture")
    assert kiosk("signature", tmp_path / "missing.png", text, good, "--json") == 1
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert ["error" in answer for answer in answers] == [True, True, False]
    assert answers[0].keys() == {"file", "error"}


def test_the_table_names_score_and_defects(tmp_path, capsys):
    path = tmp_path / "blank.png"
    cv2.imwrite(str(path), np.full((200, 400), 255, np.uint8))
    assert kiosk("signature", path, tmp_path / "missing.png") == 1
    out = capsys.readouterr().out
    assert "empty" in out
    assert "error: " in out


def test_an_iris_that_is_not_there_has_null_circles(tmp_path, capsys):
    path = tmp_path / "wall.png"
    cv2.imwrite(str(path), np.full((480, 640), 120, np.uint8))
    assert kiosk("iris", path, "--json", "--position", "left_iris") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["pupil"] is None
    assert answer["iris"] is None
    assert answer["defects"] == ["eye_not_found"]


def test_a_face_that_is_not_there_has_no_score(tmp_path, capsys):
    path = tmp_path / "wall.png"
    cv2.imwrite(str(path), np.full((240, 320, 3), 120, np.uint8))
    assert kiosk("face", path, "--json", "--background", "red") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["score"] is None
    assert answer["defects"] == ["no_face"]


def test_a_slap_names_its_fingers(tmp_path, capsys):
    path = tmp_path / "right_four.png"
    cv2.imwrite(str(path), lay(CaptureStep.RIGHT_FOUR)[0])
    assert kiosk("slap", path, "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["hand"] == "right"
    assert {finger["position"] for finger in answer["fingers"]} == {
        position.value for position in STEP_POSITIONS[CaptureStep.RIGHT_FOUR]
    }
    assert all(len(finger["box"]) == 4 and "angle" in finger for finger in answer["fingers"])
    assert kiosk("slap", path) == 0
    assert "right_index: score" in capsys.readouterr().out


def test_a_finger_is_judged_for_its_position(tmp_path, capsys):
    path = tmp_path / "index.png"
    cv2.imwrite(str(path), draw_finger()[0])
    assert kiosk("fingerprint", path, "--json", "--position", "right_index") == 0
    assert 0 <= json.loads(capsys.readouterr().out)["score"] <= 100


def test_a_position_that_does_not_exist(tmp_path, capsys):
    for position in ("third_eye", "right_thumb"):
        assert kiosk("iris", tmp_path / "eye.png", "--position", position) == 2
        assert position in capsys.readouterr().err


def test_help_shows_examples(capsys):
    with pytest.raises(SystemExit):
        kiosk("--help")
    assert "kiosk quality iris eye.png" in capsys.readouterr().out
