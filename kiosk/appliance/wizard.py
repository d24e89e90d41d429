"""The first start on the screen: from a stick's signed file or typed; the request out, the certificate in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from enum import Enum, auto
from pathlib import Path

import numpy as np
import segno
from numpy.typing import NDArray

from kiosk.app.parts import BACK
from kiosk.app.views import Action, ActionStyle, Display, MessageBody, ScreenId, Text, View
from kiosk.appliance.form import (
    ADDRESS,
    CAPITALS,
    Form,
    Question,
    cleared,
    entered,
    erased,
    typed,
    view_of,
    went_back,
)
from kiosk.appliance.form_port import FormPort
from kiosk.appliance.provisioning import (
    Places,
    ProvisioningError,
    Setup,
    pending,
    pending_request,
    remove_listing,
)
from kiosk.appliance.provisioning_files import SIGNED, begin_from, begin_typed, finish_from
from kiosk.config import RULES
from kiosk.courier.office_stick import StickError, stick
from kiosk.enrollment.events import EntryCleared, EntrySubmitted, KeyErased, KeyTyped, WentBack
from kiosk.storage.layout import DataFolder

REQUEST = "request"
"""Id of the picture that is the request for a certificate."""


class Choice(Enum):
    """What an officer may press beside the keys."""

    FROM_STICK = auto()
    TYPE = auto()
    STICK_IS_IN = auto()


def _setting(key: str) -> Callable[[str, Mapping[str, str]], str]:
    """The configuration's own rule for the value, so that nothing is taken here and refused there."""
    return lambda entry, _answers: "" if RULES[key].accepts(entry) else "provision.not_allowed"


def _number(entry: str, _answers: Mapping[str, str]) -> str:
    return "" if re.fullmatch("[0-9]{2,12}", entry) else "provision.not_allowed"


def _pin(entry: str, _answers: Mapping[str, str]) -> str:
    return "" if re.fullmatch("[0-9]{6,12}", entry) else "provision.pin_length"


def _same_pin(entry: str, answers: Mapping[str, str]) -> str:
    return "" if entry == answers["pin"] else "provision.pin_differs"


QUESTIONS = (
    Question("unit_id", "provision.unit_id", _setting("unit.id"), CAPITALS),
    Question("office", "provision.office", _setting("unit.office"), CAPITALS, longest=60),
    Question("store", "provision.store", _setting("uplink.store"), ADDRESS, longest=200),
    Question("supervisor", "provision.supervisor", _number, longest=12),
    Question("pin", "provision.pin", _pin, masked=True, longest=12),
    Question("pin_again", "provision.pin_again", _same_pin, masked=True, longest=12),
)


class Stage(Enum):
    """What the screen shows. The value is the text ids' part."""

    CHOOSE = "choose"
    TYPING = "typing"
    STICK_FOR_REQUEST = "stick_for_request"
    STICK_FOR_CERTIFICATE = "stick_for_certificate"
    WORKING = "working"
    DONE = "done"


