"""Contrast and sizes, computed."""

import pytest

from kiosk.ui.theme import CAPITALS_MM, HIGH_CONTRAST, NORMAL, Role, Theme, contrast, rgb

PALETTES = {"normal": NORMAL, "high contrast": HIGH_CONTRAST}
PX_PER_MM = 149 / 25.4


def test_the_contrast_formula_agrees_with_wcag():
    assert contrast(rgb("#000000"), rgb("#FFFFFF")) == pytest.approx(21)
    assert contrast(rgb("#767676"), rgb("#FFFFFF")) == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
@pytest.mark.parametrize("role", Role)
def test_words_stand_out_ten_to_one(palette, role):
    assert contrast(palette[role].ink, palette[role].fill) >= 10


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
@pytest.mark.parametrize("ground", [Role.PAGE, Role.CARD])
def test_quiet_words_stand_out_as_well(palette, ground):
    assert contrast(palette.muted, palette[ground].fill) >= 10


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
@pytest.mark.parametrize("mark", ["mark_now", "mark_good", "mark_mend", "mark_waiting", "focus"])
def test_marks_stand_out_three_to_one(palette, mark):
    """WCAG 2.2, 1.4.11 for graphics; their shape and word carry the meaning."""
    assert contrast(getattr(palette, mark), palette[Role.CARD].fill) >= 3
    assert contrast(getattr(palette, mark), palette[Role.PAGE].fill) >= 3


@pytest.mark.parametrize("step", range(4))
def test_no_letters_are_smaller_than_three_and_a_half_millimetres(step):
    theme = Theme(PX_PER_MM, step)
    assert min(theme.body_mm, theme.small_mm, theme.title_mm, theme.least_mm) >= 3.5
    assert theme.body_mm == CAPITALS_MM[step]
    assert theme.title_mm >= theme.body_mm >= theme.small_mm


def test_targets_and_gaps_are_rounded_up():
    theme = Theme(PX_PER_MM)
    assert theme.target / PX_PER_MM >= 15
    assert theme.gap / PX_PER_MM >= 3
