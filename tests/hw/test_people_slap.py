"""A hand laid on a platen, and the truth of where its fingers lie."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from hw.api import CaptureSet, Finger
from hw.sim.people import compose_slap
from hw.sim.people.flow import Pattern
from hw.sim.people.ridges import grow_finger


@pytest.fixture(scope="module")
def fingers() -> dict[Finger, np.ndarray]:
    rng = np.random.default_rng(11)
    return {
        finger: grow_finger(rng, pattern=Pattern.WHORL, digit=(finger - 1) % 5 + 1, left=finger > 5)
        for finger in Finger
    }


def mask_of(boxes) -> np.ndarray:
    mask = np.zeros((1500, 1600), np.uint8)
    for box in boxes:
        cv2.fillConvexPoly(mask, np.rint(box.corners()).astype(np.int32), 1)
    return mask > 0


@pytest.mark.parametrize("capture_set", [CaptureSet.RIGHT_SLAP, CaptureSet.LEFT_SLAP, CaptureSet.THUMBS])
@pytest.mark.parametrize("rotation_deg", [0.0, 12.0, -15.0])
def test_the_boxes_hold_all_ridges_and_fit_them(fingers, capture_set, rotation_deg):
    pixels, boxes = compose_slap(fingers, capture_set, rotation_deg=rotation_deg)
    assert pixels.shape == (1500, 1600) and pixels.dtype == np.uint8
    ink = pixels < 180
    assert ink[~mask_of(boxes)].mean() < 1e-4
    for box in boxes:
        turn = cv2.getRotationMatrix2D((box.centre_x, box.centre_y), box.angle_deg, 1.0)
        upright = cv2.warpAffine(pixels, turn, (1600, 1500), borderValue=255) < 180
        left, top = round(box.centre_x - box.width / 2), round(box.centre_y - box.height / 2)
        inside = upright[top : top + round(box.height), left : left + round(box.width)]
        columns, rows = np.flatnonzero(inside.any(axis=0)), np.flatnonzero(inside.any(axis=1))
        assert columns[0] < 12 and rows[0] < 12
        assert columns[-1] > box.width - 12 and rows[-1] > box.height - 12


def test_a_right_hand_lies_index_to_little_and_a_left_hand_little_to_index(fingers):
    _, right = compose_slap(fingers, CaptureSet.RIGHT_SLAP)
    _, left = compose_slap(fingers, CaptureSet.LEFT_SLAP)
    _, thumbs = compose_slap(fingers, CaptureSet.THUMBS)
    assert [box.finger for box in right] == [2, 3, 4, 5]
    assert [box.finger for box in left] == [10, 9, 8, 7]
    assert [box.finger for box in thumbs] == [Finger.LEFT_THUMB, Finger.RIGHT_THUMB]
    for boxes in (right, left, thumbs):
        assert [box.centre_x for box in boxes] == sorted(box.centre_x for box in boxes)


def test_the_middle_finger_reaches_highest_and_the_little_one_lowest(fingers):
    for capture_set in (CaptureSet.RIGHT_SLAP, CaptureSet.LEFT_SLAP):
        _, boxes = compose_slap(fingers, capture_set)
        tips = {box.finger.name.split("_")[1]: box.centre_y - box.height / 2 for box in boxes}
        assert min(tips, key=tips.__getitem__) == "MIDDLE"
        assert max(tips, key=tips.__getitem__) == "LITTLE"


def test_a_missing_finger_leaves_its_place_empty(fingers):
    whole, all_four = compose_slap(fingers, CaptureSet.RIGHT_SLAP)
    pixels, boxes = compose_slap(fingers, CaptureSet.RIGHT_SLAP, missing=(Finger.RIGHT_RING,))
    assert [box.finger for box in boxes] == [2, 3, 5]
    gap = all_four[2]
    assert (whole[round(gap.centre_y), round(gap.centre_x) - 40 : round(gap.centre_x) + 40] < 128).any()
    assert (pixels[round(gap.centre_y), round(gap.centre_x) - 40 : round(gap.centre_x) + 40] == 255).all()


def test_spacing_moves_neighbours_apart(fingers):
    _, close = compose_slap(fingers, CaptureSet.RIGHT_SLAP, spacing=0.2)
    _, wide = compose_slap(fingers, CaptureSet.RIGHT_SLAP, spacing=1.5)
    assert wide[1].centre_x - wide[0].centre_x > close[1].centre_x - close[0].centre_x + 50


def test_irises_are_not_laid_on_a_platen(fingers):
    with pytest.raises(ValueError, match="both_irises"):
        compose_slap(fingers, CaptureSet.BOTH_IRISES)


def test_a_finger_not_given_and_not_missing_is_an_error(fingers):
    with pytest.raises(KeyError):
        compose_slap({Finger.RIGHT_INDEX: fingers[Finger.RIGHT_INDEX]}, CaptureSet.RIGHT_SLAP)
