"""The 16-digit numbers of a resident (NIK) and a family card (KK): what they say and what is wrong with them.

NIK: PPKKCC, the place of first registration; DDMMYY, the date of birth with 40 added to a woman's day; a
serial. KK: PPKKCC, DDMMYY of issue, a serial. Neither has a check digit, so a number without problems may
still be somebody else's.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from enum import StrEnum

from kiosk.enrollment.person import Person, Sex

PROVINCES = frozenset(
    str(code)
    for codes in (
        range(11, 20),  # Sumatra
        (21,),  # Kepulauan Riau
        range(31, 37),  # Jawa
        range(51, 55),  # Bali, Nusa Tenggara; 54 Timor Timur is retired, but was the first registration of many
        range(61, 66),  # Kalimantan
        range(71, 77),  # Sulawesi
        (81, 82),  # Maluku
        range(91, 97),  # Papua, with the provinces of 2022
    )
    for code in codes
)
"""Kepmendagri 100.1.1-6117 of 2022."""

YOUNGEST_YEARS = 16
OLDEST_YEARS = 125
_CENTURIES = (1800, 1900, 2000, 2100)
_WOMAN_DAY_OFFSET = 40


class NumberProblem(StrEnum):
    """Why a number cannot be a NIK or KK."""

    NOT_16_DIGITS = "not_16_digits"
    UNKNOWN_PROVINCE = "unknown_province"
    NO_SUCH_REGENCY = "no_such_regency"
    NO_SUCH_DISTRICT = "no_such_district"
    NO_SUCH_DAY = "no_such_day"
    NO_SUCH_MONTH = "no_such_month"
    NO_SUCH_DATE = "no_such_date"
    """Day and month exist, but no century has this date."""
    SERIAL_ZERO = "serial_zero"


class NikWarning(StrEnum):
    """Where a NIK and the biodata disagree. The officer notes it; it never stops an enrollment."""

    BIRTH_DATE_DIFFERS = "birth_date_differs"
    SEX_DIFFERS = "sex_differs"


@dataclass(frozen=True, slots=True)
class Nik:
    """A NIK without problems. day: of the month, the woman's offset taken off; year_of_century: 0 to 99."""

    number: str
    region_code: str
    """Province, regency and district of first registration, `35.03.11`; it may be retired since."""
    day: int
    month: int
    year_of_century: int
    sex: Sex
    serial: str


@dataclass(frozen=True, slots=True)
class Kk:
    """A KK number without problems. The date is that of issue; year_of_century: 0 to 99."""

    number: str
    region_code: str
    day: int
    month: int
    year_of_century: int
    serial: str


def normalised(text: str) -> str:
    """`text` less the spaces, dots and dashes people write to group digits."""
    return re.sub(r"[\s.\-]", "", text)


def parse_nik(text: str) -> Nik | tuple[NumberProblem, ...]:
    """The NIK in `text`, or everything that is wrong with it."""
    number = normalised(text)
    if not re.fullmatch(r"[0-9]{16}", number):
        return (NumberProblem.NOT_16_DIGITS,)
    day, month, year = _date_parts(number)
    sex = Sex.FEMALE if day > _WOMAN_DAY_OFFSET else Sex.MALE
    day -= _WOMAN_DAY_OFFSET if sex is Sex.FEMALE else 0
    problems = _region_problems(number) + _date_problems(day, month, year)
    if number[12:] == "0000":
        problems += (NumberProblem.SERIAL_ZERO,)
    return problems or Nik(number, _region(number), day, month, year, sex, number[12:])


def parse_kk(text: str) -> Kk | tuple[NumberProblem, ...]:
    """The KK number in `text`, or everything that is wrong with it."""
    number = normalised(text)
    if not re.fullmatch(r"[0-9]{16}", number):
        return (NumberProblem.NOT_16_DIGITS,)
    day, month, year = _date_parts(number)
    problems = _region_problems(number) + _date_problems(day, month, year)
    return problems or Kk(number, _region(number), day, month, year, number[12:])


def possible_birth_dates(
    nik: Nik, *, on: dt.date, youngest_years: int = YOUNGEST_YEARS, oldest_years: int = OLDEST_YEARS
) -> tuple[dt.date, ...]:
    """The dates of birth the NIK may mean for someone aged youngest to oldest `on` this day, oldest first.

    Two dates: the roster or the officer decides. None: nobody of that age has this NIK.
    """
    dates = _dates(nik.day, nik.month, nik.year_of_century)
    return tuple(date for date in dates if youngest_years <= _age(date, on) <= oldest_years)


def disagreements(nik: Nik, person: Person) -> tuple[NikWarning, ...]:
    """What the NIK says otherwise than the person's biodata. The region may differ: people move."""
    warnings = []
    born = person.birth_date
    if (nik.day, nik.month, nik.year_of_century) != (born.day, born.month, born.year % 100):
        warnings.append(NikWarning.BIRTH_DATE_DIFFERS)
    if nik.sex is not person.sex:
        warnings.append(NikWarning.SEX_DIFFERS)
    return tuple(warnings)


def _region(number: str) -> str:
    return f"{number[:2]}.{number[2:4]}.{number[4:6]}"


def _date_parts(number: str) -> tuple[int, int, int]:
    return int(number[6:8]), int(number[8:10]), int(number[10:12])


def _region_problems(number: str) -> tuple[NumberProblem, ...]:
    problems = []
    if number[:2] not in PROVINCES:
        problems.append(NumberProblem.UNKNOWN_PROVINCE)
    if number[2:4] in ("00", "70"):  # 01-69 regencies, 71-99 cities
        problems.append(NumberProblem.NO_SUCH_REGENCY)
    if number[4:6] == "00":
        problems.append(NumberProblem.NO_SUCH_DISTRICT)
    return tuple(problems)


def _date_problems(day: int, month: int, year_of_century: int) -> tuple[NumberProblem, ...]:
    problems = []
    if not 1 <= day <= 31:
        problems.append(NumberProblem.NO_SUCH_DAY)
    if not 1 <= month <= 12:
        problems.append(NumberProblem.NO_SUCH_MONTH)
    if not problems and not _dates(day, month, year_of_century):
        problems.append(NumberProblem.NO_SUCH_DATE)
    return tuple(problems)


def _dates(day: int, month: int, year_of_century: int) -> tuple[dt.date, ...]:
    dates = []
    for century in _CENTURIES:
        try:
            dates.append(dt.date(century + year_of_century, month, day))
        except ValueError:  # 29 February of a year that is not a leap year in this century
            continue
    return tuple(dates)


def _age(born: dt.date, on: dt.date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
