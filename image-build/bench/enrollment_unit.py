"""Hands at the unit's touch screen: they see pixels, and touch where the rehearsal found the buttons."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from bench.devices_panel import PanelLines
from bench.enrollment import StuckError
from bench.enrollment_pictures import SURE, Box, Heads, Picture, Rehearsed, alike, changed_box, read
from bench.enrollment_signature import strokes
from bench.machine import Machine
from bench.qmp import TOUCH_RANGE

POINTS_APART = 6
"""So many of a stroke are one: the unit draws a slow frame between two, and takes only the last within one."""

INK_PX = 4
"""Half the thickness of a line, and some."""

CLOCK_S = 45.0
"""So often the unit gets the time: a device's answer of more than five minutes' difference is refused."""

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
        self._clock_set_s = -CLOCK_S
        self.kept: list[str] = []

    def screen(self) -> str:
        if time.monotonic() > self._clock_set_s + CLOCK_S:
            self._machine.set_clock()
            self._clock_set_s = time.monotonic()
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
        numbers, index = self._rehearsed.typed[screen], self._typed[screen]
        self._typed[screen] += 1
        pictures = [read(self._pictures / file) for file in numbers[index]]
        if index:
            self._wait_for_prompt(pictures[0], after=read(self._pictures / numbers[index - 1][-1]))
        box = changed_box(pictures[0], pictures[-1])
        fields = [picture[box] for picture in pictures]
        standing = self._standing(box, fields, other_than=-1)
        for _ in range(TOUCHES * len(digits)):
            if standing == len(digits):
                return
            self._touch(f"key_{digits[standing]}" if standing >= 0 else "clear")
            standing = self._standing(box, fields, other_than=standing)
        raise StuckError(f"{screen}: the number does not stand in the field")

    def _wait_for_prompt(self, prompt: Picture, *, after: Picture) -> None:
        """The second number is asked for on the same screen."""
        for _ in range(TOUCHES):
            for _ in range(LOOKS):
                shown = self._shown()
                if alike(shown, prompt) > alike(shown, after):
                    return
                time.sleep(LOOK_S)
            self._touch("enter")
        raise StuckError(f"{self._screen}: the next number is not asked for")

    def _standing(self, box: Box, fields: Sequence[Picture], *, other_than: int) -> int:
        """How many of the digits stand in the field, -1 for others; waits until that is another than before."""
        count = -1
        for _ in range(LOOKS):
            shown = self._shown()[box]
            likeness, nearest = max((alike(shown, field), count) for count, field in enumerate(fields))
            count = nearest if likeness >= SURE else -1
            if count not in (-1, other_than):
                return count
            time.sleep(LOOK_S)
        return count

    def sign(self) -> None:
        left, top, width, height = self._rehearsed.pads[self._screen]
        for stroke in strokes():
            places = [(left + x * width, top + y * height) for x, y in (*stroke[::POINTS_APART], stroke[-1])]
            self._drawn(partial(self._finger, down=True), places[0])
            for place in places[1:]:
                self._drawn(self._move, place)
            self._finger(places[-1], down=False)

    def _drawn(self, move: Callable[[tuple[float, float]], None], place: tuple[float, float]) -> None:
        """A movement of the finger, and the frame with ink where it ends; one without is passed over."""
        column, row = (round(side) for side in place)
        near = slice(row - INK_PX, row + INK_PX), slice(column - INK_PX, column + INK_PX)
        before = self._shown()[near]
        move(place)
        for _ in range(LOOKS):
            if np.any(self._shown()[near] != before):
                return
            time.sleep(LOOK_S / 10)

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
