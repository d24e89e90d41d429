"""One process, one window: inspects every screen and plays every scenario, then writes what it found.

`python -m tests.ui.session RESULTS` needs a display. Run by the `window` fixture.
"""

from __future__ import annotations

import json
import sys
import traceback
from dataclasses import replace
from pathlib import Path

from hw.api import Frame
from kiosk.app.views import Display, View
from kiosk.enrollment.record import Language
from kiosk.ui.app import opened
from kiosk.ui.gallery import inspected, name_of
from kiosk.ui.port import Port
from kiosk.ui.samples import SamplePort, all_views
from tests.app.screens import views as controller_views
from tests.ui.scenarios import SCENARIOS, Stage

SIZES = [
    *((Language.INDONESIAN, step) for step in range(4)),
    (Language.JAVANESE, 3),
    (Language.ENGLISH, 3),
]
"""The gallery inspects all twelve."""


class Switch:
    """A port whose other side can be changed, so that each scenario has a fresh one in the same window."""

    def __init__(self, port: SamplePort) -> None:
        self.port = port

    def __getattr__(self, name: str) -> object:
        return getattr(self.port, name)

    def frame(self, slot: str) -> Frame | None:
        return self.port.frame(slot)


def main(results: Path) -> None:
    switch: Port = Switch(SamplePort())
    window, robot = opened(switch, fullscreen=False, size=(1280, 800), max_fps=0)
    try:
        robot.settle()
        layouts = {}
        for name, view, display in _screens():
            switch.port.shown = replace(view, display=display)
            layouts[name_of(name, display)] = inspected(window, robot, None)
        scenarios = {}
        for name, scenario in SCENARIOS.items():
            switch.port = SamplePort()
            robot.settle()
            try:
                scenario(Stage(switch.port, robot))
                scenarios[name] = ""
            except Exception:  # noqa: BLE001 - reported by the test of that name
                scenarios[name] = traceback.format_exc()
    finally:
        window.close()
    results.write_text(json.dumps({"layouts": layouts, "scenarios": scenarios}), encoding="utf-8")


def _screens() -> list[tuple[str, View, Display]]:
    """The controller's screens at the sizes of `SIZES`, each advice at the largest only; the samples in
    the largest letters."""
    sizes = [Display(language=language, text_step=step) for language, step in SIZES]
    real = {name.replace(" ", "_"): view for name, view in controller_views()}
    screens = [
        (name, view, display)
        for display in sizes
        for name, view in real.items()
        if display.text_step == 3 or not name.startswith("advice_")
    ]
    samples = {f"sample_{name}": view for name, view in all_views().items()}
    return screens + [
        (name, view, Display(text_step=step)) for step in (1, 3) for name, view in samples.items()
    ]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
