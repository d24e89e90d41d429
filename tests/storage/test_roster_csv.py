"""The roster file: what an office may write, and how each wrong value is named by line, column and rule."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.enrollment.person import BloodType, Citizenship, MaritalStatus, Person, Religion, Sex
from kiosk.storage.roster_csv import COLUMNS, RosterProblem, read_roster, write_roster
from kiosk.storage.roster_demo import demo_roster

ROW = {
    "nik": "3503115708019001",
    "no_kk": "3503110101109001",
    "nama": "CONTOH SATU",
    "tempat_lahir": "TRENGGALEK",
    "tgl_lahir": "2001-08-17",
    "jenis_kelamin": "2",
    "agama": "1",
    "status_kawin": "1",
    "pekerjaan": "PETANI/PEKEBUN",
    "kewarganegaraan": "1",
    "golongan_darah": "13",
    "alamat": "JALAN CONTOH NOMOR 1",
    "rt": "001",
    "rw": "002",
    "kode_wilayah": "35.03.11.1005",
    "tiket": "A001",
}
PERSON = Person(
    nik="3503115708019001",
    kk="3503110101109001",
    name="CONTOH SATU",
    birth_place="TRENGGALEK",
    birth_date=dt.date(2001, 8, 17),
    sex=Sex.FEMALE,
    religion=Religion.ISLAM,
    marital_status=MaritalStatus.BELUM_KAWIN,
    occupation="PETANI/PEKEBUN",
    citizenship=Citizenship.WNI,
    blood_type=BloodType.TIDAK_TAHU,
    address="JALAN CONTOH NOMOR 1",
    rt="001",
    rw="002",
    region_code="35.03.11.1005",
    ticket="A001",
)


def csv_of(*rows: dict[str, str], delimiter: str = ",", end: str = "\n") -> bytes:
    header = tuple(rows[0])
    lines = [delimiter.join(header), *(delimiter.join(row[column] for column in header) for row in rows)]
    return (end.join(lines) + end).encode()


def read_one(**values: str) -> Person:
    found = read_roster(csv_of(ROW | values))
    assert found.problems == ()
    ((line, person),) = found.persons
    assert line == 2
    return person


def problems(*rows: dict[str, str]) -> list[tuple[int, str, str]]:
    return [(problem.line, problem.column, problem.value) for problem in read_roster(csv_of(*rows)).problems]


def test_a_row_is_read():
    assert read_one() == PERSON


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_spreadsheets_of_any_locale_are_read(delimiter: str, end: str):
    data = b"\xef\xbb\xbf" + csv_of(ROW, delimiter=delimiter, end=end)
    assert read_roster(data).persons == ((2, PERSON),)


def test_columns_may_stand_in_any_order_and_case():
    row = {column.upper(): ROW[column] for column in reversed(ROW)}
    assert read_roster(csv_of(row)).persons == ((2, PERSON),)


@pytest.mark.parametrize(
    ("column", "text", "field", "value"),
    [
        ("nik", "3503 1157 0801 9001", "nik", PERSON.nik),
        ("nik", "35.03.11.570801.9001", "nik", PERSON.nik),
        ("nik", "'3503115708019001", "nik", PERSON.nik),
        ("no_kk", "3503-1101-0110-9001", "kk", PERSON.kk),
        ("nama", "  CONTOH   SATU ", "name", "CONTOH SATU"),
        ("tgl_lahir", "17-08-2001", "birth_date", PERSON.birth_date),
        ("tgl_lahir", "17/8/2001", "birth_date", PERSON.birth_date),
        ("tgl_lahir", "2001.08.17", "birth_date", PERSON.birth_date),
        ("jenis_kelamin", "Laki-laki", "sex", Sex.MALE),
        ("jenis_kelamin", "LAKI LAKI", "sex", Sex.MALE),
        ("jenis_kelamin", "L", "sex", Sex.MALE),
        ("jenis_kelamin", "perempuan", "sex", Sex.FEMALE),
        ("agama", "Kristen", "religion", Religion.KRISTEN),
        ("agama", "kepercayaan terhadap Tuhan YME", "religion", Religion.KEPERCAYAAN),
        ("agama", "KEPERCAYAAN", "religion", Religion.KEPERCAYAAN),
        ("status_kawin", "Cerai Hidup", "marital_status", MaritalStatus.CERAI_HIDUP),
        ("kewarganegaraan", "WNA", "citizenship", Citizenship.WNA),
        ("golongan_darah", "AB-", "blood_type", BloodType.AB_NEGATIVE),
        ("golongan_darah", "o+", "blood_type", BloodType.O_POSITIVE),
        ("golongan_darah", "A", "blood_type", BloodType.A),
        ("golongan_darah", "-", "blood_type", BloodType.TIDAK_TAHU),
        ("golongan_darah", "", "blood_type", BloodType.TIDAK_TAHU),
        ("rt", "7", "rt", "007"),
        ("rw", "-", "rw", "000"),
        ("kode_wilayah", "3503111005", "region_code", "35.03.11.1005"),
        ("tiket", "a-001", "ticket", "A-001"),
        ("tiket", "", "ticket", ""),
    ],
)
def test_what_people_write_is_understood(column: str, text: str, field: str, value: object):
    assert getattr(read_one(**{column: text}), field) == value


@pytest.mark.parametrize(
    ("text", "value"), [("YA", True), ("1", True), ("TIDAK", False), ("0", False), ("", False)]
)
def test_a_deactivated_resident_is_marked(text: str, value: bool):
    assert read_one(non_aktif=text).deactivated is value


@pytest.mark.parametrize(
    ("column", "value", "allowed"),
    [
        ("nik", "350311570801900", "16 digits"),
        ("nik", "3,50312E+15", "16 digits"),
        ("nik", "9903115708019001", "a known province in digits 1-2"),
        ("nik", "3503115713019001", "a month 01-12 in digits 9-10"),
        ("no_kk", "3503115708019001", "a day 01-31"),
        ("nama", "", "1 to 60 characters"),
        ("nama", "X" * 61, "1 to 60 characters"),
        ("tempat_lahir", "", "1 to 60 characters"),
        ("tgl_lahir", "17 Agustus 2001", "a date such as 2001-08-17 or 17-08-2001"),
        ("tgl_lahir", "31-02-2001", "a date such as"),
        ("tgl_lahir", "17-08-01", "a date such as"),
        ("tgl_lahir", "1789-08-17", "from 1890-01-01 on"),
        ("jenis_kelamin", "3", "1 LAKI-LAKI, 2 PEREMPUAN"),
        ("jenis_kelamin", "WANITA", "1 LAKI-LAKI, 2 PEREMPUAN"),
        ("agama", "8", "7 KEPERCAYAAN TERHADAP TUHAN YME"),
        ("status_kawin", "JANDA", "1 BELUM KAWIN, 2 KAWIN, 3 CERAI HIDUP, 4 CERAI MATI"),
        ("kewarganegaraan", "ID", "1 WNI, 2 WNA"),
        ("golongan_darah", "C", "6 A-, 7 B+"),
        ("pekerjaan", "", "1 to 60 characters"),
        ("alamat", "", "1 to 120 characters"),
        ("rt", "1234", "1 to 3 digits, or empty"),
        ("rw", "II", "1 to 3 digits, or empty"),
        ("kode_wilayah", "35.03.11", "a village code of four levels"),
        ("kode_wilayah", "99.03.11.1005", "a village code of four levels"),
        ("tiket", "A/1", "1 to 12 letters and digits, or empty"),
        ("tiket", "1234567890123", "1 to 12 letters and digits, or empty"),
        ("non_aktif", "MUNGKIN", "YA, TIDAK, 1, 0, or empty"),
    ],
)
def test_a_wrong_value_is_named(column: str, value: str, allowed: str):
    row = ROW | {column: value}
    data = csv_of(row, delimiter=";")
    (problem,) = read_roster(data).problems
    assert (problem.line, problem.column, problem.value) == (2, column, value)
    assert allowed in problem.allowed


def test_every_problem_of_every_row_is_named_at_once():
    found = problems(
        ROW | {"nik": "1", "agama": "x"},
        ROW | {"nik": "3503115708019002", "tiket": "A002"},
        ROW | {"nik": "3503115708019003", "rt": "?"},
    )
    assert found == [(2, "nik", "1"), (2, "agama", "x"), (4, "rt", "?")]


def test_lines_are_counted_as_an_editor_shows_them():
    quoted = ROW | {"alamat": '"JALAN CONTOH\nNOMOR 1"'}
    second = ROW | {"nik": "3503115708019002", "tiket": "A002", "agama": "x"}
    data = csv_of(quoted, second).replace(b"\n3503115708019002", b"\n\n,,,\n3503115708019002")
    assert [(problem.line, problem.column) for problem in read_roster(data).problems] == [(6, "agama")]


def test_a_nik_twice_is_named_with_the_line_it_is_on_already():
    rows = (ROW, ROW | {"tiket": "A002"})
    assert problems(*rows) == [(3, "nik", ROW["nik"])]
    assert "line 2" in read_roster(csv_of(*rows)).problems[0].allowed


def test_a_ticket_twice_in_any_spelling_is_named():
    assert problems(ROW, ROW | {"nik": "3503115708019002", "tiket": "a-001"}) == [(3, "tiket", "A001")]


def test_missing_unknown_and_repeated_columns_are_named():
    row = {column: value for column, value in ROW.items() if column != "agama"} | {"hobi": "x"}
    assert problems(row) == [(1, "hobi", "hobi"), (1, "agama", "missing")]
    header = b",".join(column.encode() for column in (*COLUMNS, "nik"))
    assert [problem.column for problem in read_roster(header).problems] == ["nik"]


def test_a_row_of_the_wrong_length_is_named():
    data = csv_of(ROW) + b"3503115708019002,1\n"
    assert read_roster(data).problems == (RosterProblem(3, "", "2 values", "16 values, as in the header"),)


def test_an_empty_file_lacks_every_column():
    assert len(read_roster(b"").problems) == 15


def test_a_file_that_is_not_utf_8_is_named_by_line():
    data = csv_of(ROW) + "3503,JOS\xc9".encode("latin-1")
    (problem,) = read_roster(data).problems
    assert (problem.line, problem.allowed) == (3, "a text file in UTF-8")


def test_a_spreadsheet_given_as_csv_is_refused():
    assert read_roster(b"PK\x03\x04\x14\x00\x06\x00\x08\x00").problems


def test_a_field_without_end_is_refused():
    assert read_roster(csv_of(ROW) + b'"' + b"x" * 200_000).problems


@settings(max_examples=100, deadline=None)
@given(st.binary())
def test_any_bytes_get_an_answer(data: bytes):
    found = read_roster(data)
    assert found.problems or found.persons


words = st.text(st.characters(categories=["Lu", "Nd"]), min_size=1, max_size=20)
persons = st.builds(
    replace,
    st.sampled_from(demo_roster(20, seed=1)),
    name=words,
    birth_place=words,
    occupation=words,
    address=words,
    religion=st.sampled_from(Religion),
    marital_status=st.sampled_from(MaritalStatus),
    citizenship=st.sampled_from(Citizenship),
    blood_type=st.sampled_from(BloodType),
    deactivated=st.booleans(),
    ticket=st.from_regex(r"[A-Z][0-9]{1,4}", fullmatch=True) | st.just(""),
)


@settings(max_examples=50, deadline=None)
@given(persons)
def test_every_person_written_is_read_back(person: Person):
    found = read_roster(write_roster([person]))
    assert found.problems == ()
    assert found.persons == ((2, person),)
