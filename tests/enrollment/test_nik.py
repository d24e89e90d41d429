"""NIK and KK: what a good number says, what is wrong with a bad one, and whose birthday it may be."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.enrollment.nik import (
    PROVINCES,
    Kk,
    Nik,
    NikWarning,
    NumberProblem,
    disagreements,
    normalised,
    parse_kk,
    parse_nik,
    possible_birth_dates,
)
from kiosk.enrollment.person import (
    BloodType,
    Citizenship,
    MaritalStatus,
    Person,
    Religion,
    Sex,
)

TODAY = dt.date(2026, 3, 2)
GOOD = "3503115708010001"

PERSON = Person(
    nik=GOOD,
    kk="3503110101100001",
    name="CONTOH SATU",
    birth_place="TRENGGALEK",
    birth_date=dt.date(2001, 8, 17),
    sex=Sex.FEMALE,
    religion=Religion.ISLAM,
    marital_status=MaritalStatus.BELUM_KAWIN,
    occupation="PELAJAR",
    citizenship=Citizenship.WNI,
    blood_type=BloodType.TIDAK_TAHU,
    address="JALAN CONTOH 1",
    rt="001",
    rw="002",
    region_code="35.03.11.1005",
)

births = st.dates(dt.date(1901, 1, 1), dt.date(2026, 1, 1))
regencies = st.integers(1, 99).filter(lambda code: code != 70)


def nik_of(*, province: str, regency: int, district: int, born: dt.date, sex: Sex, serial: int) -> str:
    day = born.day + (40 if sex is Sex.FEMALE else 0)
    return f"{province}{regency:02}{district:02}{day:02}{born:%m%y}{serial:04}"


numbers = st.builds(
    nik_of,
    province=st.sampled_from(sorted(PROVINCES)),
    regency=regencies,
    district=st.integers(1, 99),
    born=births,
    sex=st.sampled_from(Sex),
    serial=st.integers(1, 9999),
)


def test_a_nik_says_place_birthday_and_sex():
    assert parse_nik(GOOD) == Nik(
        number=GOOD, region_code="35.03.11", day=17, month=8, year_of_century=1, sex=Sex.FEMALE, serial="0001"
    )


def test_a_kk_says_place_and_day_of_issue():
    assert parse_kk("3503110101100000") == Kk(
        number="3503110101100000", region_code="35.03.11", day=1, month=1, year_of_century=10, serial="0000"
    )


@given(
    province=st.sampled_from(sorted(PROVINCES)),
    regency=regencies,
    district=st.integers(1, 99),
    born=births,
    sex=st.sampled_from(Sex),
    serial=st.integers(1, 9999),
)
def test_every_composed_nik_is_read_back(**parts):
    nik = parse_nik(nik_of(**parts))
    assert isinstance(nik, Nik)
    assert nik.region_code == f"{parts['province']}.{parts['regency']:02}.{parts['district']:02}"
    born = parts["born"]
    assert (nik.day, nik.month, nik.year_of_century) == (born.day, born.month, born.year % 100)
    assert nik.sex is parts["sex"]
    assert int(nik.serial) == parts["serial"]


@given(numbers, st.sampled_from([" ", ".", "-", "\t", "\u00a0"]), st.integers(0, 16))
def test_grouping_marks_do_not_matter(number: str, mark: str, place: int):
    assert parse_nik(number[:place] + mark + number[place:]) == parse_nik(number)


@given(st.text())
def test_any_text_gets_an_answer(text: str):
    assert isinstance(parse_nik(text), Nik) or parse_nik(text)
    assert isinstance(parse_kk(text), Kk) or parse_kk(text)


@pytest.mark.parametrize(
    ("number", "problems"),
    [
        ("", {NumberProblem.NOT_16_DIGITS}),
        ("350311570801000", {NumberProblem.NOT_16_DIGITS}),
        ("35031157080100011", {NumberProblem.NOT_16_DIGITS}),
        ("350311570801000x", {NumberProblem.NOT_16_DIGITS}),
        ("350311570801000\u0661", {NumberProblem.NOT_16_DIGITS}),
        ("9903115708010001", {NumberProblem.UNKNOWN_PROVINCE}),
        ("3500115708010001", {NumberProblem.NO_SUCH_REGENCY}),
        ("3570115708010001", {NumberProblem.NO_SUCH_REGENCY}),
        ("3503005708010001", {NumberProblem.NO_SUCH_DISTRICT}),
        ("3503110008010001", {NumberProblem.NO_SUCH_DAY}),
        ("3503113208010001", {NumberProblem.NO_SUCH_DAY}),
        ("3503114008010001", {NumberProblem.NO_SUCH_DAY}),
        ("3503117208010001", {NumberProblem.NO_SUCH_DAY}),
        ("3503115700010001", {NumberProblem.NO_SUCH_MONTH}),
        ("3503115713010001", {NumberProblem.NO_SUCH_MONTH}),
        ("3503117104010001", {NumberProblem.NO_SUCH_DATE}),
        ("3503112902010001", {NumberProblem.NO_SUCH_DATE}),
        ("3503115708010000", {NumberProblem.SERIAL_ZERO}),
        (
            "0000000000000000",
            {
                NumberProblem.UNKNOWN_PROVINCE,
                NumberProblem.NO_SUCH_REGENCY,
                NumberProblem.NO_SUCH_DISTRICT,
                NumberProblem.NO_SUCH_DAY,
                NumberProblem.NO_SUCH_MONTH,
                NumberProblem.SERIAL_ZERO,
            },
        ),
    ],
)
def test_each_problem_has_its_own_name(number: str, problems: set[NumberProblem]):
    found = parse_nik(number)
    assert isinstance(found, tuple)
    assert set(found) == problems


@pytest.mark.parametrize("number", ["3503115708010001", "3503112902010001", "9903110101100001", "12"])
def test_a_kk_has_no_offset_day_and_the_same_problems(number: str):
    assert isinstance(parse_kk(number), tuple)


def test_every_known_city_and_regency_passes():
    assert isinstance(parse_nik("3578115708010001"), Nik)  # Surabaya, a city
    assert isinstance(parse_nik("5403115708750001"), Nik)  # Timor Timur, retired


def birthdays(number: str, on: dt.date = TODAY) -> tuple[dt.date, ...]:
    nik = parse_nik(number)
    assert isinstance(nik, Nik)
    return possible_birth_dates(nik, on=on)


def test_year_01_is_a_young_woman_or_a_very_old_one():
    assert birthdays(GOOD) == (dt.date(1901, 8, 17), dt.date(2001, 8, 17))


def test_year_50_can_only_be_the_last_century():
    assert birthdays("3503111708500001") == (dt.date(1950, 8, 17),)


def test_the_centuries_are_not_counted_from_ours():
    assert birthdays("3503110203990001", on=dt.date(2024, 3, 2)) == (dt.date(1899, 3, 2), dt.date(1999, 3, 2))
    assert birthdays("3503110203010001", on=dt.date(2120, 1, 1)) == (dt.date(2001, 3, 2), dt.date(2101, 3, 2))


def test_a_child_has_no_possible_birthday_before_sixteen():
    assert birthdays("3503110303100001", on=dt.date(2026, 3, 2)) == (dt.date(1910, 3, 3),)
    assert birthdays("3503110303100001", on=dt.date(2026, 3, 3)) == (dt.date(1910, 3, 3), dt.date(2010, 3, 3))


def test_the_leap_day_of_the_year_00_was_in_2000_only():
    assert birthdays("3503112902000001") == (dt.date(2000, 2, 29),)


def test_someone_of_125_years_is_possible_and_of_126_is_not():
    assert dt.date(1901, 3, 2) in birthdays("3503110203010001", on=dt.date(2027, 3, 1))
    assert dt.date(1901, 3, 2) not in birthdays("3503110203010001", on=dt.date(2027, 3, 2))


@given(numbers, st.dates(dt.date(2020, 1, 1), dt.date(2099, 1, 1)))
def test_possible_birthdays_agree_with_the_number_and_the_ages(number: str, on: dt.date):
    for date in birthdays(number, on):
        assert number[8:12] == f"{date:%m%y}"
        assert int(number[6:8]) % 40 == date.day
        assert 16 <= replace(PERSON, birth_date=date).age_on(on) <= 125


@given(births, st.dates(dt.date(2020, 1, 1), dt.date(2060, 1, 1)), st.sampled_from(Sex))
def test_the_true_birthday_is_among_the_possible_ones(born: dt.date, on: dt.date, sex: Sex):
    number = nik_of(province="35", regency=3, district=11, born=born, sex=sex, serial=1)
    of_age = 16 <= replace(PERSON, birth_date=born).age_on(on) <= 125
    assert (born in birthdays(number, on)) is of_age


def warned(**biodata) -> tuple[NikWarning, ...]:
    nik = parse_nik(GOOD)
    assert isinstance(nik, Nik)
    return disagreements(nik, replace(PERSON, **biodata))


def test_a_nik_that_agrees_gives_no_warning():
    assert warned() == ()


def test_a_century_of_difference_is_no_disagreement():
    assert warned(birth_date=dt.date(1901, 8, 17)) == ()


@pytest.mark.parametrize("born", [dt.date(2001, 8, 18), dt.date(2001, 9, 17), dt.date(2002, 8, 17)])
def test_another_birthday_is_a_warning(born: dt.date):
    assert warned(birth_date=born) == (NikWarning.BIRTH_DATE_DIFFERS,)


def test_another_sex_is_a_warning():
    assert warned(sex=Sex.MALE) == (NikWarning.SEX_DIFFERS,)


def test_moving_house_is_no_disagreement():
    assert warned(region_code="11.01.01.2001") == ()


@given(st.text("0123456789 .-"))
def test_normalising_twice_is_normalising_once(text: str):
    assert normalised(normalised(text)) == normalised(text)
