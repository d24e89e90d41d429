"""The real window: layout of every screen, and every scenario by name."""

import pytest

from kiosk.enrollment.record import Language
from tests.app.screens import views
from tests.ui.scenarios import SCENARIOS


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(window, name):
    assert window["scenarios"][name] == ""


def test_no_screen_clips_words_crowds_targets_or_overlaps(window):
    assert {name: found for name, found in window["layouts"].items() if found} == {}


def test_every_screen_was_inspected_in_every_language_at_every_size(window):
    expected = {
        f"{name.replace(' ', '_')}-{language.value}-{step}"
        for name, _ in views()
        for language in Language
        for step in range(4)
        if step == 3 or not name.startswith("advice ")
    }
    assert expected <= set(window["layouts"])


def test_the_window_leaves_no_files_behind(window):
    assert window["home"] == ["results.json"]