class Wizard(FormPort):
    """authority: who signs files of settings. open_stick: mounts the officer's stick for a block."""

    def __init__(
        self,
        places: Places,
        *,
        authority: Path,
        open_stick: Callable[[], AbstractContextManager[Path]] = stick,
    ) -> None:
        self._places = places
        self._authority = authority
        self._open_stick = open_stick
        self._form = Form("provision.title", QUESTIONS)
        self._problem: Text | None = None
        self._worker = ThreadPoolExecutor(1, "provision")
        self._outcome: Future[tuple[Stage, Text | None]] | None = None
        self._stage = Stage.CHOOSE if pending(places) is None else Stage.STICK_FOR_CERTIFICATE
        self._request = _waiting_request(places)
        remove_listing(DataFolder(places.data))
        self._view = self._drawn()

    @property
    def done(self) -> bool:
        return self._stage is Stage.DONE

    def tick(self) -> None:
        """Takes over what the worker found out, and raises what it did not expect."""
        if self._outcome is None or not self._outcome.done():
            return
        self._stage, self._problem = self._outcome.result()
        self._outcome = None
        if self._stage is Stage.STICK_FOR_CERTIFICATE:
            self._request = _waiting_request(self._places)
        self._view = self._drawn()

    def view(self) -> View:
        return self._view

    def image(self, sha256: str) -> NDArray[np.uint8] | None:
        return self._request if sha256 == REQUEST else None

    def dispatch(self, event: object) -> None:
        if self._stage is Stage.WORKING:
            return
        self._problem = None
        match event:
            case Choice.FROM_STICK:
                self._work(self._begin_signed, otherwise=Stage.CHOOSE)
            case Choice.TYPE:
                self._stage = Stage.TYPING
            case Choice.STICK_IS_IN if self._stage is Stage.STICK_FOR_REQUEST:
                self._work(self._begin_typed, otherwise=Stage.STICK_FOR_REQUEST)
            case Choice.STICK_IS_IN:
                self._work(self._finish, otherwise=Stage.STICK_FOR_CERTIFICATE)
            case WentBack() if self._stage in (Stage.STICK_FOR_REQUEST, Stage.STICK_FOR_CERTIFICATE):
                self._form, self._stage = Form("provision.title", QUESTIONS), Stage.CHOOSE
            case KeyTyped(character):
                self._form = typed(self._form, character)
            case KeyErased():
                self._form = erased(self._form)
            case EntryCleared():
                self._form = cleared(self._form)
            case WentBack() if not self._form.answers:
                self._stage = Stage.CHOOSE
            case WentBack():
                self._form = went_back(self._form)
            case EntrySubmitted():
                self._form = entered(self._form)
                if self._form.question is None:
                    self._stage = Stage.STICK_FOR_REQUEST
        self._view = self._drawn()

    def _work(self, step: Callable[[Path], Stage], *, otherwise: Stage) -> None:
        """Off the drawing thread: a stick and Argon2id take seconds."""
        self._stage = Stage.WORKING

        def run() -> tuple[Stage, Text | None]:
            try:
                with self._open_stick() as folder:
                    return step(folder), None
            except StickError as error:
                return otherwise, Text(f"provision.stick_{error}")
            except (ProvisioningError, OSError) as error:
                return otherwise, Text("provision.problem", {"detail": str(error)})

        self._outcome = self._worker.submit(run)

    def _begin_signed(self, folder: Path) -> Stage:
        begin_from(self._places, folder / SIGNED, authority=self._authority)
        return Stage.STICK_FOR_CERTIFICATE

    def _begin_typed(self, folder: Path) -> Stage:
        answers = self._form.answers
        setup = Setup(
            unit_id=answers["unit_id"],
            office=answers["office"],
            store=answers["store"],
            devices={},
            device_authority=b"",
            centre_authority=b"",
            supervisor=answers["supervisor"],
            pin=answers["pin"],
        )
        begin_typed(self._places, setup, folder)
        return Stage.STICK_FOR_CERTIFICATE

    def _finish(self, folder: Path) -> Stage:
        finish_from(self._places, folder)
        return Stage.DONE

    def _drawn(self) -> View:
        asked = self._form.question
        if self._stage is Stage.TYPING and asked is not None:
            view = view_of(self._form, asked, display=Display())
            return view if self._form.answers else replace(view, actions=(BACK, *view.actions))
        actions: tuple[Action, ...] = ()
        pictogram = "settings"
        match self._stage:
            case Stage.CHOOSE:
                actions = (
                    _button("type", Choice.TYPE),
                    _button("from_stick", Choice.FROM_STICK, ActionStyle.PRIMARY),
                )
            case Stage.STICK_FOR_REQUEST | Stage.STICK_FOR_CERTIFICATE:
                actions = (BACK, _button("stick_is_in", Choice.STICK_IS_IN, ActionStyle.PRIMARY))
        lines = (Text(f"provision.{self._stage.value}"), *((self._problem,) if self._problem else ()))
        picture = REQUEST if self._stage is Stage.STICK_FOR_CERTIFICATE and self._request is not None else ""
        body = MessageBody(pictogram, lines, busy=self._stage is Stage.WORKING, picture=picture)
        title = Text("provision.title")
        return View(ScreenId.SETTINGS, title, body, speech=(title, *lines), actions=actions)


def qr_code(text: bytes) -> NDArray[np.uint8]:
    """RGB, one pixel a module, with the four modules of rest around it that ISO/IEC 18004 asks for."""
    modules = np.array([list(row) for row in segno.make(text, error="l", micro=False).matrix_iter(border=4)])
    grey = np.where(modules, 0, 255).astype(np.uint8)
    return np.repeat(grey[:, :, np.newaxis], 3, axis=2)


def _waiting_request(places: Places) -> NDArray[np.uint8] | None:
    """As a picture, for an authority that scans. None also for keys that do not open, which `finish` tells."""
    try:
        request = pending_request(places)
    except ProvisioningError:
        return None
    return None if request is None else qr_code(request)


def _button(name: str, choice: Choice, style: ActionStyle = ActionStyle.SECONDARY) -> Action:
    return Action(name, Text(f"provision.button_{name}"), choice, style)
