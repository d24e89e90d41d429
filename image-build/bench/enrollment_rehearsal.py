"""The enrollment on the host first: `python -m bench.enrollment_rehearsal SETTINGS OUT`.

The unit's settings with simulated devices of the same kinds, the kiosk in this process, a robot's touches. It
is a dry run of the script, and leaves what the hands in the unit need: OUT/rehearsed.json and pictures. Needs a
display or Xvfb.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from bench.enrollment import Script
from bench.enrollment_pictures import HEAD_PX, Picture, Rehearsed, write
from bench.enrollment_signature import strokes
from bench.places import HEIGHT, PROJECT, WIDTH

if TYPE_CHECKING:
    from kiosk.app.controller import Controller
    from kiosk.simulated import SimulatedOffice
    from kiosk.ui.robot import Robot

PATIENCE_S = 120.0


def rehearse(settings: Path, out: Path) -> Rehearsed:
    """In a process of its own, as Kivy has one window for life. Raises CalledProcessError."""
    out.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": f"{PROJECT}:{PROJECT / 'image-build'}"}
    command = [sys.executable, "-m", "bench.enrollment_rehearsal", str(settings), str(out)]
    subprocess.run(command, check=True, env=environment)
    return Rehearsed.load(out)


class RobotHands:
    """Knows the view, and writes down what it looks like."""

    def __init__(self, robot: Robot, controller: Controller, office: SimulatedOffice, out: Path) -> None:
        self._robot = robot
        self._controller = controller
        self._office = office
        self._out = out
        self.rehearsed = Rehearsed()

    def screen(self) -> str:
        self._robot.settle(4)
        view = self._robot.view
        name = view.title.id.removesuffix(".title")
        step = view.progress.current if view.progress is not None else 0
        file = f"{name}-{step}.png"
        if file not in self.rehearsed.heads:
            write(self._out / file, self._shown()[:HEAD_PX])
            write(self._out / f"whole-{file}", self._shown())
            self.rehearsed.heads[file] = name
        self._note_places(name)
        return name

    def press(self, button: str) -> None:
        name = self.screen()
        (target,) = [
            t for t in self._robot.targets() if t.target_id == button or t.target_id.startswith(f"{button}_")
        ]
        self.rehearsed.buttons[name][button] = (target.center_x, HEIGHT - target.center_y)
        self._robot.press(target.target_id)
        self._robot.settle()

    def type(self, digits: str) -> None:
        name = self.screen()
        numbers = self.rehearsed.typed.setdefault(name, [])
        files = [f"typed-{name}-{len(numbers)}-{count}.png" for count in range(len(digits) + 1)]
        numbers.append(files)
        write(self._out / files[0], self._shown())
        for digit, file in zip(digits, files[1:], strict=True):
            self._robot.press(f"key_{digit}")
            self._robot.settle(4)
            write(self._out / file, self._shown())

    def sign(self) -> None:
        from kiosk.ui.widgets.ink import InkPad  # noqa: PLC0415 - imports Kivy

        name = self.screen()
        (pad,) = [widget for widget in self._robot.window.walk() if isinstance(widget, InkPad)]
        self.rehearsed.pads[name] = (pad.x, HEIGHT - pad.top, pad.width, pad.height)
        self._robot.draw(strokes())

    def turn_key(self, *, on: bool) -> None:
        self._office.devices.switch(officer_key=on)

    def _note_places(self, name: str) -> None:
        places = {t.target_id: (t.center_x, HEIGHT - t.center_y) for t in self._robot.targets() if t.enabled}
        self.rehearsed.buttons.setdefault(name, {}).update(places)

    def _shown(self) -> Picture:
        return np.asarray(cv2.cvtColor(self._robot.pixels(), cv2.COLOR_RGB2BGR), dtype=np.uint8)


def main(settings: Path, out: Path) -> None:
    from kiosk.compose import assemble  # noqa: PLC0415 - heavy imports, in this process only
    from kiosk.config import load  # noqa: PLC0415
    from kiosk.simulated import OFFICER, simulated_office  # noqa: PLC0415
    from kiosk.ui.app import run as run_window  # noqa: PLC0415
    from kiosk.virtual_screen import has_display, virtual_screen  # noqa: PLC0415

    config = replace(load(settings), speech="silent")
    with ExitStack() as stack:
        office = stack.enter_context(simulated_office(config, out / "office"))
        if not has_display():
            stack.enter_context(virtual_screen(width=WIDTH, height=HEIGHT))
        person = office.residents[0]
        office.devices.person(0, cloth=person.background)
        devices = {kind: url for kind, url in office.config.devices.items() if kind in config.devices}
        os.environ.setdefault("KIVY_DPI", str(config.screen.dpi))
        unit = assemble(replace(office.config, devices=devices))

        def drive(robot: Robot) -> None:
            hands = RobotHands(robot, unit.controller, office, out)
            try:
                script = Script(hands, patience_s=PATIENCE_S, say=say)
                script.enrol(person.nik)
                script.finalise(OFFICER.number, OFFICER.pin)
            finally:
                hands.rehearsed.save(out)
                robot.close()

        try:
            run_window(unit.controller, fullscreen=False, on_started=drive, size=(WIDTH, HEIGHT))
        finally:
            unit.stop()


def say(line: str) -> None:
    print(f"[{time.monotonic():7.0f} s] {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
