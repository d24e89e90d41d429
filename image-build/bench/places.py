"""Where the buttons are: the host plays the same rules, draws the same screens at the same size, and says it.

`python -m bench.places OUT` writes OUT/places.json ({screen: {button: [x, y]}}, pixels from the top left) and
OUT/<screen>.png, for the screens that the bench touches. Needs a display or Xvfb.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.office import OFFICE, RESIDENT, UNIT
from kiosk.app.view import view_of
from kiosk.app.views import Display, View
from kiosk.enrollment import flow
from kiosk.enrollment.events import (
    BiodataAccepted,
    Continued,
    DeviceFaulted,
    Event,
    KeyTyped,
    LanguageChosen,
    RosterAnswered,
    StopAsked,
    WentBack,
)
from kiosk.enrollment.faults import Fault
from kiosk.enrollment.policy import Policy
from kiosk.enrollment.record import ClockTrust, Language, Stamp
from kiosk.enrollment.screens import Capturing

PROJECT = Path(__file__).resolve().parents[2]
WIDTH, HEIGHT = 1280, 800

Places = dict[str, dict[str, tuple[float, float]]]

_NOW = Stamp(dt.datetime(2026, 1, 5, 2, 0, tzinfo=dt.UTC), ClockTrust.UNTRUSTED, 0)


def screens() -> Iterator[tuple[str, View]]:
    """What the office's resident meets until the first capture, and after a power cut there.

    identify_N, resume_N: with so many characters of the ticket typed.
    """
    kiosk, _ = flow.restored(unit=UNIT, policy=Policy(), enrollments=(), next_number=1)

    def shown(*events: Event) -> View:
        nonlocal kiosk
        for event in events:
            kiosk, _ = flow.step(kiosk, event, _NOW)
        return view_of(kiosk, Display(), office=OFFICE)

    yield "attract", shown()
    yield "notice", shown(LanguageChosen(Language.INDONESIAN))
    yield "confirm_stop", shown(StopAsked())
    yield "identify", shown(WentBack(), Continued())
    code = RESIDENT.ticket
    for count, character in enumerate(code, start=1):
        yield f"identify_{count}", shown(KeyTyped(character))
    yield "confirm_biodata", shown(RosterAnswered(code, "ticket", (RESIDENT,)))
    yield "capture", shown(BiodataAccepted())
    assert isinstance(kiosk.screen, Capturing)  # noqa: S101 - the first step of every enrollment
    yield "no_camera", shown(DeviceFaulted(kiosk.screen.task, Fault("not_connected", "face")))
    begun = kiosk.enrollments
    kiosk, _ = flow.restored(
        unit=UNIT, policy=Policy(), enrollments=begun, next_number=2, interrupted=begun[0].id
    )
    yield "resume", shown()
    for count, character in enumerate(code, start=1):
        yield f"resume_{count}", shown(KeyTyped(character))


def drawn_places(folder: Path) -> Places:
    """Draws in a process of its own, as Kivy has one window for life."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [sys.executable, "-m", "bench.places", str(folder)],
        check=True,
        env={**os.environ, "PYTHONPATH": f"{PROJECT}:{PROJECT / 'image-build'}"},
    )
    told = json.loads((folder / "places.json").read_text())
    return {screen: {name: (x, y) for name, (x, y) in buttons.items()} for screen, buttons in told.items()}


def main(folder: Path) -> None:
    from kiosk.ui.app import opened  # noqa: PLC0415 - imports Kivy, in this process only
    from kiosk.ui.samples import SamplePort  # noqa: PLC0415
    from kiosk.virtual_screen import has_display, virtual_screen  # noqa: PLC0415

    def draw() -> None:
        port = SamplePort()
        window, robot = opened(port, fullscreen=False, size=(WIDTH, HEIGHT), max_fps=30)
        found = {}
        for name, view in screens():
            port.shown = view
            robot.settle(4)
            found[name] = {t.target_id: (t.center_x, HEIGHT - t.center_y) for t in robot.targets()}
            robot.screenshot(folder / f"{name}.png")
        (folder / "places.json").write_text(json.dumps(found, indent=1) + "\n")
        window.close()

    if has_display():
        draw()
    else:
        with virtual_screen(width=WIDTH, height=HEIGHT):
            draw()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
