"""A hand on the platen: every finger found, named and scored, and what to do told."""

from __future__ import annotations

from itertools import product

import cv2
import numpy as np
import pytest
from made_fingers import SHARED
from made_slaps import lay

from kiosk.enrollment.positions import STEP_POSITIONS, CaptureStep, Position
from kiosk.enrollment.quality_report import Defect
from kiosk.quality.kernels_slap import cell_statistics
from kiosk.quality.slap import Hand, assess_slap, crop_finger

real_data = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared sample data is not here")
FOURS = (CaptureStep.RIGHT_FOUR, CaptureStep.LEFT_FOUR)
OTHER = {CaptureStep.RIGHT_FOUR: CaptureStep.LEFT_FOUR, CaptureStep.LEFT_FOUR: CaptureStep.RIGHT_FOUR}


def assert_found(platen, laid, expected):
    result = assess_slap(platen, expected=expected)
    assert [finger.position for finger in result.fingers] == [finger.position for finger in laid]
    for finger, truth in zip(result.fingers, laid, strict=True):
        assert truth.overlap(finger.box, finger.angle) >= 0.8, finger
        assert finger.report.position is finger.position
    return result


@pytest.mark.parametrize(("step", "turn"), list(product((*FOURS, CaptureStep.THUMBS), (-25, -12, 0, 12, 25))))
def test_fingers_are_found_and_named_however_the_hand_lies(step, turn):
    platen, laid = lay(step, turn=turn)
    result = assert_found(platen, laid, STEP_POSITIONS[step])
    assert Defect.WRONG_HAND not in result.report.defects
    assert result.report.score == min(finger.report.score for finger in result.fingers)
    assert (Defect.ROTATED in result.report.defects) == (step in FOURS and abs(turn) == 25)


@pytest.mark.parametrize("gap", [20, 60, 90])
@pytest.mark.parametrize(
    ("pressure", "contrast"), [(-0.5, 60), (0.0, 110), (0.5, 120)], ids=["light", "usual", "hard"]
)
def test_spacing_and_pressure_do_not_matter(gap, pressure, contrast):
    platen, laid = lay(CaptureStep.RIGHT_FOUR, gap=gap, pressure=pressure, contrast=contrast, turn=5)
    assert_found(platen, laid, STEP_POSITIONS[CaptureStep.RIGHT_FOUR])


@pytest.mark.parametrize(("step", "place"), list(product(FOURS, range(4))))
def test_an_excepted_finger_is_not_missed(step, place):
    missing = STEP_POSITIONS[step][place]
    expected = tuple(position for position in STEP_POSITIONS[step] if position is not missing)
    platen, laid = lay(step, missing=(missing,))
    result = assert_found(platen, laid, expected)
    assert Defect.FINGERS_MISSING not in result.report.defects
    assert Defect.WRONG_HAND not in result.report.defects


@pytest.mark.parametrize(("step", "place"), list(product(FOURS, range(4))))
def test_a_lifted_finger_is_missed_and_the_others_keep_their_names(step, place):
    lifted = STEP_POSITIONS[step][place]
    platen, laid = lay(step, missing=(lifted,))
    result = assert_found(platen, laid, STEP_POSITIONS[step])
    assert Defect.FINGERS_MISSING in result.report.defects


@pytest.mark.parametrize(("step", "turn"), list(product(FOURS, (-20, 0, 20))))
def test_the_other_hand_is_told(step, turn):
    platen, _ = lay(step, turn=turn)
    result = assess_slap(platen, expected=STEP_POSITIONS[OTHER[step]])
    assert Defect.WRONG_HAND in result.report.defects
    assert result.hand == ("right" if step is CaptureStep.RIGHT_FOUR else "left")


@pytest.mark.parametrize("step", FOURS)
def test_without_expectation_the_hand_is_told_from_the_picture(step):
    platen, laid = lay(step, turn=8)
    result = assert_found(platen, laid, ())
    assert result.hand is (Hand.RIGHT if step is CaptureStep.RIGHT_FOUR else Hand.LEFT)


