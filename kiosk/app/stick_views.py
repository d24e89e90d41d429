"""The officer at the USB stick: what can be done with it, how far it is, how it ended."""

from __future__ import annotations

from kiosk.app.parts import BACK, SIGN_OUT, action, primary
from kiosk.app.views import Action, MessageBody, ScreenId, Text, View
from kiosk.enrollment.screens import OfficerAtStick
from kiosk.enrollment.stick_events import StickOutcome, StickTask, StickTaskChosen
from kiosk.enrollment.stick_flow import allowed

_PICTURES = {StickTask.HAND_OUT: "to_stick", StickTask.RECEIPTS: "from_stick", StickTask.ROSTER: "family"}


def at_stick(screen: OfficerAtStick) -> View:
    if screen.task is not None:
        lines = (Text(f"stick.working.{screen.task}"), Text("stick.leave_it"))
        busy = screen.share_done is None
        return _view(MessageBody("stick", lines, busy=busy, share_done=screen.share_done), ())
    if screen.outcome is not None:
        return _ended(screen.outcome)
    choices = tuple(_choice(task) for task in reversed(allowed(screen)))
    return _view(MessageBody("stick", (Text("stick.put_in"),)), (BACK, *choices))


def _choice(task: StickTask) -> Action:
    """Handing out is what the stick is for most of the time."""
    make = primary if task is StickTask.HAND_OUT else action
    return make(f"stick_{task}", StickTaskChosen(task), pictogram=_PICTURES[task])


def _ended(outcome: StickOutcome) -> View:
    """What was done stands, also when a fault ended it."""
    lines = []
    if outcome.done or not (outcome.fault or outcome.refused):
        lines.append(Text(f"stick.done.{outcome.task}", {"count": outcome.done}))
    if outcome.refused:
        lines.append(Text(f"stick.refused.{outcome.task}", {"count": outcome.refused}))
    if outcome.fault:
        lines.append(Text(f"stick.fault.{outcome.fault}"))
    if outcome.detail:
        lines.append(Text("stick.detail", {"detail": outcome.detail}))
    if not outcome.fault:
        lines.append(Text("stick.pull_it"))
    picture = "attention" if outcome.fault or outcome.refused else "ok"
    return _view(MessageBody(picture, tuple(lines)), (BACK,))


def _view(body: MessageBody, actions: tuple[Action, ...]) -> View:
    corner = () if body.busy or body.share_done is not None else (SIGN_OUT,)
    return View(ScreenId.OFFICER_STICK, Text("stick.title"), body, speech=(), actions=actions, corner=corner)
