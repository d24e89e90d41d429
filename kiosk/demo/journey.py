"""One resident and one officer, played through the screen as people would: see, touch, wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from hw.sim.control_client import SimulationClient
from kiosk.app.controller import Controller
from kiosk.app.views import CaptureBody, KeypadBody, ScreenId, View
from kiosk.demo.measures import PreviewRate
from kiosk.enrollment.person import Person
from kiosk.enrollment.record import Enrollment, Stage
from kiosk.enrollment.screens import Capturing, Finished
from kiosk.simulated import OFFICER, Login

STEP_TIMEOUT_S = 60.0
SIGNING_SPEED = 2.0
RESCAN_S = 4.0


_CAPTURING = (ScreenId.CAPTURE, ScreenId.VERIFY, ScreenId.APPROVE)
_FORWARD = MappingProxyType(
    {
        ScreenId.ATTRACT: "start_id",
        ScreenId.NOTICE: "continue",
        ScreenId.CONFIRM_BIODATA: "yes_correct",
        ScreenId.REVIEW: "continue",
    }
)
"""The one button a resident presses to go on."""


class Hands(Protocol):
    """What a journey does to the screen: `kiosk.ui.robot.Robot` touches the real one."""

    def settle(self, frames: int = 2) -> None: ...

    def press(self, action_id: str) -> None: ...

    def screenshot(self, path: Path) -> None: ...


class JourneyError(Exception):
    """The kiosk did not go where a person would have got it; says what was on the screen."""


@dataclass(frozen=True, slots=True)
class Narrator:
    """say: one line of progress. pictures: folder for screenshots, None for none."""

    say: Callable[[str], None]
    pictures: Path | None


@dataclass(slots=True)
class Journey:
    """One person's way from the first screen to the purged packet."""

    robot: Hands
    controller: Controller
    devices: SimulationClient
    narrator: Narrator
    person: Person
    scans_ticket: bool = False
    packet_sha256: str = field(default="", init=False)
    preview_rate: PreviewRate = field(default_factory=PreviewRate)
    _taken: int = field(default=0, init=False)
    _started_s: float = field(default_factory=time.monotonic, init=False)

    def enrol(self) -> Enrollment:
        """The resident's part, from whatever screen is shown to waiting for the officer. Returns the record."""
        while self._view.screen is not ScreenId.AWAIT_OFFICER:
            self.go_on()
        self._see(ScreenId.AWAIT_OFFICER)
        return self._record()

    def go_on(self) -> None:
        """The resident's part of one screen."""
        screen = self._view.screen
        if screen in _CAPTURING:
            self._capture()
            return
        self._see(screen)
        if screen in (ScreenId.IDENTIFY, ScreenId.RESUME):
            self._identify()
        elif screen in _FORWARD:
            self._press(_FORWARD[screen])
        else:
            raise JourneyError(f"a resident cannot go on from {screen}")
        self._leave(screen)

    def finalise(self, enrollment: Enrollment) -> None:
        """The officer's part: sign in, review, finalise, slip."""
        self._press("officer")
        self._sign_in(OFFICER)
        self._see(ScreenId.OFFICER_QUEUE)
        self._press(f"open_{enrollment.id}")
        self._see(ScreenId.OFFICER_RECORD)
        names = {action.id for action in self._view.actions}
        self._press("finalise" if "finalise" in names else "finalise_override")
        self._wait("the packet and the slip", self._slip_is_out)
        self._see(ScreenId.FINALISED)
        self.packet_sha256 = self.controller.kiosk.enrollment(enrollment.id).packet_sha256
        self._press("done")
        self._press("sign_out")
        self._wait("the first screen", lambda: self._view.screen is ScreenId.ATTRACT)

    def is_delivered(self, enrollment: Enrollment) -> None:
        """Waits for the signed receipt and the purge."""
        self._wait("the signed receipt", lambda: not self.controller.kiosk.holds(enrollment.id))
        self._say("receipt accepted, packet purged from the unit")

    # --- eyes and hands --------------------------------------------------------------------------

    @property
    def _view(self) -> View:
        return self.controller.view()

    def _press(self, action_id: str) -> None:
        self.robot.settle()
        self.robot.press(action_id)
        self.robot.settle()

    def _see(self, screen: ScreenId) -> None:
        self._wait(f"the screen {screen}", lambda: self._view.screen is screen)
        self.robot.settle(4)
        self._picture(str(screen))
        self._say(f"{screen}")

    def _leave(self, screen: ScreenId) -> None:
        self._wait(f"the screen after {screen}", lambda: self._view.screen is not screen)

    def _identify(self) -> None:
        if self.scans_ticket:
            self._scan()
        else:
            for digit in self.person.nik:
                self.robot.press(f"key_{digit}")
            self._picture("identify_typed")
            self._press("enter")

    def _scan(self) -> None:
        """Holds the ticket to the reader again when nothing happens, as people do."""
        before = self._view
        while self._view is before:
            self.devices.scan(self.person.ticket)
            began_s = time.monotonic()
            while self._view is before and time.monotonic() - began_s < RESCAN_S:
                self.robot.settle(1)

    def _capture(self) -> None:
        """Looks on while the devices and the simulated person do their part."""
        screen = self.controller.kiosk.screen
        if not isinstance(screen, Capturing):
            raise JourneyError(f"nothing to capture on {self._view.screen}")
        before = (screen.purpose, screen.step, screen.positions)
        began_s = time.monotonic()
        pictured = False
        signing = isinstance(self._view.body, CaptureBody) and self._view.body.ink
        if signing:
            self.devices.sign(speed=SIGNING_SPEED)

        def gone_on() -> bool:
            now = self.controller.kiosk.screen
            return not isinstance(now, Capturing) or (now.purpose, now.step, now.positions) != before

        drawn, sequences = 0, set()
        while not gone_on():
            drawn += 1
            frame = self.controller.frame(str(screen.step))
            sequences.add(frame.sequence if frame is not None else -1)
            now = self.controller.kiosk.screen
            if not pictured and isinstance(now, Capturing) and now.guidance.good:
                self._picture(f"{screen.purpose}_{screen.step}_{screen.positions[0]}")
                pictured = True
            self._frame(began_s, f"{screen.purpose} {screen.step}")
        self.preview_rate.add(seconds=time.monotonic() - began_s, drawn=drawn, fresh=len(sequences - {-1}))
        self._say(f"{screen.purpose} {screen.step}: {self._result(screen)}, {time.monotonic() - began_s:.1f} s")

    def _result(self, screen: Capturing) -> str:
        record = self.controller.kiosk.enrollment(screen.enrollment_id)
        if screen.purpose == "verify":
            done = next((v for v in record.verifications if v.position is screen.positions[0]), None)
            return f"{screen.positions[0]} " + ("matches" if done and done.matched else "does not match")
        samples = (
            [record.approval] if screen.purpose == "approve" else [record.sample(p) for p in screen.positions]
        )
        return "scores " + " ".join(str(s.report.score) for s in samples if s is not None)

    def _sign_in(self, login: Login) -> None:
        self._see(ScreenId.OFFICER_SIGN_IN)
        for digits in (login.number, login.pin):
            for digit in digits:
                self.robot.press(f"key_{digit}")
            self._press("enter")
        self._wait("signing in", lambda: not isinstance(self._view.body, KeypadBody))

    def _slip_is_out(self) -> bool:
        screen = self.controller.kiosk.screen
        return isinstance(screen, Finished) and screen.printed

    def _record(self) -> Enrollment:
        return next(
            e
            for e in self.controller.kiosk.enrollments
            if e.stage is Stage.AWAIT_OFFICER and e.person is not None and e.person.nik == self.person.nik
        )

    def _wait(self, what: str, reached: Callable[[], bool]) -> None:
        began_s = time.monotonic()
        while not reached():
            self._frame(began_s, what)

    def _frame(self, began_s: float, what: str) -> None:
        if time.monotonic() - began_s > STEP_TIMEOUT_S:
            self._picture("stuck")
            shown = self.controller.kiosk.screen
            raise JourneyError(f"{what} did not come within {STEP_TIMEOUT_S:.0f} s; on screen: {shown}")
        self.robot.settle(1)

    def _picture(self, name: str) -> None:
        if self.narrator.pictures is not None:
            self._taken += 1
            self.robot.screenshot(self.narrator.pictures / f"{self._taken:02d}_{name}.png")

    def _say(self, line: str) -> None:
        self.narrator.say(f"[{time.monotonic() - self._started_s:5.1f} s] {line}")
