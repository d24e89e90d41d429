"""A slip left unprinted by a kiosk that was switched off comes out of a real printer's line when it can."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from types import MappingProxyType

import pytest

from hw.api import DeviceState
from hw.sim.printer import SimulatedPrinter
from kiosk.app.controller import Controller
from kiosk.compose import Unit, assemble
from kiosk.config import Config, load
from kiosk.enrollment.events import FinaliseAsked, Sealed
from kiosk.enrollment.fact_versions import fact_to_line
from kiosk.security.keys import provision_development
from kiosk.storage.layout import DataFolder
from kiosk.storage.outbox import Outbox
from tests.enrollment.people import NOW
from tests.enrollment.storyboard import Storyboard


@pytest.fixture
def printer() -> Iterator[SimulatedPrinter]:
    simulated = SimulatedPrinter()
    simulated.start()
    yield simulated
    simulated.stop()


@contextmanager
def running(config: Config) -> Iterator[Unit]:
    unit = assemble(config)
    try:
        yield unit
    finally:
        unit.stop()


def tick_until(controller: Controller, reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not reached():
        assert time.monotonic() < deadline
        controller.tick()
        time.sleep(0.02)


def until_settled(controller: Controller) -> None:
    tick_until(controller, lambda: not controller.kiosk.slips_due and not controller.busy)


@pytest.fixture
def config(tmp_path, printer) -> Config:
    """Of a kiosk that sealed a packet and lost power before the slip was out."""
    provision_development(tmp_path / "keys")
    folders = {"data": tmp_path / "data", "keys": tmp_path / "keys"}
    config = replace(load(), **folders, speech="silent", unit_id="UNIT")
    story = Storyboard().reaches_the_officer().officer_opens_the_record().happens(FinaliseAsked())
    with closing(Outbox(DataFolder(config.data).outbox)) as outbox:
        now = dt.datetime.now(dt.UTC)
        packet = outbox.put(b"sealed", enrollment_id=story.record.id, nik_hash="ab", sealed_at=now)
    story.happens(Sealed(story.record.id, packet))
    with running(config) as unit:
        for enrollment_id, fact in story.facts:
            unit.controller.services.journal.append(enrollment_id, fact_to_line(fact), NOW)
    return replace(config, devices=MappingProxyType({"printer": printer.url}))


def test_a_slip_left_over_is_printed_at_the_next_start_and_once_only(config, printer):
    for _ in range(2):
        with running(config) as unit:
            until_settled(unit.controller)
        (slip,) = printer.slips
        assert "UNIT-000001" in "\n".join(slip.text())


@pytest.mark.parametrize("fault", ["paper_out", "cover_open", "offline"])
def test_it_waits_for_the_printer_and_comes_out_when_it_heals(config, printer, fault):
    printer.fail(fault)
    with running(config) as unit:
        tick_until(unit.controller, lambda: unit.devices.printer.state() is DeviceState.FAULT)
        assert unit.controller.kiosk.slips_due
        assert not printer.slips
        printer.fail(fault, count=0)
        until_settled(unit.controller)
    assert len(printer.slips) == 1
