"""What the bench expects of the unit's screens, before a machine is started for it."""

from bench.office import RESIDENT
from bench.places import screens

from kiosk.app.views import KeypadBody, View

PRESSED = {
    "attract": ("start_id",),
    "notice": ("continue", "stop"),
    "confirm_stop": ("stop_confirmed",),
    "identify": (*(f"key_{character.lower()}" for character in RESIDENT.ticket), "enter"),
    "confirm_biodata": ("yes_correct",),
    "no_camera": ("stop",),
    "resume": (*(f"key_{character.lower()}" for character in RESIDENT.ticket), "enter"),
}


def _buttons(view: View) -> set[str]:
    keys = [key for row in view.body.rows for key in row] if isinstance(view.body, KeypadBody) else []
    return {action.id for action in (*view.actions, *view.corner, *keys)}


def test_every_button_that_the_bench_presses_is_on_its_screen() -> None:
    shown = dict(screens())
    for screen, buttons in PRESSED.items():
        assert set(buttons) <= _buttons(shown[screen]), screen


def test_after_a_power_cut_the_code_of_the_resident_is_asked_again() -> None:
    shown = dict(screens())
    assert shown["resume"].screen == "resume"
    body = shown[f"resume_{len(RESIDENT.ticket)}"].body
    assert isinstance(body, KeypadBody)
    assert body.entered == RESIDENT.ticket
