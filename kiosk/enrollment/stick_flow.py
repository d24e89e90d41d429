"""The officer carries packets, receipts and the roster on a USB stick; one task at a time, each to its end."""

from __future__ import annotations

from dataclasses import replace

from kiosk.enrollment.effects import DoStickTask
from kiosk.enrollment.events import Event, Role, WentBack
from kiosk.enrollment.screens import Kiosk, OfficerAtStick, OfficerQueue
from kiosk.enrollment.stick_events import StickProgressed, StickTask, StickTaskChosen, StickTaskEnded
from kiosk.enrollment.transitions import Result, show, stay


def step(kiosk: Kiosk, screen: OfficerAtStick, event: Event) -> Result:
    match event:
        case StickProgressed(done, total) if screen.task is not None:
            return show(kiosk, replace(screen, share_done=done / total))
        case StickTaskEnded(outcome) if outcome.task is screen.task:
            return show(kiosk, OfficerAtStick(screen.staff, outcome=outcome))
        case _ if screen.task is not None:
            return stay(kiosk)
        case StickTaskChosen(task) if task in allowed(screen):
            return show(kiosk, OfficerAtStick(screen.staff, task), DoStickTask(task, screen.staff.number))
        case WentBack() if screen.outcome is not None:
            return show(kiosk, OfficerAtStick(screen.staff))
        case WentBack():
            return show(kiosk, OfficerQueue(screen.staff))
        case _:
            return stay(kiosk)


def allowed(screen: OfficerAtStick) -> tuple[StickTask, ...]:
    """The roster decides who may enroll here: a supervisor answers for it."""
    if screen.staff.role is Role.OFFICER:
        return (StickTask.HAND_OUT, StickTask.RECEIPTS)
    return tuple(StickTask)
