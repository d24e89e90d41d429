"""The runner's threads: what one of them raises comes out at once; only the main one reads the clock."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from kiosk.app.runner import Runner
from kiosk.enrollment.effects import LookUp, SearchGallery, SelfTestDevice
from kiosk.enrollment.events import DeviceTested, GallerySearched
from kiosk.enrollment.screens import Kiosk
from kiosk.security.audit import AuditLog
from kiosk.storage.gallery import TemplateGallery
from tests.app.held_card import HeldCard
from tests.enrollment.people import NOW
from tests.enrollment.storyboard import Storyboard

PATIENCE_S = 60.0


class SlowCard(HeldCard):
    """Its self-test lasts until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()

    def self_test(self) -> Any:
        assert self.let_go.wait(PATIENCE_S)
        return super().self_test()


class BrokenRoster:
    def find(self, code: str) -> Any:
        raise ZeroDivisionError(code)


@dataclass
class Keys:
    nik_hash_key: bytes = bytes(32)


@dataclass
class Sealing:
    gallery: TemplateGallery
    keys: Keys = field(default_factory=Keys)


@dataclass
class Rooms:
    """The part of the services that these effects use: no clock is among it."""

    audit: AuditLog
    sealer: Sealing
    devices: tuple[SlowCard]
    roster: BrokenRoster = field(default_factory=BrokenRoster)
    blobs: object = None


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[Rooms]:
    gallery = TemplateGallery(tmp_path / "gallery", bytes(32))
    made = Rooms(AuditLog(tmp_path / "audit.jsonl", nik_key=None), Sealing(gallery), (SlowCard(),))
    yield made
    made.devices[0].let_go.set()


@pytest.fixture
def events() -> list[object]:
    return []


@pytest.fixture
def runner(rooms: Any, events: list[object]) -> Iterator[Runner]:
    one = Runner(rooms, post=events.append, office="Contoh")
    yield one
    rooms.devices[0].let_go.set()
    one.stop()


def ticks_until_idle(runner: Runner) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not runner.idle:
        assert time.monotonic() < deadline
        runner.raise_bugs()
        time.sleep(0.005)
    runner.raise_bugs()


def test_a_bug_comes_out_while_a_self_test_lasts(runner: Runner, rooms: Rooms, events: list[object]) -> None:
    runner.run(SelfTestDevice(rooms.devices[0].url), Kiosk(unit="UNIT"), NOW)
    runner.run(LookUp("A001"), Kiosk(unit="UNIT"), NOW)
    with pytest.raises(ZeroDivisionError):
        ticks_until_idle(runner)
    assert events == []
    rooms.devices[0].let_go.set()
    ticks_until_idle(runner)
    assert [type(event) for event in events] == [DeviceTested]


def test_a_damaged_entry_is_noted_at_the_time_of_the_search(
    runner: Runner, events: list[object], tmp_path: Path
) -> None:
    (tmp_path / "gallery" / "UNIT-000009.templates").write_bytes(b"\xff" * 900)
    story = Storyboard().reaches_capture()
    runner.run(SearchGallery(story.record.id, ()), story.kiosk, NOW)
    ticks_until_idle(runner)
    assert [type(event) for event in events] == [GallerySearched]
    (line,) = map(json.loads, (tmp_path / "audit.jsonl").read_text().splitlines())
    assert "UNIT-000009" in json.dumps(line)
    assert NOW.at.isoformat()[:19] in json.dumps(line)
