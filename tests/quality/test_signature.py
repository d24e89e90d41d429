"""A resident signs: what the mark is, and whether it can be kept."""

from __future__ import annotations

import numpy as np
import pytest

from hw.api import PadGeometry, PenPoint
from kiosk.enrollment.quality_report import Defect
from kiosk.quality.signature import assess_signature, rasterised, strokes_of

PAD = PadGeometry(width=2896, height=1370, max_pressure=127, units_per_mm=30.0)


def penned(path, *, start_ns=0, pressure=60):
    points = [PenPoint(int(x), int(y), start_ns + 8_000_000 * i, pressure) for i, (x, y) in enumerate(path)]
    x, y = path[-1]
    return (*points, PenPoint(int(x), int(y), start_ns + 8_000_000 * len(path), 0))


def a_name():
    turn = np.linspace(0, 8 * np.pi, 200)
    return penned(np.column_stack((500 + 75 * turn + 120 * np.sin(turn), 700 + 250 * np.cos(1.3 * turn))))


def test_a_winding_name_is_whole():
    report = assess_signature(a_name(), geometry=PAD)
    assert report.defects == ()
    assert report.score == 100


def test_nothing_is_written():
    hovering = tuple(PenPoint(100 * i, 500, i, 0) for i in range(9))
    for points in ((), hovering):
        report = assess_signature(points, geometry=PAD)
        assert (report.score, report.defects) == (0, (Defect.EMPTY,))


def test_the_pen_only_touches_down():
    report = assess_signature(penned([(1400, 700), (1404, 702)]), geometry=PAD)
    assert report.defects == (Defect.ONLY_A_DOT,)
    assert report.score == 10


@pytest.mark.parametrize("end", [(2400, 700), (2200, 1200), (600, 150)])
def test_a_line_is_a_valid_signature(end):
    path = np.linspace((500, 700), end, 60)
    report = assess_signature(penned(path), geometry=PAD)
    assert report.defects == (Defect.BARE_LINE,)
    assert report.score == 60


def test_the_pen_leaves_the_pad():
    path = np.array([(point.x, point.y) for point in a_name()])
    report = assess_signature(penned(np.clip(path - (700, 0), 0, None)), geometry=PAD)
    assert Defect.CLIPPED in report.defects
    assert report.score <= 60


def test_pen_points_need_their_pad():
    with pytest.raises(ValueError, match="geometry"):
        assess_signature(a_name())


def test_lifting_the_pen_parts_the_strokes():
    points = (*penned([(10, 10), (20, 20)]), *penned([(300, 300), (400, 300)]))
    assert [len(stroke) for stroke in strokes_of(points)] == [2, 2]
    assert not rasterised(points, geometry=PAD)[:, 30:60].any()


def test_transparent_ink_is_laid_on_white():
    mask = rasterised(a_name(), geometry=PAD)
    picture = np.zeros((*mask.shape, 4), np.uint8)
    picture[:, :, 3] = 255 * mask
    assert assess_signature(picture).defects == ()
    picture[:, :, 3] = 0
    assert assess_signature(picture).defects == (Defect.EMPTY,)


def test_paper_grain_is_not_ink():
    grain = np.random.default_rng(1).normal(225, 6, (300, 700))
    assert assess_signature(np.clip(grain, 0, 255).astype(np.uint8)).defects == (Defect.EMPTY,)


def test_a_picture_cut_at_its_border_is_clipped():
    mask = rasterised(a_name(), geometry=PAD)
    cut = 255 - 255 * mask[:, 200:]
    assert Defect.CLIPPED in assess_signature(cut).defects


def test_another_shape_is_a_bug():
    with pytest.raises(ValueError, match="signature picture"):
        assess_signature(np.zeros((4, 4, 2), np.uint8))