def test_two_prints_without_expectation_are_thumbs():
    platen, laid = lay(CaptureStep.THUMBS)
    assert assert_found(platen, laid, ()).hand is Hand.THUMBS


def test_a_lone_print_without_expectation_stays_unnamed():
    platen, _ = lay(CaptureStep.THUMBS, missing=(Position.RIGHT_THUMB,))
    result = assess_slap(platen)
    assert result.hand is Hand.UNKNOWN
    assert result.fingers == ()
    assert result.report.metrics["fingers"] == 1


@pytest.mark.parametrize("thumb", STEP_POSITIONS[CaptureStep.THUMBS])
def test_one_thumb_of_two_is_named_by_its_side(thumb):
    platen, _ = lay(CaptureStep.THUMBS, missing=(thumb,))
    result = assess_slap(platen, expected=STEP_POSITIONS[CaptureStep.THUMBS])
    assert [finger.position for finger in result.fingers] != [thumb]
    assert Defect.FINGERS_MISSING in result.report.defects


def test_fingers_of_both_hands_are_named_from_left_to_right():
    platen, _ = lay(CaptureStep.THUMBS)
    both = (Position.RIGHT_INDEX, Position.LEFT_INDEX)
    result = assess_slap(platen, expected=both)
    assert [finger.position for finger in result.fingers] == [Position.LEFT_INDEX, Position.RIGHT_INDEX]
    assert Defect.FINGERS_MISSING not in result.report.defects


def test_four_fingers_are_too_many_thumbs():
    platen, _ = lay(CaptureStep.RIGHT_FOUR)
    result = assess_slap(platen, expected=STEP_POSITIONS[CaptureStep.THUMBS])
    assert Defect.TOO_MANY_FINGERS in result.report.defects


def test_touching_fingers_are_cut_apart_and_told():
    platen, laid = lay(CaptureStep.LEFT_FOUR, gap=-16)
    result = assert_found(platen, laid, STEP_POSITIONS[CaptureStep.LEFT_FOUR])
    assert Defect.FINGERS_TOUCHING in result.report.defects


def test_fingers_over_the_edge_are_clipped():
    platen, _ = lay(CaptureStep.RIGHT_FOUR, shift=(0, -520))
    result = assess_slap(platen, expected=STEP_POSITIONS[CaptureStep.RIGHT_FOUR])
    assert Defect.CLIPPED in result.report.defects


def test_an_idle_platen_is_empty():
    rng = np.random.default_rng(1)
    platen = np.clip(252 + rng.normal(0, 1.2, (1500, 1600)), 0, 255).astype(np.uint8)
    report = assess_slap(platen, expected=STEP_POSITIONS[CaptureStep.RIGHT_FOUR]).report
    assert report.score is None
    assert report.defects == (Defect.NOTHING_PRESENT,)


def test_residue_of_the_last_finger_is_dirt_not_a_finger():
    fingers, _ = lay(CaptureStep.RIGHT_FOUR)
    residue = (255 - (255 - fingers.astype(float)) * 0.08).astype(np.uint8)
    report = assess_slap(residue, expected=STEP_POSITIONS[CaptureStep.RIGHT_FOUR]).report
    assert report.score is None
    assert report.defects == (Defect.NOTHING_PRESENT, Defect.PLATEN_DIRTY)


def test_lines_and_writing_are_no_fingers():
    platen, laid = lay(CaptureStep.RIGHT_FOUR)
    cv2.line(platen, (0, 60), (1599, 60), 0, 5)
    cv2.line(platen, (1300, 1450), (1560, 900), 40, 8)
    cv2.putText(platen, "RIGHT FOUR FINGERS", (40, 40), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 0, 3)
    assert_found(platen, laid, STEP_POSITIONS[CaptureStep.RIGHT_FOUR])


