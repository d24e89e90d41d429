"""Owns the state of the kiosk. Everything here runs on the window's thread and returns at once.

Events from other threads wait in a queue until `tick`; so the rules need no locks, and a screen never
changes in the middle of a frame.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hw.api import DeviceState, Frame, PadGeometry, PanelInputs, PenPoint, PowerStatus
from kiosk.app.ink import ScreenInk
from kiosk.app.officer_card import presence_of
from kiosk.app.runner import Runner
from kiosk.app.services import Services
from kiosk.app.settings import LanguageSet, Setting, changed
from kiosk.app.thumbnails import Thumbnails
from kiosk.app.view import settings_view, view_of
from kiosk.app.views import Display, Text, View
from kiosk.enrollment import flow
from kiosk.enrollment.effects import Effect
from kiosk.enrollment.events import (
    CardChanged,
    CodeScanned,
    Event,
    IdleElapsed,
    LanguageChosen,
    OfficerCalled,
    PowerChanged,
    PrinterReady,
)
from kiosk.enrollment.screens import Attract, Capturing, Kiosk, OfficerDiagnosing, StillThere

RECEIPT_INTERVAL_S = 1.0
SLIP_INTERVAL_S = 2.0
EXAMINE_INTERVAL_S = 1.0
REPEAT_ADVICE_S = 4.0
"""Advice that changes with every frame is spoken this often at most; the screen shows it at once."""


class Controller:
    """office: shown on every screen. started: the state after recovery and its unfinished effects."""

    def __init__(
        self,
        services: Services,
        started: tuple[Kiosk, tuple[Effect, ...]],
        *,
        office: str,
        ink: ScreenInk,
        events: deque[Event],
        on_step: Callable[[Kiosk, Event], None] = lambda _kiosk, _event: None,
    ) -> None:
        self._services = services
        self._kiosk, unfinished = started
        self._office = office
        self._ink = ink
        self._events = events
        self._on_step = on_step
        self._display = Display()
        self._settings_open = False
        self._runner = Runner(services, post=events.append, office=office)
        self._thumbnails = Thumbnails(services.blobs)
        self._view = view_of(self._kiosk, self._display, office=office)
        self._said: tuple[Text, ...] = ()
        self._said_at_s = 0.0
        self._touched_s = services.clock.monotonic_s()
        self._receipts_s = 0.0
        self._examined_s = 0.0
        self._slips_s = 0.0
        self._inputs = PanelInputs()
        now = services.clock.now()
        for effect in unfinished:
            self._runner.run(effect, self._kiosk, now)

    @property
    def kiosk(self) -> Kiosk:
        return self._kiosk

    @property
    def services(self) -> Services:
        return self._services

    @property
    def busy(self) -> bool:
        """Effects are running or events are waiting."""
        return bool(self._events) or not self._runner.idle

    def stop(self) -> None:
        self._runner.stop()

    # --- the UI's port ---------------------------------------------------------------------------

    def tick(self) -> None:
        self._runner.raise_bugs()
        self._read_code_scanner()
        self._read_panel()
        self._read_card()
        self._read_power()
        for _ in range(len(self._events)):  # not those that come meanwhile: a frame is to be drawn
            self._step(self._events.popleft())
        now_s = self._services.clock.monotonic_s()
        self._watch_idle(now_s)
        if now_s - self._receipts_s >= RECEIPT_INTERVAL_S:
            self._receipts_s = now_s
            self._runner.look_for_receipts(self._kiosk)
            self._runner.purge_kept(self._kiosk.policy, self._services.clock.now())
        if now_s - self._slips_s >= SLIP_INTERVAL_S:
            self._slips_s = now_s
            self._print_waiting_slips()
        diagnosing = isinstance(self._kiosk.screen, OfficerDiagnosing)
        if diagnosing and now_s - self._examined_s >= EXAMINE_INTERVAL_S:
            self._examined_s = now_s
            self._runner.examine(self._services.clock.now())
        self._speak(now_s)

    def view(self) -> View:
        return self._view

    def dispatch(self, event: object) -> None:
        self._touched_s = self._services.clock.monotonic_s()
        if isinstance(event, Setting | LanguageSet):
            self._set(event)
        elif isinstance(event, Event):
            self._step(event)
        else:
            raise TypeError(f"{event!r} is no event of this kiosk")

    def activity(self, *, touched: bool) -> None:
        self._touched_s = self._services.clock.monotonic_s()
        if touched and self._display.dark:
            self._display = replace(self._display, dark=False)
            self._show()

    def announce(self, texts: tuple[Text, ...]) -> None:
        self._services.voice.say(texts, self._display.language, self._display.volume_percent)

    def frame(self, slot: str) -> Frame | None:
        return self._services.capture.preview() if slot else None

    def image(self, sha256: str) -> NDArray[np.uint8] | None:
        screen = self._kiosk.screen
        return self._thumbnails.get(getattr(screen, "enrollment_id", ""), sha256)

    def ink(self, points: tuple[PenPoint, ...], geometry: PadGeometry) -> None:
        self._ink.add(points, geometry)

    # --- inside ------------------------------------------------------------------------------------

    def _step(self, event: Event) -> None:
        before, now = self._kiosk, self._services.clock.now()
        self._kiosk, effects = flow.step(before, event, now)
        if self._kiosk is not before:
            self._runner.note(event, now)
        for effect in effects:
            self._runner.run(effect, self._kiosk, now)
        if isinstance(event, LanguageChosen) and self._kiosk is not before:
            self._display = changed(self._display, LanguageSet(event.language))
        if isinstance(self._kiosk.screen, Attract) and not isinstance(before.screen, Attract):
            self._reset()
        if self._kiosk is not before:
            self._show()
        self._on_step(self._kiosk, event)

    def _set(self, event: Setting | LanguageSet) -> None:
        match event:
            case Setting.REPEAT:
                self._said = ()
            case Setting.OPENED | Setting.CLOSED:
                self._settings_open = event is Setting.OPENED
            case _:
                self._display = changed(self._display, event)
        self._show()

    def _reset(self) -> None:
        """Nothing of one resident reaches the next."""
        self._display = Display()
        self._settings_open = False
        self._thumbnails.forget()
        self._ink.clear()
        self._services.voice.stop()

    def _show(self) -> None:
        if self._settings_open:
            self._view = settings_view(self._display, office=self._office)
        else:
            self._view = view_of(self._kiosk, self._display, office=self._office)

    def _speak(self, now_s: float) -> None:
        speech = self._view.speech
        if speech == self._said:
            return
        advising = isinstance(self._kiosk.screen, Capturing) and len(speech) == 1
        if advising and now_s - self._said_at_s < REPEAT_ADVICE_S:
            return
        self._said, self._said_at_s = speech, now_s
        if speech:
            self._services.voice.say(speech, self._display.language, self._display.volume_percent)

    def _watch_idle(self, now_s: float) -> None:
        policy = self._kiosk.policy
        limit_s = policy.still_there_s if isinstance(self._kiosk.screen, StillThere) else policy.idle_s
        if now_s - self._touched_s >= limit_s:
            self._touched_s = now_s
            self._step(IdleElapsed())

    def _read_panel(self) -> None:
        """Turning the officer's key asks for the sign-in, once per turn."""
        if self._services.panel is None:
            return
        inputs = self._services.panel.inputs()
        if inputs.officer_key and not self._inputs.officer_key:
            self.dispatch(OfficerCalled())
        self._inputs = inputs

    def _print_waiting_slips(self) -> None:
        printer = self._services.printer
        waiting = self._kiosk.slips_due and not self._kiosk.printing
        if printer is not None and waiting and printer.state() is DeviceState.READY:
            self._step(PrinterReady())

    def _read_card(self) -> None:
        presence = presence_of(self._services.card)
        if presence is not None and presence is not self._kiosk.card:
            self._step(CardChanged(presence))

    def _read_power(self) -> None:
        """A supply that cannot be asked says nothing new."""
        power = self._services.power.power() if self._services.power is not None else None
        if isinstance(power, PowerStatus) and power.critical is not self._kiosk.power_low:
            self._step(PowerChanged(power.critical))

    def _read_code_scanner(self) -> None:
        scanner = self._services.code
        code = scanner.read() if scanner is not None else None
        if isinstance(code, str):
            self.dispatch(CodeScanned(code))
