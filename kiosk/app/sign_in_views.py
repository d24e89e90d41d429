"""Signing in by number or by card, and the card's signature: keypads, waiting, and each trouble's way out."""

from __future__ import annotations

from dataclasses import replace

from kiosk.app.parts import BACK, SIGN_OUT, action, enter_action, keypad, sign_in_keypad
from kiosk.app.views import Action, ActionStyle, KeypadBody, MessageBody, ScreenId, Text, View
from kiosk.enrollment.events import CardChosen, CardPresence, CardTrouble, NumberChosen, SignatureSkipped
from kiosk.enrollment.screens import (
    CardForm,
    Kiosk,
    OfficerApproving,
    OfficerSigningIn,
    SignInForm,
    SupervisorApproving,
)

_BY_NUMBER = action("by_number", NumberChosen(), pictogram="keypad")
_BY_CARD = action("by_card", CardChosen(), pictogram="card")
_UNSIGNED = action("finalise_unsigned", SignatureSkipped(), pictogram="officer")

_PICTURES = {
    CardTrouble.PULLED: "card_in",
    CardTrouble.READER_AWAY: "plug",
    CardTrouble.UNREADABLE: "card",
    CardTrouble.BLOCKED: "lock",
    CardTrouble.NOT_KNOWN: "person",
    CardTrouble.NOT_YOURS: "person",
}


def sign_in(kiosk: Kiosk, screen: OfficerSigningIn) -> View:
    return _form_view(
        ScreenId.OFFICER_SIGN_IN, Text("officer_sign_in.title"), screen.form, kiosk.card, other_way=_BY_NUMBER
    )


def approve_exception(kiosk: Kiosk, screen: SupervisorApproving) -> View:
    title = Text(
        "supervisor_approval.title",
        {"position": Text(f"position.{screen.position}"), "reason": Text(f"exception.{screen.reason}")},
    )
    return _form_view(ScreenId.SUPERVISOR_APPROVAL, title, screen.form, kiosk.card, other_way=_BY_NUMBER)


def approve_record(kiosk: Kiosk, screen: OfficerApproving) -> View:
    title = Text("officer_approval.title", {"record": screen.enrollment_id})
    unsigned = None if kiosk.policy.officer_card_required else _UNSIGNED
    return _form_view(ScreenId.OFFICER_APPROVAL, title, screen.form, kiosk.card, other_way=unsigned)


def _form_view(
    screen_id: ScreenId,
    title: Text,
    form: SignInForm | CardForm,
    card: CardPresence,
    *,
    other_way: Action | None,
) -> View:
    others = (other_way,) if other_way is not None else ()
    by_card = (_BY_CARD,) if card is CardPresence.PRESENT else ()
    corner = () if screen_id is ScreenId.OFFICER_SIGN_IN else (SIGN_OUT,)
    match form:
        case SignInForm():
            body: KeypadBody | MessageBody = _number_keypad(form, card)
            actions: tuple[Action, ...] = (BACK, enter_action())
            corner = (*map(_quiet, by_card), *corner)
        case CardForm(asking=True):
            body = MessageBody("card", (Text("card.working"), Text("card.leave_in")), busy=True)
            actions = (BACK,) if screen_id is not ScreenId.OFFICER_APPROVAL else ()
        case CardForm(trouble=CardTrouble() as trouble):
            lines = (Text(f"card.trouble.{trouble}"), Text(f"card.way_out.{trouble}"))
            body = MessageBody(_PICTURES[trouble], lines)
            actions = (BACK, *others, *by_card)
        case CardForm():
            body = _card_keypad(form)
            actions = (BACK, enter_action())
            corner = (*map(_quiet, others), *corner)
    return View(screen_id, title, body, speech=(), actions=actions, corner=corner)


def _quiet(way: Action) -> Action:
    """Beside a keypad the other way stands in the corner: next to the digits there is room for two buttons."""
    return replace(way, style=ActionStyle.QUIET)


def _number_keypad(form: SignInForm, card: CardPresence) -> KeypadBody:
    body = sign_in_keypad(form)
    if card is CardPresence.ABSENT and body.message is None and not form.number:
        return keypad(body.prompt, body.entered, message=Text("card.insert"))
    return body


def _card_keypad(form: CardForm) -> KeypadBody:
    message = Text(form.message, {"tries": form.tries_left or 0}) if form.message else None
    return keypad(Text("card.pin"), form.entry, message=message, masked=True)
