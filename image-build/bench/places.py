"""Where the buttons are: the host draws the same screens at the same size, and says it.

`python -m bench.places OUT` writes OUT/places.json ({screen: {button: [x, y]}}, pixels from the top left) and
OUT/<screen>.png, for the screens that the bench touches. Needs a display or Xvfb.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
SCREENS = ("attract", "identify", "notice", "confirm_biodata", "resume")
WIDTH, HEIGHT = 1280, 800

Places = dict[str, dict[str, tuple[float, float]]]


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
    from kiosk.ui.samples import SamplePort, resident_views  # noqa: PLC0415
    from kiosk.virtual_screen import has_display, virtual_screen  # noqa: PLC0415

    def draw() -> None:
        port = SamplePort()
        window, robot = opened(port, fullscreen=False, size=(WIDTH, HEIGHT), max_fps=30)
        found = {}
        for name, view in resident_views().items():
            if name.startswith(SCREENS):
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
