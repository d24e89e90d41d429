"""Arrangement rules that need no window."""

import pytest

from kiosk.ui.environment import prepare
from kiosk.ui.port import ink_geometry


def test_the_signing_field_is_a_pad_in_hundredths_of_a_millimetre():
    geometry = ink_geometry(96.5, 41.25)
    assert (geometry.width, geometry.height, geometry.units_per_mm) == (9650, 4125, 100.0)


def test_settings_after_the_window_are_a_bug(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "kivy.core.window", object())
    with pytest.raises(RuntimeError, match="imported before"):
        prepare(size=(1280, 800), fullscreen=False, max_fps=30)
