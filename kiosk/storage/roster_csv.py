"""The roster file: one resident a line, as the office exports it from the population register.

CSV in UTF-8, separated by commas, semicolons or tabs, with this header (any order, any case):

    nik, no_kk, nama, tempat_lahir, tgl_lahir, jenis_kelamin, agama, status_kawin, pekerjaan,
    kewarganegaraan, golongan_darah, alamat, rt, rw, kode_wilayah    needed
    tiket, non_aktif                                                 may be left out

Coded columns take SIAK's id or its word (`1` or `ISLAM`), dates `2001-08-17` or `17-08-2001`, numbers may
be grouped with spaces or dots. A NIK that disagrees with the date of birth or the sex is no problem here:
that is the officer's to note.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeVar

from kiosk.enrollment.nik import PROVINCES, Kk, Nik, NumberProblem, normalised, parse_kk, parse_nik
from kiosk.enrollment.person import BloodType, Citizenship, MaritalStatus, Person, Religion, Sex

E = TypeVar("E", bound=IntEnum)

NEEDED_COLUMNS = (
    "nik",
    "no_kk",
    "nama",
    "tempat_lahir",
    "tgl_lahir",
    "jenis_kelamin",
    "agama",
    "status_kawin",
    "pekerjaan",
    "kewarganegaraan",
    "golongan_darah",
    "alamat",
    "rt",
    "rw",
    "kode_wilayah",
)
COLUMNS = (*NEEDED_COLUMNS, "tiket", "non_aktif")

EARLIEST_BIRTH = dt.date(1890, 1, 1)
_RELIGION_WORDS = {Religion.KEPERCAYAAN: "KEPERCAYAAN TERHADAP TUHAN YME"}
_SEX_WORDS = {Sex.MALE: "LAKI-LAKI", Sex.FEMALE: "PEREMPUAN"}
_BLOOD_WORDS = {
    blood: blood.name.replace("_POSITIVE", "+").replace("_NEGATIVE", "-").replace("_", " ")
    for blood in BloodType
}
_NUMBER_PROBLEMS = {
    NumberProblem.NOT_16_DIGITS: "16 digits",
    NumberProblem.UNKNOWN_PROVINCE: "a known province in digits 1-2",
    NumberProblem.NO_SUCH_REGENCY: "01-69 or 71-99 in digits 3-4",
    NumberProblem.NO_SUCH_DISTRICT: "01-99 in digits 5-6",
    NumberProblem.NO_SUCH_DAY: "a day 01-31 (a woman's NIK: 41-71) in digits 7-8",
    NumberProblem.NO_SUCH_MONTH: "a month 01-12 in digits 9-10",
    NumberProblem.NO_SUCH_DATE: "a date that exists in digits 7-12",
    NumberProblem.SERIAL_ZERO: "a serial other than 0000 in digits 13-16",
}


@dataclass(frozen=True, slots=True)
class RosterProblem:
    """line: 1-based line of the file, 0 for the whole file. value: as it stands there. allowed: in words."""

    line: int
    column: str
    value: str
    allowed: str


@dataclass(frozen=True, slots=True)
class RosterFile:
    """What a file holds. persons: with the line each begins on; not to be used when there are problems."""

    persons: tuple[tuple[int, Person], ...]
    problems: tuple[RosterProblem, ...]


class _BadValueError(Exception):
    """allowed: what would have been right, in words."""

    def __init__(self, allowed: str) -> None:
        super().__init__(allowed)
        self.allowed = allowed


def read_roster(data: bytes) -> RosterFile:
    """Reads a whole roster file and names everything that is wrong with it."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        return _refused(RosterProblem(line, "", repr(data[error.start : error.end]), "a text file in UTF-8"))
    try:
        (header_line, header), *records = list(_records(text)) or [(1, [])]
    except csv.Error as error:
        return _refused(RosterProblem(0, "", str(error), "a CSV file"))
    columns = [name.strip().lower() for name in header]
    problems = list(_header_problems(header_line, columns))
    if problems:
        return _refused(*problems)
    persons = []
    for line, cells in records:
        if len(cells) != len(columns):
            found, expected = f"{len(cells)} values", f"{len(columns)} values, as in the header"
            problems.append(RosterProblem(line, "", found, expected))
            continue
        person = _person(line, dict(zip(columns, cells, strict=True)))
        if isinstance(person, Person):
            persons.append((line, person))
        else:
            problems.extend(person)
    problems.extend(_repeated("nik", persons, lambda person: person.nik))
    problems.extend(_repeated("tiket", persons, lambda person: ticket_key(person.ticket)))
    return RosterFile(tuple(persons), tuple(sorted(problems, key=lambda problem: problem.line)))


