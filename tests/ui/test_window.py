"""The real window: layout of every screen, and every scenario by name."""

import pytest

from kiosk.enrollment.record import Language
from tests.app.screens import views
from tests.ui.scenarios import SCENARIOS

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(window, name):
    assert window["scenarios"][name] == ""


def test_no_screen_clips_words_crowds_targets_or_overlaps(window):
    assert {name: found for name, found in window["layouts"].items() if found} == {}


@pytest.mark.parametrize("language", Language)
def test_every_screen_of_the_controller_was_inspected_in_the_largest_letters(window, language):
    expected = {f"{name.replace(' ', '_')}-{language.value}-3" for name, _ in views()}
    assert expected <= set(window["layouts"])


def test_the_window_leaves_no_files_behind(window):
    assert window["home"] == ["results.json"]
