"""The officer types the passphrase of the data partition; `data-partition` reads it from a pipe."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from kiosk.app.views import Display, MessageBody, ScreenId, Text, View
from kiosk.appliance.form import SMALL, Form, Question, cleared, entered, erased, typed, view_of, went_back
from kiosk.appliance.form_port import FormPort
from kiosk.enrollment.events import EntryCleared, EntrySubmitted, KeyErased, KeyTyped, WentBack

SHORTEST = 12
"""Argon2id with 256 MiB makes each guess dear; twelve characters outlast a stolen card."""
_LONGEST = 64


def _long_enough(entry: str, _answers: Mapping[str, str]) -> str:
    return "" if len(entry) >= SHORTEST else "passphrase.too_short"


def _same(entry: str, answers: Mapping[str, str]) -> str:
    return "" if entry == answers["passphrase"] else "passphrase.differs"


def _anything(entry: str, _answers: Mapping[str, str]) -> str:
    return "" if entry else "passphrase.too_short"


_NEW = Question("passphrase", "passphrase.choose", _long_enough, SMALL, masked=True, longest=_LONGEST)
_AGAIN = Question("again", "passphrase.again", _same, SMALL, masked=True, longest=_LONGEST)
_KNOWN = Question("passphrase", "passphrase.open", _anything, SMALL, masked=True, longest=_LONGEST)


def form_for(asked: str) -> Form:
    """asked: what `data-partition` wrote: `choose`, `open` or `wrong`, and the question's number."""
    reason = asked.partition(" ")[0]
    if reason == "choose":
        return Form("passphrase.title", (_NEW, _AGAIN))
    return Form("passphrase.title", (_KNOWN,), message="passphrase.wrong" if reason == "wrong" else "")


class PassphraseScreen(FormPort):
    """pipe: where the answer goes; asked: the file that holds the question, replaced with each new one."""

    def __init__(self, pipe: Path, asked: Path) -> None:
        self._pipe, self._asked = pipe, asked
        self._question = self._answer = ""
        self._form = Form("passphrase.title", ())
        self._view = self._drawn()

    def tick(self) -> None:
        """Another question makes another form; while the answer is tried, the screen says so."""
        try:
            question = self._asked.read_text().strip()
        except OSError:
            question = ""
        if question and question != self._question:
            self._question, self._answer = question, ""  # an answer that nobody read was to the one before
            self._set(form_for(question))
        self._hand_over()

    def view(self) -> View:
        return self._view

    def dispatch(self, event: object) -> None:
        match event:
            case KeyTyped(character):
                self._set(typed(self._form, character))
            case KeyErased():
                self._set(erased(self._form))
            case EntryCleared():
                self._set(cleared(self._form))
            case WentBack():
                self._set(went_back(self._form))
            case EntrySubmitted():
                self._set(entered(self._form))
                if self._form.question is None:
                    self._answer = self._form.answers["passphrase"]
                    self._set(Form("passphrase.title", ()))
                    self._hand_over()

    def _hand_over(self) -> None:
        """As soon as the pipe has a reader, who may come a moment later than the answer."""
        if not self._answer:
            return
        try:
            pipe = os.open(self._pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return
        try:
            os.write(pipe, f"{self._answer}\n".encode())  # at most PIPE_BUF: whole or not at all, pipe(7)
        except OSError:  # the reader left in between: the next one gets it
            return
        finally:
            os.close(pipe)
        self._answer = ""

    def _set(self, form: Form) -> None:
        self._form = form
        self._view = self._drawn()

    def _drawn(self) -> View:
        asked = self._form.question
        if asked is not None:
            return view_of(self._form, asked, display=Display())
        waiting = Text("passphrase.waiting")
        body = MessageBody("lock", (waiting,), busy=True)
        return View(ScreenId.SETTINGS, Text("passphrase.title"), body, speech=(waiting,))
