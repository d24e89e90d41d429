"""One whole enrollment as people do it: what is on the screen decides what is done next.

The same script has a robot's hands on the host (`enrollment_rehearsal`) and a touch screen's in the unit
(`enrollment_unit`). A screen is named by the text id of its title.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

ATTRACT, AWAIT_OFFICER = "attract", "await_officer"
IDENTIFY, SIGNATURES = "identify", ("step.signature", "approve")
FORWARD = {
    "attract": "start_id",
    "notice": "continue",
    "confirm_biodata": "yes_correct",
    "review": "continue",
}
"""The one button a resident presses to go on."""

OFFICER = {
    "officer_queue": "open",
    "officer_record": "finalise",
    "finalised": "done",
}
LOOK_S = 0.1


class StuckError(Exception):
    """The kiosk did not go on; says what was on the screen."""


class Hands(Protocol):
    """Eyes and hands of whoever stands before the kiosk."""

    def screen(self) -> str:
        """The name of what is shown, empty for a screen nobody has seen before."""

    def press(self, button: str) -> None: ...

    def type(self, digits: str) -> None:
        """Presses the keys of a number, and sees that it stands in the field."""

    def sign(self) -> None: ...

    def turn_key(self, *, on: bool) -> None:
        """The officer's key switch."""


@dataclass(frozen=True, slots=True)
class Script:
    """patience_s: how long a screen may stay before the one who waits gives up. say: one line of progress."""

    hands: Hands
    patience_s: float
    say: Callable[[str], None]
    monotonic_s: Callable[[], float] = time.monotonic

    def enrol(self, nik: str) -> None:
        """The resident's part, up to waiting for the officer."""
        while (screen := self.seen()) != AWAIT_OFFICER:
            if screen in FORWARD:
                self.hands.press(FORWARD[screen])
            elif screen == IDENTIFY:
                self.hands.type(nik)
                self.hands.press("enter")
            elif screen in SIGNATURES:
                self.hands.sign()
            self.left(screen)

    def finalise(self, number: str, pin: str) -> None:
        """The officer's part, from the turned key back to the first screen."""
        self.hands.turn_key(on=True)
        self.seen("officer_sign_in")
        for digits in (number, pin):
            self.hands.type(digits)
            self.hands.press("enter")
        self.hands.turn_key(on=False)
        for screen, button in OFFICER.items():
            self.seen(screen)
            self.hands.press(button)
            self.left(screen)
        self.seen("officer_queue")
        self.hands.press("sign_out")
        self.seen(ATTRACT)

    def seen(self, wanted: str = "") -> str:
        """Waits for a known screen, or for the wanted one."""
        began_s = self.monotonic_s()
        while True:
            screen = self.hands.screen()
            if screen and wanted in ("", screen):
                self.say(screen)
                return screen
            self._wait(began_s, wanted or "a known screen", screen)

    def left(self, screen: str) -> None:
        """Waits for another screen than this."""
        began_s = self.monotonic_s()
        while (now := self.hands.screen()) in ("", screen):
            self._wait(began_s, f"the screen after {screen}", now)

    def _wait(self, began_s: float, what: str, shown: str) -> None:
        if self.monotonic_s() - began_s > self.patience_s:
            raise StuckError(
                f"{what} did not come in {self.patience_s:.0f} s; shown: {shown or 'something else'}"
            )
        time.sleep(LOOK_S)
