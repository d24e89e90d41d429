"""Hands at the unit's touch screen: they see pixels, and touch where the rehearsal found the buttons."""

from __future__ import annotations

import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

from bench.devices_panel import PanelLines
from bench.enrollment import StuckError
from bench.enrollment_pictures import SURE, Heads, Picture, Rehearsed, alike, changed_box, read
from bench.enrollment_signature import strokes
from bench.machine import Machine
from bench.qmp import TOUCH_RANGE

POINT_S = 0.02
"""Between two points of a stroke: faster ones would only wait in the unit's queue."""

TOUCHES, LOOKS, LOOK_S = 5, 20, 1.0
"""A key is touched so often, and its digit looked for so often after each touch."""


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
        """One after the other, as a touch before the pad is drawn anew is void. Raises StuckError."""
        screen = self._screen
        files = self._rehearsed.typed[screen][self._typed[screen]]
        self._typed[screen] += 1
        empty, *_ = (file for file, name in self._rehearsed.heads.items() if name == screen)
        fields = [read(self._pictures / file) for file in (f"whole-{empty}", *files)]
        box = changed_box(fields[0], fields[-1])
        for digit, (before, after) in zip(digits, pairwise(field[box] for field in fields), strict=True):
            self._type_one(digit, box, before=before, after=after)

    def _type_one(self, digit: str, box: tuple[slice, slice], *, before: Picture, after: Picture) -> None:
        for _ in range(TOUCHES):
            self._touch(f"key_{digit}")
            for _ in range(LOOKS):
                shown = self._shown()[box]
                likeness = alike(shown, after)
                if likeness >= SURE and likeness > alike(shown, before):
                    return
                time.sleep(LOOK_S)
        raise StuckError(f"{self._screen}: {digit} does not stand in the field")

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
