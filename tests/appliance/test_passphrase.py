"""The passphrase of the data partition, typed by an officer and handed through a pipe."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from kiosk.app.views import KeypadBody, MessageBody
from kiosk.appliance.form import CAPITALS, SMALL
from kiosk.appliance.passphrase import PassphraseScreen
from kiosk.enrollment.events import EntrySubmitted, KeyTyped


class Passphrase:
    def __init__(self, folder: Path) -> None:
        self.pipe, self.asked = folder / "passphrase", folder / "passphrase.asked"
        os.mkfifo(self.pipe)
        self.screen = PassphraseScreen(self.pipe, self.asked)

    def asks(self, question: str) -> None:
        self.asked.write_text(question)
        self.screen.tick()

    def types(self, text: str) -> str:
        """What came out of the pipe, if anything did."""
        got: list[str] = []
        reader = threading.Thread(target=lambda: got.append(self.pipe.read_text()), daemon=True)
        reader.start()
        body = self.screen.view().body
        assert isinstance(body, KeypadBody)
        keys = {
            key.label.args.get("character", " "): key
            for row in body.rows
            for key in row
            if key.id.startswith("key_")
        }
        for character in text:
            self.screen.dispatch(keys[character].event)
        (enter,) = [each for each in self.screen.view().actions if each.id == "enter"]
        self.screen.dispatch(enter.event)
        if isinstance(self.screen.view().body, KeypadBody):  # not sent: let the reader go
            self.pipe.write_text("-")
        while reader.is_alive():
            self.screen.tick()  # a frame; the reader may come after the answer
            reader.join(timeout=0.01)
        return got[0]

    def message(self) -> str:
        body = self.screen.view().body
        return body.message.id if isinstance(body, KeypadBody) and body.message else ""


def test_a_new_passphrase_is_typed_twice(tmp_path: Path) -> None:
    at = Passphrase(tmp_path)
    at.asks("choose 1")
    assert at.types("pendek") == "-"
    assert at.message() == "passphrase.too_short"
    assert at.types("kunci besar 2027") == "-"
    assert at.types("kunci besar 2026") == "-"
    assert at.message() == "passphrase.differs"
    assert at.types("kunci besar 2027") == "kunci besar 2027\n"
    assert isinstance(at.screen.view().body, MessageBody)


def test_a_wrong_passphrase_is_asked_for_again(tmp_path: Path) -> None:
    at = Passphrase(tmp_path)
    at.asks("open 1")
    assert at.types("salah") == "salah\n"
    at.asks("wrong 2")
    assert at.message() == "passphrase.wrong"
    assert at.types("kunci besar 2027") == "kunci besar 2027\n"


def test_a_passphrase_is_never_shown(tmp_path: Path) -> None:
    at = Passphrase(tmp_path)
    at.asks("open 1")
    body = at.screen.view().body
    assert isinstance(body, KeypadBody)
    assert body.masked
    assert set("".join(SMALL)) >= set("abcdefghijklmnopqrstuvwxyz0123456789 ")
    assert set("".join(CAPITALS)) >= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")


def test_a_reader_who_leaves_before_the_answer_gets_it_when_it_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = Passphrase(tmp_path)
    at.asks("open 1")
    for character in "abc":
        at.screen.dispatch(KeyTyped(character))
    reader, opening = os.open(at.pipe, os.O_RDONLY | os.O_NONBLOCK), os.open

    def opened_as_the_reader_leaves(path: Path, flags: int) -> int:
        pipe = opening(path, flags)
        os.close(reader)
        return pipe

    with monkeypatch.context() as leaving:
        leaving.setattr(os, "open", opened_as_the_reader_leaves)
        at.screen.dispatch(EntrySubmitted())
    again = os.open(at.pipe, os.O_RDONLY | os.O_NONBLOCK)
    at.screen.tick()
    assert os.read(again, 64) == b"abc\n"
    at.screen.tick()
    assert os.read(again, 64) == b"", "handed over once"
    os.close(again)


def test_an_answer_that_nobody_read_is_none_to_the_next_question(tmp_path: Path) -> None:
    at = Passphrase(tmp_path)
    at.asks("open 1")
    at.screen.dispatch(KeyTyped("a"))
    at.screen.dispatch(EntrySubmitted())  # no reader
    at.asks("open 2")
    reader = os.open(at.pipe, os.O_RDONLY | os.O_NONBLOCK)
    at.screen.tick()
    assert os.read(reader, 64) == b""
    assert isinstance(at.screen.view().body, KeypadBody)
    os.close(reader)
