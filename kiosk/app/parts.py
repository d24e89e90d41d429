"""Pieces of views that several screens share: actions, keypads, a person's fields."""

from __future__ import annotations

from kiosk.app.settings import Setting
from kiosk.app.views import Action, ActionStyle, Field, KeypadBody, Text
from kiosk.enrollment.events import (
    EntryCleared,
    EntrySubmitted,
    HelpAsked,
    KeyErased,
    KeyTyped,
    SignedOut,
    StopAsked,
    WentBack,
)
from kiosk.enrollment.person import Person
from kiosk.enrollment.screens import SignInForm


def action(
    action_id: str, event: object, style: ActionStyle = ActionStyle.SECONDARY, *, pictogram: str = ""
) -> Action:
    """A button whose label is `action.<id>`."""
    return Action(action_id, Text(f"action.{action_id}"), event, style, pictogram)


def primary(action_id: str, event: object, *, pictogram: str = "") -> Action:
    return action(action_id, event, ActionStyle.PRIMARY, pictogram=pictogram)


HELP = action("help", HelpAsked(), ActionStyle.QUIET, pictogram="help")
REPEAT = action("repeat", Setting.REPEAT, ActionStyle.QUIET, pictogram="speaker")
SETTINGS = action("settings", Setting.OPENED, ActionStyle.QUIET, pictogram="settings")
STOP = action("stop", StopAsked(), ActionStyle.STOP, pictogram="stop")

BACK = action("back", WentBack(), pictogram="back")
SIGN_OUT = action("sign_out", SignedOut(), ActionStyle.QUIET, pictogram="leave")

RESIDENT_CORNER = (HELP, REPEAT, SETTINGS, STOP)

_DIGITS = ("123", "456", "789")


def keypad(
    prompt: Text, entered: str, *, message: Text | None = None, masked: bool = False, letters: str = ""
) -> KeypadBody:
    """Digits in telephone order; `letters` fill one more row, for ticket codes."""
    rows = [tuple(_key(character) for character in row) for row in _DIGITS]
    erase = action("delete", KeyErased(), ActionStyle.QUIET, pictogram="delete")
    clear = action("clear", EntryCleared(), ActionStyle.QUIET, pictogram="clear")
    rows.append((clear, _key("0"), erase))
    if letters:
        rows.append(tuple(_key(character) for character in letters))
    return KeypadBody(prompt, entered, masked, tuple(rows), message)


def enter_action() -> Action:
    return primary("enter", EntrySubmitted(), pictogram="ok")


def _key(character: str) -> Action:
    return Action(
        f"key_{character.lower()}", Text("key.character", {"character": character}), KeyTyped(character)
    )


def sign_in_keypad(form: SignInForm) -> KeypadBody:
    asked = "officer.pin" if form.number else "officer.number"
    message = Text(form.message, {"seconds": form.wait_s}) if form.message else None
    return keypad(Text(asked), form.entry, message=message, masked=bool(form.number))


def grouped(number: str) -> str:
    """A NIK or KK number in fours, the way it is read aloud."""
    return " ".join(number[i : i + 4] for i in range(0, len(number), 4))


def person_fields(person: Person) -> tuple[Field, ...]:
    """All biodata in the order of the family card."""
    return (
        Field(Text("field.nik"), grouped(person.nik)),
        Field(Text("field.name"), person.name),
        Field(Text("field.birth_place"), person.birth_place),
        Field(Text("field.birth_date"), f"{person.birth_date:%d-%m-%Y}"),
        Field(Text("field.sex"), "", Text(f"sex.{person.sex.name.lower()}")),
        Field(Text("field.address"), person.address),
        Field(Text("field.rt_rw"), f"{person.rt} / {person.rw}"),
        Field(Text("field.religion"), "", Text(f"religion.{person.religion.name.lower()}")),
        Field(Text("field.marital_status"), "", Text(f"marital_status.{person.marital_status.name.lower()}")),
        Field(Text("field.occupation"), person.occupation),
        Field(Text("field.citizenship"), "", Text(f"citizenship.{person.citizenship.name.lower()}")),
        Field(Text("field.blood_type"), "", Text(f"blood_type.{person.blood_type.name.lower()}")),
    )
