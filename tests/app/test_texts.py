"""Every word a screen, the voice or the slip may need is there in all three languages."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

import pytest

from hw.api import FaultCode
from kiosk.app.slip import proof_slip
from kiosk.app.views import ScreenId, Text
from kiosk.enrollment.positions import Position
from kiosk.enrollment.record import ExceptionReason, Language, Stage
from kiosk.i18n import translate
from tests.app.screens import views
from tests.enrollment.people import NOW
from tests.enrollment.storyboard import Storyboard

VIEWS = dict(views())


def texts_in(value: object) -> Iterator[Text]:
    if isinstance(value, Text):
        yield value
        value = tuple(value.args.values())
    if is_dataclass(value):
        value = tuple(getattr(value, field.name) for field in fields(value))
    if isinstance(value, tuple):
        for item in value:
            yield from texts_in(item)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", VIEWS)
def test_every_text_of_a_screen_is_translated(name, language):
    for text in texts_in(VIEWS[name]):
        assert translate(text, language).strip()


@pytest.mark.parametrize("language", Language)
def test_every_closed_list_is_translated(language):
    ids = [f"position.{position}" for position in Position]
    ids += [f"exception.{reason}" for reason in ExceptionReason]
    ids += [f"stage.{stage}" for stage in Stage]
    ids += [f"fault.{code}.{reader}" for code in FaultCode for reader in ("resident", "officer")]
    assert all(translate(Text(text_id), language) for text_id in ids)


@pytest.mark.parametrize("language", Language)
def test_the_slip_is_translated_and_hides_the_nik(language):
    story = Storyboard().starts(language).hears_the_notice().identifies().confirms().is_captured_whole()
    slip = proof_slip(story.record, office="Kecamatan Contoh", at=NOW.at)
    assert all(slip.lines)
    assert story.record.person.nik not in "\n".join(slip.lines)
    assert story.record.person.nik[-4:] in "\n".join(slip.lines)


def test_the_stories_reach_every_screen():
    beyond_one_session = {ScreenId.RESUME}
    assert {view.screen for view in VIEWS.values()} | beyond_one_session == set(ScreenId)
