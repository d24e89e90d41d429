"""A few questions, one to a screen, answered on keys: what an officer types before there is an enrollment.

Pure: `Form` is a value, `typed` and its sisters return the next one, `view_of` draws it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from kiosk.app.parts import BACK, action, enter_action, keypad
from kiosk.app.views import Action, ActionStyle, Display, KeypadBody, ScreenId, Text, View
from kiosk.enrollment.events import EntryCleared, KeyErased, KeyTyped

CAPITALS = ("1234567890", "QWERTYUIOP", "ASDFGHJKL-", "ZXCVBNM. ")
SMALL = ("1234567890", "qwertyuiop", "asdfghjkl-", "zxcvbnm. ")
ADDRESS = ("1234567890", "qwertyuiop", "asdfghjkl-", "zxcvbnm._", ":/?=&%+ ")


@dataclass(frozen=True, slots=True)
class Question:
    """id: the answer's name. keys: rows of characters, empty for digits. refuses: the text id of what is wrong
    with an answer, given the earlier ones; empty when it will do."""

    id: str
    prompt: str
    refuses: Callable[[str, Mapping[str, str]], str]
    keys: tuple[str, ...] = ()
    masked: bool = False
    longest: int = 32


@dataclass(frozen=True, slots=True)
class Form:
    title: str
    questions: tuple[Question, ...]
    answers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    entry: str = ""
    message: str = ""

    @property
    def question(self) -> Question | None:
        """None when all are answered."""
        return self.questions[len(self.answers)] if len(self.answers) < len(self.questions) else None


def typed(form: Form, character: str) -> Form:
    asked = form.question
    if asked is None or len(form.entry) >= asked.longest:
        return form
    return replace(form, entry=form.entry + character, message="")


def erased(form: Form) -> Form:
    return replace(form, entry=form.entry[:-1], message="")


def cleared(form: Form) -> Form:
    return replace(form, entry="", message="")


def entered(form: Form) -> Form:
    asked = form.question
    if asked is None:
        return form
    if problem := asked.refuses(form.entry, form.answers):
        return replace(form, entry="", message=problem)
    answers = MappingProxyType({**form.answers, asked.id: form.entry})
    return replace(form, answers=answers, entry="", message="")


def went_back(form: Form) -> Form:
    """To the question before, with its answer to be typed again."""
    kept = dict(list(form.answers.items())[:-1])
    return replace(form, answers=MappingProxyType(kept), entry="", message="")


def view_of(form: Form, asked: Question, *, display: Display, office: str = "") -> View:
    prompt = Text(asked.prompt)
    message = Text(form.message) if form.message else None
    if asked.keys:
        body = KeypadBody(prompt, form.entry, asked.masked, _rows(asked.keys), message)
    else:
        body = keypad(prompt, form.entry, message=message, masked=asked.masked)
    title = Text(form.title)
    return View(
        ScreenId.SETTINGS,
        title,
        body,
        speech=(message,) if message else (title, prompt),
        actions=(*((BACK,) if form.answers else ()), enter_action()),
        display=display,
        office=office,
    )


def _rows(keys: tuple[str, ...]) -> tuple[tuple[Action, ...], ...]:
    rows = [tuple(_key(character) for character in row) for row in keys]
    clear = action("clear", EntryCleared(), ActionStyle.QUIET, pictogram="clear")
    erase = action("delete", KeyErased(), ActionStyle.QUIET, pictogram="delete")
    rows[-1] = (clear, *rows[-1], erase)
    return tuple(rows)


def _key(character: str) -> Action:
    label = Text("key.space") if character == " " else Text("key.character", {"character": character})
    return Action(f"key_{ord(character)}", label, KeyTyped(character))