@real_data
@pytest.mark.parametrize(
    ("name", "step"),
    [("nist_type4_pos14_left4", CaptureStep.LEFT_FOUR), ("nist_type4_d", CaptureStep.RIGHT_FOUR)],
)
def test_inked_cards_are_read(name, step):
    card = cv2.imread(str(SHARED / "slaps" / f"{name}.png"), cv2.IMREAD_GRAYSCALE)
    for expected in (STEP_POSITIONS[step], ()):
        result = assess_slap(card, expected=expected)
        assert {finger.position for finger in result.fingers} == set(STEP_POSITIONS[step])
        assert Defect.WRONG_HAND not in result.report.defects
    assert Defect.WRONG_HAND in assess_slap(card, expected=STEP_POSITIONS[OTHER[step]]).report.defects


@real_data
@pytest.mark.parametrize(
    ("name", "thumb"),
    [("nist_type4_b", Position.RIGHT_THUMB), ("nist_type4_pos12_leftthumb", Position.LEFT_THUMB)],
)
def test_inked_thumbs_are_found(name, thumb):
    card = cv2.imread(str(SHARED / "slaps" / f"{name}.png"), cv2.IMREAD_GRAYSCALE)
    (finger,) = assess_slap(card, expected=(thumb,)).fingers
    assert finger.position is thumb
    assert finger.box[2] * finger.box[3] > 250 * 450


def test_a_cut_out_finger_stands_upright():
    platen, _ = lay(CaptureStep.RIGHT_FOUR, turn=18)
    straight, _ = lay(CaptureStep.RIGHT_FOUR)
    result = assess_slap(platen, expected=STEP_POSITIONS[CaptureStep.RIGHT_FOUR])
    upright = assess_slap(straight, expected=STEP_POSITIONS[CaptureStep.RIGHT_FOUR])
    for turned, plain in zip(result.fingers, upright.fingers, strict=True):
        assert crop_finger(platen, turned).shape == (turned.box[3] + 24, turned.box[2] + 24)
        assert abs(turned.report.score - plain.report.score) < 15
        assert abs(turned.report.metrics["rotation_degrees"]) < 8


def test_beyond_the_platen_a_finger_is_white():
    platen, _ = lay(CaptureStep.RIGHT_FOUR, shift=(0, -520))
    fingers = assess_slap(platen, expected=STEP_POSITIONS[CaptureStep.RIGHT_FOUR]).fingers
    middle = next(finger for finger in fingers if finger.position is Position.RIGHT_MIDDLE)
    assert (crop_finger(platen, middle)[:8] == 255).all()


def test_final_scores_use_the_whole_measure():
    platen, _ = lay(CaptureStep.THUMBS)
    result = assess_slap(platen, expected=STEP_POSITIONS[CaptureStep.THUMBS], live=False)
    assert {finger.report.algorithm for finger in result.fingers} == {"nfiq2/2.3"}


@pytest.mark.parametrize("shape", [(1, 1), (7, 2000), (40, 40)])
def test_any_size_is_read(shape):
    assert assess_slap(np.full(shape, 30, np.uint8)).fingers == ()


def test_a_read_only_frame_is_read():
    platen, laid = lay(CaptureStep.RIGHT_FOUR)
    platen.setflags(write=False)
    assert_found(platen, laid, STEP_POSITIONS[CaptureStep.RIGHT_FOUR])


def test_cell_statistics_are_means_and_deviations():
    picture = np.random.default_rng(2).integers(0, 256, (27, 43)).astype(np.uint8)
    means, deviations = np.empty((3, 5), np.float32), np.empty((3, 5), np.float32)
    sums = np.empty((2, 5), np.int64)
    cell_statistics(picture, means, deviations, sums)
    cells = picture[:24, :40].reshape(3, 8, 5, 8).swapaxes(1, 2)
    assert means == pytest.approx(cells.mean(axis=(2, 3)), rel=1e-6)
    assert deviations == pytest.approx(cells.std(axis=(2, 3)), rel=1e-5)
    again = np.empty_like(means)
    getattr(cell_statistics, "py_func", cell_statistics)(picture, again, deviations, sums)
    assert np.array_equal(means, again)
