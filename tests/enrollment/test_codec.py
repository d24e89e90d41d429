"""Values survive the journal: written as JSON, read back equal, and anything that does not fit is named."""

from __future__ import annotations

import datetime as dt
import json
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.enrollment.codec import CodecError, from_json, to_json
from kiosk.enrollment.facts import Fact
from kiosk.enrollment.person import Person, Sex
from kiosk.enrollment.positions import CaptureStep, Position
from kiosk.enrollment.quality_report import QualityReport
from kiosk.enrollment.record import ClockTrust, Enrollment, Language, Stage, Stamp

moments = st.datetimes(timezones=st.just(dt.timezone(dt.timedelta(hours=7))))
finite = st.floats(allow_nan=False, allow_infinity=False)
st.register_type_strategy(dt.datetime, moments)
reports = st.builds(
    QualityReport,
    score=st.none() | st.integers(0, 100),
    metrics=st.dictionaries(st.text(), finite).map(MappingProxyType),
)
st.register_type_strategy(QualityReport, reports)
st.register_type_strategy(float, finite)

STAMP = Stamp(at=dt.datetime(2026, 3, 2, 8, 0, tzinfo=dt.UTC), trust=ClockTrust.OFFICER, monotonic_ns=5)
ENROLLMENT = Enrollment(id="e1", language=Language.INDONESIAN, stage=Stage.NOTICE, started=STAMP)


def through_text(value: object) -> object:
    return json.loads(json.dumps(to_json(value), allow_nan=False))


@settings(max_examples=40, deadline=None)
@given(st.from_type(Enrollment))
def test_every_enrollment_survives_the_journal(enrollment: Enrollment):
    assert from_json(Enrollment, through_text(enrollment)) == enrollment


@settings(max_examples=40, deadline=None)
@given(st.from_type(Person))
def test_every_person_survives(person: Person):
    assert from_json(Person, through_text(person)) == person


@settings(max_examples=40, deadline=None)
@given(reports)
def test_every_report_survives(report: QualityReport):
    assert from_json(QualityReport, through_text(report)) == report


@settings(max_examples=60, deadline=None)
@given(st.from_type(Fact))
def test_every_fact_survives_the_journal(fact: Fact):
    assert from_json(Fact, through_text(fact)) == fact


@dataclass(frozen=True, slots=True)
class Touched:
    position: Position


@dataclass(frozen=True, slots=True)
class Captured:
    scores: Mapping[Position, int]
    place: tuple[int, float]
    note: str | int | None


Happening = Touched | Captured


@dataclass(frozen=True, slots=True)
class Diary:
    first: Happening
    rest: tuple[Happening, ...]
    last: typing.Optional[Touched]  # noqa: UP045 - both spellings must read


happenings = st.builds(Touched) | st.builds(
    Captured, scores=st.dictionaries(st.sampled_from(Position), st.integers())
)


@settings(max_examples=40, deadline=None)
@given(st.builds(Diary, first=happenings, rest=st.lists(happenings).map(tuple)))
def test_unions_nested_and_optional_survive(diary: Diary):
    assert from_json(Diary, through_text(diary)) == diary


@settings(max_examples=40, deadline=None)
@given(happenings)
def test_a_union_at_the_top_survives(happening: Happening):
    assert from_json(Happening, through_text(happening)) == happening


def test_a_member_of_a_union_is_tagged_and_a_plain_field_is_not():
    diary = Diary(first=Touched(Position.FACE), rest=(), last=Touched(Position.FACE))
    assert to_json(diary) == {
        "type": "Diary",
        "first": {"type": "Touched", "position": "face"},
        "rest": [],
        "last": {"position": "face"},
    }


def test_a_tuple_of_a_union_at_the_top_survives():
    story = (Touched(Position.FACE), Captured(scores={}, place=(1, 2.0), note=None))
    assert from_json(tuple[Happening, ...], through_text(story)) == story


def test_an_object_without_tag_is_read_where_the_class_is_known():
    assert from_json(Touched, {"position": "face"}) == Touched(Position.FACE)


def damaged(**changes: object) -> dict[str, object]:
    return typing.cast(dict[str, object], to_json(ENROLLMENT)) | changes


@pytest.mark.parametrize(
    ("expected", "data", "path", "words"),
    [
        (Enrollment, damaged(surprise=1), "surprise", "no such field"),
        (Enrollment, {"type": "Enrollment", "id": "e1"}, "language", "missing"),
        (Enrollment, damaged(type="Person"), "type", "Enrollment"),
        (
            Stamp,
            {"at": "2026-03-02T08:00:00", "trust": "gps", "monotonic_ns": True},
            "monotonic_ns",
            "found bool",
        ),
        (
            Stamp,
            {"at": "2026-03-02T08:00:00", "trust": "gps", "monotonic_ns": 1.0},
            "monotonic_ns",
            "found float",
        ),
        (Enrollment, damaged(id=7), "id", "expected str"),
        (Enrollment, damaged(stage="asleep"), "stage", "asleep"),
        (Enrollment, damaged(pending="photo"), "pending", "expected array"),
        (Enrollment, damaged(pending=["photo", "toes"]), "pending[1]", "toes"),
        (Enrollment, damaged(person=[]), "person", "expected object"),
        (Stamp, {"at": "yesterday", "trust": "gps", "monotonic_ns": 1}, "at", "yesterday"),
        (Stamp, {"at": "2026-W10-1", "trust": "gps", "monotonic_ns": 1}, "at", "written as"),
        (
            Enrollment,
            damaged(started={"at": 5, "trust": "gps", "monotonic_ns": 1}),
            "started.at",
            "expected str",
        ),
        (Sex, "1", "", "expected int"),
        (Sex, 3, "", "3 is not a valid Sex"),
        (dict[str, float], {"sharpness": "high"}, "sharpness", "expected float"),
        (dict[str, float], {"sharpness": float("inf")}, "sharpness", "finite"),
        (tuple[int, float], [1], "", "expected 2 items, found 1"),
        (Happening, {"position": "face"}, "type", "None is not one of Touched, Captured"),
        (Happening, {"type": "Slept"}, "type", "'Slept' is not one of"),
        (str | int, 1.5, "", "float is not one of str, int"),
    ],
)
def test_what_does_not_fit_is_named(expected: typing.Any, data: object, path: str, words: str):
    with pytest.raises(CodecError, match=words.replace("[", r"\[")) as caught:
        from_json(expected, data)
    assert caught.value.path == path


def test_a_value_its_own_class_rejects_is_named():
    data = {
        "modality": "face",
        "position": None,
        "score": 101,
        "algorithm": "a/1",
        "metrics": {},
        "defects": [],
    }
    with pytest.raises(CodecError, match=r"0\.\.100"):
        from_json(QualityReport, data)


def test_a_value_that_lies_about_its_type_is_not_written():
    with pytest.raises(CodecError, match="position: expected Position"):
        to_json(Touched(position="face"))  # type: ignore[arg-type]
    with pytest.raises(CodecError, match="finite"):
        to_json(Captured(scores={}, place=(1, float("nan")), note=None))


def test_a_type_without_json_form_is_a_bug():
    with pytest.raises(TypeError, match="no JSON form"):
        to_json(b"bytes")
    with pytest.raises(TypeError, match="apart"):
        from_json(CaptureStep | Position, "face")


@dataclass(frozen=True)
class Clash:
    type: str


def test_a_field_named_like_the_tag_is_a_bug():
    with pytest.raises(TypeError, match="tag of unions"):
        to_json(Clash("x"))
