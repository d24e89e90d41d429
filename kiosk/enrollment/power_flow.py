"""A battery nearly empty: the step under way is ended, none is begun, and what was open waits for power.

Everything recorded is in the journal already, so the power may go at any moment. Officers are not stopped:
a record may still be finalised with the last of the charge.
"""

from __future__ import annotations

from dataclasses import replace

from kiosk.enrollment.effects import Effect, StartCapture
from kiosk.enrollment.screens import (
    AtNotice,
    Attract,
    Capturing,
    Confirming,
    ConfirmingStop,
    HelpComing,
    Identifying,
    Kiosk,
    PoweringDown,
    Resuming,
    Reviewing,
    Screen,
    StillThere,
    Waiting,
)
from kiosk.enrollment.transitions import Result, enter

_Resident = AtNotice | Identifying | Confirming | Capturing | Reviewing | Resuming
_Overlay = ConfirmingStop | HelpComing | StillThere


def held(before: Screen, after: Kiosk, effects: tuple[Effect, ...]) -> Result:
    """What becomes of a step's result while power is low, and when it is back."""
    screen = after.screen
    if isinstance(screen, PoweringDown):
        if after.power_low:
            return after, effects
        restored, entered = _seated_again(after, screen.enrollment_id)
        return restored, effects + entered
    if not after.power_low or not isinstance(screen, _Resident | _Overlay | Attract | Waiting):
        return after, effects
    if _same_step(before, screen):
        return after, effects
    begun_not = tuple(effect for effect in effects if not isinstance(effect, StartCapture))
    return replace(after, screen=PoweringDown(_enrollment_of(screen))), begun_not


def _same_step(before: Screen, after: Screen) -> bool:
    if not isinstance(before, Capturing) or not isinstance(after, Capturing):
        return False
    return (before.purpose, before.step, before.positions) == (after.purpose, after.step, after.positions)


def _enrollment_of(screen: Screen) -> str:
    """Empty where nobody is at work."""
    if isinstance(screen, _Overlay):
        return _enrollment_of(screen.back)
    return screen.enrollment_id if isinstance(screen, _Resident) else ""


def _seated_again(kiosk: Kiosk, enrollment_id: str) -> Result:
    """After the break somebody else may sit there: a resident who is known proves it again."""
    if not kiosk.holds(enrollment_id):
        return replace(kiosk, screen=Attract()), ()
    if kiosk.enrollment(enrollment_id).person is None:
        return enter(kiosk, enrollment_id)
    return replace(kiosk, screen=Resuming(enrollment_id)), ()