def write_roster(persons: Iterable[Person]) -> bytes:
    """The roster file of `persons`, as `read_roster` reads it back."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")  # RFC 4180
    writer.writerow(COLUMNS)
    for person in persons:
        writer.writerow(
            (
                person.nik,
                person.kk,
                person.name,
                person.birth_place,
                person.birth_date.isoformat(),
                _SEX_WORDS[person.sex],
                _words(Religion, _RELIGION_WORDS)[person.religion],
                _words(MaritalStatus)[person.marital_status],
                person.occupation,
                person.citizenship.name,
                _BLOOD_WORDS[person.blood_type],
                person.address,
                person.rt,
                person.rw,
                person.region_code,
                person.ticket,
                "YA" if person.deactivated else "TIDAK",
            )
        )
    return stream.getvalue().encode()


def ticket_key(ticket: str) -> str:
    """What makes two spellings of a ticket the same: `a-012` is `A012`."""
    return normalised(ticket).upper()


def _refused(*problems: RosterProblem) -> RosterFile:
    return RosterFile((), problems)


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each record that is not blank, with the line it begins on."""
    first_line = text.partition("\n")[0]
    delimiter = max(",;\t", key=first_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    line = 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield line, cells
        line = reader.line_num + 1


def _header_problems(line: int, columns: list[str]) -> Iterator[RosterProblem]:
    for column, count in Counter(columns).items():
        if column not in COLUMNS:
            yield RosterProblem(line, column, column, f"the columns {', '.join(COLUMNS)}")
        elif count > 1:
            yield RosterProblem(line, column, f"{count} times", "each column once")
    for column in NEEDED_COLUMNS:
        if column not in columns:
            yield RosterProblem(line, column, "missing", "this column is needed")


def _person(line: int, row: Mapping[str, str]) -> Person | tuple[RosterProblem, ...]:
    problems = []
    read: dict[str, Any] = {}
    for column, (field, parse) in _FIELDS.items():
        value = row.get(column, "")
        try:
            read[field] = parse(" ".join(value.split()))
        except _BadValueError as error:
            problems.append(RosterProblem(line, column, value, error.allowed))
    return tuple(problems) or Person(**read)


def _repeated(
    column: str, persons: Iterable[tuple[int, Person]], key: Callable[[Person], str]
) -> Iterator[RosterProblem]:
    first: dict[str, int] = {}
    for line, person in persons:
        value = key(person)
        if value and value in first:
            yield RosterProblem(line, column, value, f"a {column} that is not on line {first[value]} already")
        first.setdefault(value, line)


# The parsers of one value: the text less outer and double spaces -> the field's value, or _BadValueError.


def _number(parse: Callable[[str], Nik | Kk | tuple[NumberProblem, ...]]) -> Callable[[str], str]:
    def parsed(text: str) -> str:
        number = parse(text.removeprefix("'"))  # spreadsheets mark digits as text with an apostrophe
        if isinstance(number, tuple):
            raise _BadValueError("; ".join(_NUMBER_PROBLEMS[problem] for problem in number))
        return number.number

    return parsed


def _text(longest: int) -> Callable[[str], str]:
    def parsed(text: str) -> str:
        if not 1 <= len(text) <= longest or not text.isprintable():
            raise _BadValueError(f"1 to {longest} characters")
        return text

    return parsed


def _date(text: str) -> dt.date:
    allowed = f"a date such as 2001-08-17 or 17-08-2001, from {EARLIEST_BIRTH} on"
    year_first = re.fullmatch(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})", text)
    day_first = re.fullmatch(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})", text)
    if year_first:
        year, month, day = year_first.groups()
    elif day_first:
        day, month, year = day_first.groups()
    else:
        raise _BadValueError(allowed)
    try:
        date = dt.date(int(year), int(month), int(day))
    except ValueError:
        raise _BadValueError(allowed) from None
    if date < EARLIEST_BIRTH:
        raise _BadValueError(allowed)
    return date


