"""The roster: imported whole or not at all, and everybody found by what they bring."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.enrollment.person import Person
from kiosk.storage.database import DatabaseDamagedError
from kiosk.storage.roster import Roster, RosterImport
from kiosk.storage.roster_csv import RosterProblem, write_roster
from kiosk.storage.roster_demo import demo_roster

PEOPLE = demo_roster(40, seed=3)


@pytest.fixture
def roster(tmp_path: Path) -> Iterator[Roster]:
    with closing(Roster(tmp_path / "roster.sqlite")) as roster:
        yield roster


def load(roster: Roster, tmp_path: Path, *people: Person) -> RosterImport:
    path = tmp_path / "roster.csv"
    path.write_bytes(write_roster(people))
    return roster.import_csv(path)


def test_everybody_imported_is_there_after_a_restart(roster: Roster, tmp_path: Path):
    assert load(roster, tmp_path, *PEOPLE) == RosterImport(added=40, changed=0, unchanged=0, problems=())
    roster.close()
    with closing(Roster(tmp_path / "roster.sqlite")) as again:
        assert set(again.persons()) == set(PEOPLE)


@pytest.mark.parametrize("person", PEOPLE[:5])
def test_a_person_is_found_by_ticket_and_nik_however_written(roster: Roster, tmp_path: Path, person: Person):
    load(roster, tmp_path, *PEOPLE)
    nik = person.nik
    for code in (
        nik,
        f" {nik[:4]} {nik[4:]} ",
        f"{nik[:2]}.{nik[2:6]}-{nik[6:]}",
        person.ticket,
        person.ticket.lower(),
    ):
        assert roster.find(code) == (person,)
    assert roster.find(f"{person.ticket[0]}-{person.ticket[1:]}") == (person,)


def test_a_family_card_names_the_family_the_oldest_first(roster: Roster, tmp_path: Path):
    load(roster, tmp_path, *PEOPLE)
    family = [person for person in PEOPLE if person.kk == PEOPLE[0].kk]
    assert roster.find(PEOPLE[0].kk) == tuple(sorted(family, key=lambda person: person.birth_date))
    assert any(len(roster.find(person.kk)) > 1 for person in PEOPLE)


@pytest.mark.parametrize("code", ["", " ", "-", "Z999", "3503110101019999", "' OR 1=1 --", "%"])
def test_an_unknown_code_names_nobody(roster: Roster, tmp_path: Path, code: str):
    load(roster, tmp_path, *PEOPLE, replace(PEOPLE[0], nik="3503111708509001", ticket=""))
    assert roster.find(code) == ()


def test_a_second_import_changes_what_changed(roster: Roster, tmp_path: Path):
    load(roster, tmp_path, *PEOPLE[:10])
    moved = replace(PEOPLE[0], address="JALAN CONTOH BARU")
    assert load(roster, tmp_path, moved, *PEOPLE[1:12]) == RosterImport(
        added=2, changed=1, unchanged=9, problems=()
    )
    assert roster.find(moved.nik) == (moved,)


def test_two_residents_may_exchange_their_tickets(roster: Roster, tmp_path: Path):
    one, two = PEOPLE[:2]
    load(roster, tmp_path, one, two)
    swapped = (replace(one, ticket=two.ticket), replace(two, ticket=one.ticket))
    assert load(roster, tmp_path, *swapped).changed == 2
    assert roster.find(one.ticket) == (swapped[1],)


def test_a_ticket_somebody_else_holds_is_named(roster: Roster, tmp_path: Path):
    load(roster, tmp_path, PEOPLE[0])
    result = load(roster, tmp_path, PEOPLE[1], replace(PEOPLE[2], ticket=PEOPLE[0].ticket))
    assert result.problems == (RosterProblem(3, "tiket", "A001", "a tiket nobody else in the roster has"),)
    assert roster.persons() == (PEOPLE[0],)


def test_one_bad_row_leaves_the_roster_as_it_was(roster: Roster, tmp_path: Path):
    load(roster, tmp_path, *PEOPLE[:5])
    path = tmp_path / "next.csv"
    path.write_bytes(write_roster(PEOPLE).replace(PEOPLE[30].nik.encode(), b"350311"))
    result = roster.import_csv(path)
    assert result == RosterImport(0, 0, 0, (RosterProblem(32, "nik", "350311", "16 digits"),))
    assert set(roster.persons()) == set(PEOPLE[:5])


def test_a_village_is_called_by_rt_the_oldest_first(roster: Roster, tmp_path: Path):
    load(roster, tmp_path, *PEOPLE)
    village = PEOPLE[0].region_code
    called = roster.persons(village)
    assert called == tuple(
        sorted((p for p in PEOPLE if p.region_code == village), key=lambda p: (p.rt, p.birth_date, p.nik))
    )
    assert set(roster.persons("35.03.11")) == set(roster.persons("35")) == set(PEOPLE)
    assert roster.persons("35.03.1") == roster.persons("35.03.12") == ()


def test_a_file_that_is_not_there_is_an_os_error(roster: Roster, tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        roster.import_csv(tmp_path / "nowhere.csv")


def test_a_damaged_roster_is_named(tmp_path: Path):
    (tmp_path / "roster.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises(DatabaseDamagedError, match=r"roster\.sqlite"):
        Roster(tmp_path / "roster.sqlite")
