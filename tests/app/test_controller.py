"""The controller with real rooms and no devices: idle, settings, absent devices, what is written down."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

import pytest

from kiosk.app.clock import Clock
from kiosk.app.controller import Controller
from kiosk.app.ink import ScreenInk
from kiosk.app.settings import LanguageSet, Setting
from kiosk.app.views import ScreenId, View
from kiosk.compose import assemble
from kiosk.config import load
from kiosk.enrollment import events as ev
from kiosk.enrollment.policy import Policy
from kiosk.enrollment.record import Language
from kiosk.security.audit import AuditLog
from kiosk.security.keys import provision_development
from kiosk.storage.layout import DataFolder
from kiosk.storage.roster import Roster
from kiosk.storage.roster_csv import write_roster
from tests.enrollment.people import RESIDENT


class Kiosk:
    """One assembled kiosk in a folder of its own."""

    def __init__(self, folder, **policy) -> None:
        if not (folder / "keys").exists():
            provision_development(folder / "keys")
            listing = folder / "roster.csv"
            listing.write_bytes(write_roster([RESIDENT]))
            roster = Roster(DataFolder(folder / "data").roster)
            roster.import_csv(listing)
            roster.close()
        rules = replace(Policy(), **policy)
        config = replace(load(), data=folder / "data", keys=folder / "keys", policy=rules, speech="silent")
        self.data = DataFolder(folder / "data")
        self.unit = assemble(config)
        self.controller = self.unit.controller

    @property
    def view(self) -> View:
        return self.controller.view()

    def does(self, *events: object) -> Kiosk:
        for event in events:
            self.controller.dispatch(event)
            self.until(lambda: not self.controller.busy)
        return self

    def until(self, reached: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not reached():
            assert time.monotonic() < deadline, f"still on {self.view.screen}"
            self.controller.tick()
            time.sleep(0.005)

    def sees(self, screen: ScreenId) -> Kiosk:
        self.until(lambda: self.view.screen is screen)
        return self

    def identifies(self) -> Kiosk:
        self.does(ev.LanguageChosen(Language.ENGLISH), ev.Continued())
        self.does(*(ev.KeyTyped(character) for character in RESIDENT.ticket), ev.EntrySubmitted())
        return self.sees(ScreenId.CONFIRM_BIODATA)


@pytest.fixture
def kiosk(tmp_path):
    made = []

    def start(**policy) -> Kiosk:
        made.append(Kiosk(tmp_path, **policy))
        return made[-1]

    yield start
    for one in made:
        one.unit.stop()


def test_the_chosen_language_holds_for_the_session_and_not_beyond(kiosk):
    one = kiosk().does(ev.LanguageChosen(Language.JAVANESE))
    assert one.view.display.language is Language.JAVANESE
    one.does(ev.StopAsked(), ev.StopConfirmed()).sees(ScreenId.ATTRACT)
    assert one.view.display.language is Language.INDONESIAN


def test_settings_open_over_any_screen_and_give_it_back(kiosk):
    one = kiosk().does(ev.LanguageChosen(Language.ENGLISH), Setting.OPENED)
    assert one.view.screen is ScreenId.SETTINGS
    one.does(Setting.LARGER_TEXT, Setting.CONTRAST, LanguageSet(Language.INDONESIAN), Setting.CLOSED)
    assert one.view.screen is ScreenId.NOTICE
    display = one.view.display
    assert (display.text_step, display.high_contrast, display.language) == (2, True, Language.INDONESIAN)


def test_the_next_resident_gets_a_fresh_display(kiosk):
    one = kiosk().does(ev.LanguageChosen(Language.ENGLISH), Setting.LARGER_TEXT, Setting.CONTRAST)
    one.does(ev.StopAsked(), ev.StopConfirmed()).sees(ScreenId.ATTRACT)
    assert (one.view.display.text_step, one.view.display.high_contrast) == (1, False)


def test_a_quiet_resident_is_asked_then_parked_and_comes_back(kiosk):
    one = kiosk(idle_s=0.3, still_there_s=0.3).identifies()
    one.sees(ScreenId.STILL_THERE)
    one.sees(ScreenId.ATTRACT)
    one.identifies()


def test_a_touch_restarts_the_idle_time(kiosk):
    """On a clock that stands until it is moved."""
    one, now_ns = kiosk(idle_s=60.0, still_there_s=30.0), [0]
    services = replace(one.controller.services, clock=Clock(monotonic_ns=lambda: now_ns[0]))
    started = (one.controller.kiosk, ())
    controller = Controller(services, started, office="Contoh", ink=ScreenInk(), events=deque())
    controller.dispatch(ev.LanguageChosen(Language.ENGLISH))
    for _ in range(10):
        now_ns[0] += 59 * 10**9
        controller.activity(touched=True)
        controller.tick()
        assert controller.view().screen is ScreenId.NOTICE
    now_ns[0] += 60 * 10**9
    controller.tick()
    assert controller.view().screen is ScreenId.STILL_THERE
    controller.stop()


def test_a_unit_without_a_camera_says_so_and_has_a_way_out(kiosk):
    one = kiosk().identifies().does(ev.BiodataAccepted()).sees(ScreenId.DEVICE_FAULT)
    assert {action.id for action in one.view.actions} == {"call_officer"}
    one.does(ev.HelpAsked()).sees(ScreenId.HELP_COMING)


def test_something_that_is_no_event_is_a_bug(kiosk):
    with pytest.raises(TypeError, match="no event"):
        kiosk().controller.dispatch("continue")


def test_a_restart_asks_who_is_there_and_goes_on(kiosk):
    first = kiosk().identifies()
    first.unit.stop()
    second = kiosk().sees(ScreenId.RESUME)
    second.does(*(ev.KeyTyped(character) for character in RESIDENT.nik), ev.EntrySubmitted())
    second.sees(ScreenId.CONFIRM_BIODATA)


def test_the_audit_log_is_sound_and_names_nobody(kiosk):
    one = kiosk().identifies()
    one.does(ev.StopAsked(), ev.StopConfirmed()).sees(ScreenId.ATTRACT)
    text = one.data.audit.read_text()
    assert AuditLog(one.data.audit, nik_key=None).verify().sound
    assert "person_looked_up" in text
    assert "aborted" in text
    for secret in (RESIDENT.nik, RESIDENT.kk, RESIDENT.name, RESIDENT.ticket):
        assert secret not in text
