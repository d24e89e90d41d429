"""`python -m kiosk.ui.gallery --out DIR`: a picture of every screen, and what is wrong with its layout.

Every sample view in every language at every text step, in the normal colours, and once each in the
high-contrast ones. Writes `problems.json` beside the pictures.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.app.views import Display, View
from kiosk.enrollment.record import Language
from kiosk.ui.app import opened
from kiosk.ui.samples import SamplePort, all_views

if TYPE_CHECKING:
    from kiosk.ui.robot import Robot
    from kiosk.ui.window import KioskWindow


def settings(*, quick: bool) -> Iterator[Display]:
    for language in Language:
        for step in range(4):
            if not quick or (language is Language.INDONESIAN and step in (1, 3)):
                yield Display(language=language, text_step=step)
    yield Display(text_step=1, high_contrast=True)


def name_of(screen: str, display: Display) -> str:
    return (
        f"{screen}-{display.language.value}-{display.text_step}{'-contrast' if display.high_contrast else ''}"
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", default="", help="screens whose name contains this")
    parser.add_argument("--quick", action="store_true", help="Indonesian at two sizes")
    parser.add_argument("--no-pictures", action="store_true")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    views = {name: view for name, view in all_views().items() if options.only in name}
    found = drawn(views, options.out, quick=options.quick, pictures=not options.no_pictures)
    (options.out / "problems.json").write_text(
        json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    for name, sentences in found.items():
        for sentence in sentences:
            print(f"{name}: {sentence}")
    return 1 if any(found.values()) else 0


def drawn(views: dict[str, View], out: Path, *, quick: bool, pictures: bool) -> dict[str, list[str]]:
    """Problems by picture name; every page of a screen is drawn."""
    port = SamplePort()
    window, robot = opened(port, fullscreen=False, size=(1280, 800), max_fps=0)
    found: dict[str, list[str]] = {}
    try:
        for display in settings(quick=quick):
            for screen_name, view in views.items():
                port.shown = replace(view, display=display)
                name = name_of(screen_name, display)
                found[name] = inspected(window, robot, out / f"{name}.png" if pictures else None)
    finally:
        window.close()
    return found


def inspected(window: KioskWindow, robot: Robot, picture: Path | None) -> list[str]:
    """Problems on all pages of the port's view; with a picture's path each page is also drawn."""
    from kiosk.ui.layout_check import problems  # noqa: PLC0415 - imports Kivy, which is configured now

    window.refresh()
    found: list[str] = []
    for page in range(window.shown.pages):
        window.shown.turn(1 if page else 0)
        found += problems(window.shown)
        if picture is not None:
            robot.screenshot(picture.with_stem(f"{picture.stem}{f'-{page + 1}' if page else ''}"))
    return found


if __name__ == "__main__":
    sys.exit(main())
