"""The officer's card on the screen: in, PIN, signed; and each trouble with its own way out.

The card keeps count of wrong PINs by itself, so a PIN is asked of it once and never tried again.
"""

from __future__ import annotations

from dataclasses import replace

from kiosk.enrollment.events import CardPresence, CardRefused, CardTrouble, EntrySubmitted, Event
from kiosk.enrollment.screens import (
    EMPTY_CARD_FORM,
    EMPTY_FORM,
    CardForm,
    Kiosk,
    OfficerApproving,
    OfficerSigningIn,
    SignInForm,
    SupervisorApproving,
)
from kiosk.enrollment.transitions import edited

_PIN_LENGTH = 12
_TROUBLES = {
    CardPresence.ABSENT: CardTrouble.PULLED,
    CardPresence.READER_AWAY: CardTrouble.READER_AWAY,
    CardPresence.NOT_USED: CardTrouble.READER_AWAY,
    CardPresence.UNREADABLE: CardTrouble.UNREADABLE,
}


def first_form(kiosk: Kiosk) -> SignInForm | CardForm:
    """The card's PIN when a card lies in the reader already, else the staff number."""
    return EMPTY_CARD_FORM if kiosk.card is CardPresence.PRESENT else EMPTY_FORM


def approval_form(kiosk: Kiosk) -> CardForm:
    return CardForm(trouble=_TROUBLES.get(kiosk.card))


def noticed(kiosk: Kiosk, presence: CardPresence) -> Kiosk:
    """A form nobody has typed into gives way to the card; a card form tells what became of its card."""
    kiosk = replace(kiosk, card=presence)
    match kiosk.screen:
        case OfficerSigningIn(form=form) | SupervisorApproving(form=form) as screen:
            after = _after(form, presence)
            return kiosk if after is form else replace(kiosk, screen=replace(screen, form=after))
        case OfficerApproving(form=form) as screen:
            return replace(kiosk, screen=replace(screen, form=_card_form_after(form, presence)))
        case _:
            return kiosk


def typed(form: CardForm, event: Event) -> tuple[CardForm, str]:
    """The form after a key or the card's refusal, and the PIN when it is to be tried, else an empty text."""
    if form.trouble is not None:
        return form, ""
    if form.asking:
        return (_refused(event) if isinstance(event, CardRefused) else form), ""
    entry = edited(form.entry, event, length=_PIN_LENGTH)
    if entry is not None:
        return replace(form, entry=entry, message=""), ""
    if isinstance(event, EntrySubmitted) and form.entry:
        return CardForm(asking=True), form.entry
    return form, ""


def _refused(answer: CardRefused) -> CardForm:
    if answer.tries_left == 0:
        return CardForm(trouble=CardTrouble.BLOCKED)
    if answer.trouble is not None:
        return CardForm(trouble=answer.trouble)
    message = "card.bad_pin" if answer.tries_left is None else "card.bad_pin_tries"
    return CardForm(message=message, tries_left=answer.tries_left)


def _after(form: SignInForm | CardForm, presence: CardPresence) -> SignInForm | CardForm:
    if isinstance(form, CardForm):
        return _card_form_after(form, presence)
    untouched = form == replace(EMPTY_FORM, message=form.message, wait_s=form.wait_s)
    return EMPTY_CARD_FORM if untouched and presence is CardPresence.PRESENT else form


def _card_form_after(form: CardForm, presence: CardPresence) -> CardForm:
    """While the card is at work its own answer tells what happened to it."""
    if form.asking:
        return form
    if presence is CardPresence.PRESENT:
        return EMPTY_CARD_FORM if form.trouble is not None else form
    return CardForm(trouble=_TROUBLES.get(presence))
