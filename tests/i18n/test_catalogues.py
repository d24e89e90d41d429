"""The three catalogues say the same things."""

import string

import pytest

from hw.api import DeviceKind, Eye, FaultCode, SelfTestCode
from kiosk.app.views import Mark, Text
from kiosk.enrollment.person import BackgroundColour, BloodType, Citizenship, MaritalStatus, Religion, Sex
from kiosk.enrollment.positions import CaptureStep, Modality, Position
from kiosk.enrollment.quality_report import Defect
from kiosk.enrollment.record import ExceptionReason, Language, Stage
from kiosk.i18n import UnknownTextError, catalogue, translate

CLOSED_LISTS = [
    *(f"advice.{defect.value}" for defect in Defect),
    *(f"position.{position.value}" for position in Position),
    *(f"modality.{modality.value}" for modality in Modality),
    *(f"mark.{mark.value}" for mark in Mark),
    *(f"stage.{stage.value}" for stage in Stage),
    *(f"exception.{reason.value}" for reason in ExceptionReason),
    *(f"step.{step.value}.{part}" for step in CaptureStep for part in ("title", "instruction")),
    *(f"fault.{code.value}.{reader}" for code in FaultCode for reader in ("resident", "officer")),
    *(f"self_test.{code.value}.{part}" for code in SelfTestCode for part in ("check", "advice")),
    *(f"self_test.eye.{eye.name.lower()}" for eye in Eye),
    *(f"device.{kind.value}" for kind in DeviceKind),
    *(f"background.{colour.value}" for colour in BackgroundColour),
    *(f"religion.{religion.name.lower()}" for religion in Religion),
    *(f"sex.{sex.name.lower()}" for sex in Sex),
    *(f"marital_status.{status.name.lower()}" for status in MaritalStatus),
    *(f"citizenship.{citizenship.name.lower()}" for citizenship in Citizenship),
    *(f"blood_type.{blood.name.lower()}" for blood in BloodType),
    *(f"notice.line{number}" for number in range(1, 6)),
]


def places(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


@pytest.mark.parametrize("language", Language)
def test_every_language_has_the_same_ids(language):
    assert set(catalogue(language)) == set(catalogue(Language.INDONESIAN))


@pytest.mark.parametrize("language", Language)
def test_every_language_has_the_same_places(language):
    reference = catalogue(Language.INDONESIAN)
    differing = [key for key, words in catalogue(language).items() if places(words) != places(reference[key])]
    assert not differing


@pytest.mark.parametrize("language", Language)
def test_no_text_is_empty_or_padded(language):
    assert not [key for key, words in catalogue(language).items() if not words or words != words.strip()]


@pytest.mark.parametrize("text_id", CLOSED_LISTS)
def test_each_member_of_a_closed_list_has_its_words(text_id):
    assert text_id in catalogue(Language.INDONESIAN)


@pytest.mark.parametrize("language", Language)
def test_advice_never_says_that_something_failed(language):
    blame = ("gagal", "salah", "failed", "failure", "error", "klentu")
    spoken = {key: words.lower() for key, words in catalogue(language).items() if key.startswith("advice.")}
    assert not [key for key, words in spoken.items() if any(word in words for word in blame)]


@pytest.mark.parametrize("language", Language)
def test_the_background_is_also_written(language):
    assert "GANJIL" in catalogue(language)["background.red"]
    assert "GENAP" in catalogue(language)["background.blue"]


def test_a_language_button_reads_the_same_in_every_language():
    for button in ("start_id", "start_jv", "start_en"):
        assert len({catalogue(language)[f"action.{button}"] for language in Language}) == 1


def test_values_fill_their_places():
    assert translate(Text("officer.locked", {"seconds": 30}), Language.ENGLISH).count("30") == 1


def test_a_text_within_a_text_is_translated_too():
    text = Text("verify.instruction", {"finger": Text("position.right_index")})
    assert catalogue(Language.ENGLISH)["position.right_index"] in translate(text, Language.ENGLISH)


def test_braces_in_a_value_stay_as_they_are():
    assert translate(Text("value.text", {"text": "{nik}"}), Language.ENGLISH) == "{nik}"


def test_an_unknown_id_is_a_bug():
    with pytest.raises(UnknownTextError, match="no_such_text"):
        translate(Text("no_such_text"), Language.INDONESIAN)


def test_a_missing_value_is_a_bug():
    with pytest.raises(KeyError, match="seconds"):
        translate(Text("officer.locked"), Language.INDONESIAN)
