"""Hands at the unit's touch screen: they see pixels, and touch where the rehearsal found the buttons."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

from bench.devices_panel import PanelLines
from bench.enrollment import StuckError
from bench.enrollment_pictures import Heads, Picture, Rehearsed, alike, changed_box, read
from bench.enrollment_signature import strokes
from bench.machine import Machine
from bench.qmp import TOUCH_RANGE

POINT_S = 0.02
"""Between two points of a stroke, and between two keys: faster ones would only wait in the unit's queue."""

KEY_S = 0.3
TYPED_ALIKE = 0.9
TYPED_LOOKS, TYPINGS = 40, 3
LOOK_S = 1.0


class UnitHands:
    """pictures: of the rehearsal. out: where pictures of the unit go, one for each screen when it is left."""

    def __init__(self, machine: Machine, panel: PanelLines, *, pictures: Path, out: Path) -> None:
        self._machine = machine
        self._panel = panel
        self._pictures = pictures
        self._out = out
        self._rehearsed = Rehearsed.load(pictures)
        self._heads = Heads(pictures, self._rehearsed)
        self._screen = ""
        self._typed: Counter[str] = Counter()
        self.kept: list[str] = []

    def screen(self) -> str:
        now = self._heads.screen(self._shown())
        if now and now != self._screen:
            self.keep(now)
        self._screen = now or self._screen
        return now

    def press(self, button: str) -> None:
        self._touch(button)

    def type(self, digits: str) -> None:
        """Raises StuckError when the field does not show the number, typed again and again."""
        screen = self._screen
        expected = read(self._pictures / self._rehearsed.typed[screen][self._typed[screen]])
        empty = next(file for file, name in self._rehearsed.heads.items() if name == screen)
        rows, columns = changed_box(read(self._pictures / f"whole-{empty}"), expected)
        for _ in range(TYPINGS):
            for digit in digits:
                self._touch(f"key_{digit}")
                time.sleep(KEY_S)
            for _ in range(TYPED_LOOKS):
                if alike(self._shown()[rows, columns], expected[rows, columns]) >= TYPED_ALIKE:
                    self._typed[screen] += 1
                    return
                time.sleep(LOOK_S)
            self.keep(f"{screen}-typed")
            self._touch("clear")
        raise StuckError(f"{screen}: the number does not stand in the field")

    def sign(self) -> None:
        left, top, width, height = self._rehearsed.pads[self._screen]
        for stroke in strokes():
            places = [(left + x * width, top + y * height) for x, y in stroke]
            self._finger(places[0], down=True)
            for place in places[1:]:
                self._move(place)
                time.sleep(POINT_S)
            self._finger(places[-1], down=False)

    def turn_key(self, *, on: bool) -> None:
        self._panel.throw(officer_key=on)

    def keep(self, name: str) -> None:
        """A picture of the unit for the report."""
        file = f"enrollment-{len(self.kept):02}-{name}.png"
        self._machine.screenshot(self._out / file)
        self.kept.append(file)

    def _touch(self, button: str) -> None:
        try:
            place = self._rehearsed.buttons[self._screen][button]
        except KeyError:
            raise StuckError(f"the rehearsal knows no {button} on {self._screen}") from None
        self._machine.touch(*place)

    def _finger(self, place: tuple[float, float], *, down: bool) -> None:
        x, y = self._share(place)
        self._machine.qmp.touch(x, y, down=down)

    def _move(self, place: tuple[float, float]) -> None:
        moves = [
            {"type": "abs", "data": {"axis": axis, "value": round(share * TOUCH_RANGE)}}
            for axis, share in zip("xy", self._share(place), strict=True)
        ]
        self._machine.qmp.command("input-send-event", events=moves)

    def _share(self, place: tuple[float, float]) -> tuple[float, float]:
        hardware = self._machine.hardware
        return place[0] / hardware.width, place[1] / hardware.height

    def _shown(self) -> Picture:
        return read(self._machine.screenshot(self._machine.room / "shown.png"))
