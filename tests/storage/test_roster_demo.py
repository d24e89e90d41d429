"""The invented roster: valid numbers, visibly nobody, and somebody for every rule."""

from __future__ import annotations

import datetime as dt

import pytest

from kiosk.enrollment.nik import Kk, Nik, disagreements, parse_kk, parse_nik
from kiosk.enrollment.person import BackgroundColour
from kiosk.storage.roster_csv import read_roster, write_roster
from kiosk.storage.roster_demo import demo_roster, spelled

ROSTER = demo_roster(300, seed=7)


def test_the_same_seed_gives_the_same_people():
    assert demo_roster(300, seed=7) == ROSTER
    assert demo_roster(300, seed=8) != ROSTER
    assert demo_roster(0, seed=7) == ()


def test_numbers_are_valid_agree_and_are_unique():
    for person in ROSTER:
        nik = parse_nik(person.nik)
        assert isinstance(nik, Nik)
        assert disagreements(nik, person) == ()
        assert isinstance(parse_kk(person.kk), Kk)
    assert len({person.nik for person in ROSTER}) == len({person.ticket for person in ROSTER}) == len(ROSTER)


def test_nobody_can_be_taken_for_a_real_person():
    for person in ROSTER:
        assert person.name.startswith("CONTOH")
        assert person.nik[12] == person.kk[12] == "9"
    assert len({person.name for person in ROSTER}) == len(ROSTER)


def test_every_rule_meets_somebody():
    today = dt.date(2026, 3, 2)
    ages = [person.age_on(today) for person in ROSTER]
    assert min(ages) >= 16
    assert any(age < 18 for age in ages)
    assert any(age > 80 for age in ages)
    assert {person.background for person in ROSTER} == set(BackgroundColour)
    assert any(person.deactivated for person in ROSTER)
    assert any(" " not in person.name for person in ROSTER)
    assert any(not person.nik.startswith(person.region_code[:8].replace(".", "")) for person in ROSTER)
    assert len({person.kk for person in ROSTER}) < len(ROSTER)


def test_it_is_a_roster_file_without_problems():
    found = read_roster(write_roster(ROSTER))
    assert found.problems == ()
    assert tuple(person for _, person in found.persons) == ROSTER


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1, "SATU"),
        (10, "SEPULUH"),
        (11, "SEBELAS"),
        (12, "DUA BELAS"),
        (20, "DUA PULUH"),
        (21, "DUA PULUH SATU"),
        (100, "SERATUS"),
        (111, "SERATUS SEBELAS"),
        (1000, "SERIBU"),
        (2345, "DUA RIBU TIGA RATUS EMPAT PULUH LIMA"),
    ],
)
def test_numbers_are_spelled(number: int, words: str):
    assert spelled(number) == words