def _words(code: type[E], words: Mapping[E, str] | None = None) -> dict[E, str]:
    return {member: member.name.replace("_", " ") for member in code} | dict(words or {})


def _code(code: type[E], words: Mapping[E, str], short: Mapping[str, E] | None = None) -> Callable[[str], E]:
    by_text = {str(member.value): member for member in code}
    by_text |= {_squeezed(word): member for member, word in words.items()}
    by_text |= short or {}
    allowed = ", ".join(f"{member.value} {word}" for member, word in words.items())

    def parsed(text: str) -> E:
        member = by_text.get(_squeezed(text))
        if member is None:
            raise _BadValueError(allowed)
        return member

    return parsed


def _squeezed(text: str) -> str:
    """Words compare without case, spaces and the dash of LAKI-LAKI; the sign of a blood group stays."""
    return re.sub(r"[\s_]|-(?!$)", "", text.upper())


def _neighbourhood(text: str) -> str:
    """RT and RW have three digits; places without them write a dash, zero or nothing."""
    if text in ("", "-"):
        return "000"
    if not re.fullmatch(r"[0-9]{1,3}", text):
        raise _BadValueError("1 to 3 digits, or empty")
    return text.zfill(3)


def _region(text: str) -> str:
    digits = normalised(text)
    if not re.fullmatch(r"[0-9]{10}", digits) or digits[:2] not in PROVINCES:
        raise _BadValueError("a village code of four levels, such as 35.03.11.1005")
    return f"{digits[:2]}.{digits[2:4]}.{digits[4:6]}.{digits[6:]}"


def _ticket(text: str) -> str:
    if text and not re.fullmatch(r"[A-Z0-9]{1,12}", ticket_key(text)):
        raise _BadValueError("1 to 12 letters and digits, or empty")
    return text.upper()


def _yes_no(text: str) -> bool:
    if text.upper() not in ("", "YA", "TIDAK", "1", "0"):
        raise _BadValueError("YA, TIDAK, 1, 0, or empty")
    return text.upper() in ("YA", "1")


_FIELDS: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "nik": ("nik", _number(parse_nik)),
    "no_kk": ("kk", _number(parse_kk)),
    "nama": ("name", _text(60)),
    "tempat_lahir": ("birth_place", _text(60)),
    "tgl_lahir": ("birth_date", _date),
    "jenis_kelamin": ("sex", _code(Sex, _SEX_WORDS, {"L": Sex.MALE, "P": Sex.FEMALE})),
    "agama": (
        "religion",
        _code(Religion, _words(Religion, _RELIGION_WORDS), {"KEPERCAYAAN": Religion.KEPERCAYAAN}),
    ),
    "status_kawin": ("marital_status", _code(MaritalStatus, _words(MaritalStatus))),
    "pekerjaan": ("occupation", _text(60)),
    "kewarganegaraan": ("citizenship", _code(Citizenship, _words(Citizenship))),
    "golongan_darah": (
        "blood_type",
        _code(BloodType, _BLOOD_WORDS, {"": BloodType.TIDAK_TAHU, "-": BloodType.TIDAK_TAHU}),
    ),
    "alamat": ("address", _text(120)),
    "rt": ("rt", _neighbourhood),
    "rw": ("rw", _neighbourhood),
    "kode_wilayah": ("region_code", _region),
    "tiket": ("ticket", _ticket),
    "non_aktif": ("deactivated", _yes_no),
}
