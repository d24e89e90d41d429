"""The face recognition network against its author's own program, alignment, and who is taken for whom."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from kiosk.quality.dlib_format import DlibFormatError, read_layers
from kiosk.quality.face_identity import SAME_PERSON_DISTANCE, Likeness, align, compare_faces, face_chip
from kiosk.quality.face_identity_network import (
    LENGTH,
    SIDE,
    Convolution,
    RecogniserMissingError,
    load_network,
    recogniser_file,
)
from kiosk.quality.face_networks import FaceEngine
from tests.quality.faces import drawn_face, placed, relit, turned

REAL = Path(__file__).parents[3] / "shared" / "data" / "people" / "p1"

DLIB_SAYS = {
    1: ((-0.0657, 0.0932, 0.0425, 0.0085, -0.0356, -0.0837, -0.0374, -0.0588), 1.2496),
    2: ((-0.0413, 0.1119, 0.0507, -0.0011, -0.0843, -0.0568, -0.0712, -0.014), 1.3265),
    3: ((-0.0973, 0.0784, 0.0481, -0.0136, -0.064, -0.1162, -0.0797, -0.0433), 1.3036),
}
"""dlib 20.0.1 of the chips below: its first eight numbers and their length. On 76 real faces all 128 numbers
agreed to 0.0000006."""


@pytest.fixture(scope="module")
def network():
    return load_network()


@pytest.fixture(scope="module")
def engine():
    return FaceEngine()


@pytest.fixture(scope="module")
def woman():
    return drawn_face(5, woman=True)


def waves(number: int) -> np.ndarray:
    """A chip that every machine makes alike: a wave in another direction in each colour."""
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    directions = ((number, 1), (1, number), (number, number))
    colours = [127 + 100 * np.sin((right * x + down * y) / 37.0) for right, down in directions]
    return np.stack(colours, axis=-1).round().astype(np.uint8)


# --- the network ---------------------------------------------------------------------------------


@pytest.mark.parametrize("number", sorted(DLIB_SAYS))
def test_the_numbers_are_those_of_dlib(network, number):
    first, length = DLIB_SAYS[number]
    described = network(waves(number))
    assert described.shape == (LENGTH,)
    np.testing.assert_allclose(described[: len(first)], first, atol=1e-4)
    assert float(np.linalg.norm(described)) == pytest.approx(length, abs=1e-4)


def test_a_convolution_is_the_sum_it_stands_for():
    rng = np.random.default_rng(5)
    image = rng.normal(size=(3, 9, 8)).astype(np.float32)
    weights = rng.normal(size=(2, 3, 3, 3)).astype(np.float32)
    bias = np.array([0.5, -1.0], np.float32)
    filtered = Convolution(weights.reshape(2, -1), bias, side=3, stride=2, padding=1)(image)
    padded = np.pad(image, ((0, 0), (1, 1), (1, 1)))
    for (kernel, row, column), value in np.ndenumerate(filtered):
        window = padded[:, 2 * row : 2 * row + 3, 2 * column : 2 * column + 3]
        assert value == pytest.approx(float((window * weights[kernel]).sum() + bias[kernel]), abs=1e-4)
    assert filtered.shape == (2, 5, 4)


def test_another_size_of_chip_is_refused(network):
    with pytest.raises(ValueError, match="150"):
        network(np.zeros((112, 112, 3), np.uint8))


def test_a_missing_wheel_is_named():
    with pytest.raises(RecogniserMissingError, match="no-such-wheel"):
        recogniser_file(wheel="no-such-wheel")


def test_another_file_under_the_same_name_is_refused(tmp_path):
    other = tmp_path / "other.dat"
    other.write_bytes(b"something else")
    with pytest.raises(RecogniserMissingError, match=r"other\.dat"):
        load_network(other)


@pytest.fixture(scope="module")
def stored():
    return recogniser_file().read_bytes()


def test_the_file_is_read_to_its_last_byte(stored):
    kinds = [layer.kind for layer in read_layers(stored)]
    assert (kinds.count("con"), kinds.count("affine"), kinds.count("add_prev")) == (29, 29, 14)


@pytest.mark.parametrize("length", [0, 10, 40, 400, 1_000_000])
def test_a_file_cut_short_is_told(stored, length):
    with pytest.raises(DlibFormatError, match="the file ends"):
        read_layers(stored[:length])


def test_bytes_after_the_last_layer_are_told(stored):
    with pytest.raises(DlibFormatError, match="3 bytes after"):
        read_layers(stored + b"abc")


@pytest.mark.parametrize(
    ("of", "instead", "told"),
    [
        (b"loss_metric_2", b"loss_metric_9", "loss_metric_9"),
        (b"con_4", b"con_9", "con_9"),
        (b"input_rgb_image_sized", b"input_rgb_image_other", "input_rgb_image_other"),
    ],
)
def test_an_unknown_layer_is_named(stored, of, instead, told):
    with pytest.raises(DlibFormatError, match=told):
        read_layers(stored.replace(of, instead, 1))


# --- alignment -----------------------------------------------------------------------------------


def test_a_leaning_moved_and_smaller_face_comes_out_as_the_upright_one(network, engine):
    upright = drawn_face(3)
    for other in (turned(upright, 15), placed(upright, scale=0.6, dx=120, dy=-30)):
        chips = [face_chip(picture, engine=engine) for picture in (upright, other)]
        middle = [chip[30:120, 30:120].astype(np.float32) for chip in chips]
        assert np.abs(middle[0] - middle[1]).mean() < 8
        assert Likeness(float(np.linalg.norm(network(chips[0]) - network(chips[1])))).distance < 0.15


def test_fine_stripes_of_a_large_picture_are_averaged_not_sampled():
    stripes = np.zeros((1200, 1200, 3), np.uint8)
    stripes[:, ::2] = 255
    face = np.array([(890, 470), (720, 480), (310, 470), (480, 480), (600, 800)], np.float64)
    chip = align(stripes, face)
    assert chip.shape == (SIDE, SIDE, 3)
    assert float(chip[40:110, 40:110].std()) < 10


# --- who is taken for whom -----------------------------------------------------------------------


def change_nothing(picture: np.ndarray) -> np.ndarray:
    return picture


@pytest.mark.parametrize(
    "change",
    [
        change_nothing,
        lambda picture: relit(picture, gain=0.6),
        lambda picture: relit(picture, stops_across=1.5),
        lambda picture: cv2.GaussianBlur(picture, (0, 0), 2.0),
        lambda picture: turned(picture, 8),
        lambda picture: placed(picture, scale=0.7, dx=60),
    ],
    ids=["same", "darker", "lit from a side", "blurred", "leaning", "farther away"],
)
def test_a_person_stays_the_same_in_other_light_and_place(network, engine, woman, change):
    likeness = compare_faces(change(woman), woman, engine=engine, network=network)
    assert likeness.same_person
    assert likeness.distance < 0.2


def test_glasses_put_on_do_not_make_another_person(network, engine):
    bare, framed = (drawn_face(1, glasses=glasses) for glasses in (False, True))
    assert compare_faces(framed, bare, engine=engine, network=network).same_person


def test_a_picture_without_a_face_is_no_answer(network, engine):
    face, wall = drawn_face(1), np.full((480, 640, 3), 128, np.uint8)
    assert compare_faces(wall, face, engine=engine, network=network) is None
    assert compare_faces(face, wall, engine=engine, network=network) is None


@pytest.mark.skipif(not REAL.is_dir(), reason="no photographs beside the checkout")
def test_two_photographed_people_are_told_apart(network, engine):
    one, other = (_photograph(name) for name in ("face.png", "exception_photo.png"))
    assert not compare_faces(one, other, engine=engine, network=network).same_person
    assert compare_faces(relit(one, gain=0.8), one, engine=engine, network=network).same_person
    assert compare_faces(turned(other, 6), other, engine=engine, network=network).same_person


def _photograph(name: str) -> np.ndarray:
    picture = cv2.imread(str(REAL / name))
    assert picture is not None
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)


@pytest.mark.parametrize(
    ("distance", "score", "same"),
    [(0.0, 100.0, True), (SAME_PERSON_DISTANCE - 0.01, 51.0, True), (SAME_PERSON_DISTANCE, 50.0, False),
     (0.8, 20.0, False), (1.4, 0.0, False)],
)  # fmt: skip
def test_the_score_is_fifty_at_the_threshold(distance, score, same):
    likeness = Likeness(distance)
    assert likeness.score == pytest.approx(score)
    assert likeness.same_person is same
