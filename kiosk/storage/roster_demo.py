"""A roster of people who do not exist, for demonstrations, training and tests.

Every name begins with CONTOH (example) and every serial with 9, which no office has reached on one day.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from random import Random

from kiosk.enrollment.person import BloodType, Citizenship, MaritalStatus, Person, Religion, Sex

_VILLAGES = ("35.03.11.1002", "35.03.11.1003", "35.03.11.1005", "35.03.11.1006", "35.03.11.1007")
"""Kelurahan Tamanan, Ngantru, Kelutan, Surodakan and Sumbergedong of Kecamatan Trenggalek."""
_DISTRICTS = tuple(f"3503{district:02}" for district in range(1, 15))
_FIRST_BIRTH = dt.date(1931, 1, 1)
_LAST_ADULT_BIRTH = dt.date(2005, 12, 31)
_LAST_BIRTH = dt.date(2009, 12, 31)
_OLDEST_SINGLE = dt.date(2000, 1, 1)
_OCCUPATIONS = (
    "PETANI/PEKEBUN",
    "PEDAGANG",
    "MENGURUS RUMAH TANGGA",
    "BURUH TANI/PERKEBUNAN",
    "KARYAWAN SWASTA",
)
_UNITS = (
    "NOL",
    "SATU",
    "DUA",
    "TIGA",
    "EMPAT",
    "LIMA",
    "ENAM",
    "TUJUH",
    "DELAPAN",
    "SEMBILAN",
    "SEPULUH",
    "SEBELAS",
)


def demo_roster(n: int, seed: int) -> tuple[Person, ...]:
    """`n` invented residents of Kecamatan Trenggalek, the same for the same seed, with tickets A001 on.

    Families of one to four share a KK; all are 16 or older in 2026, about one in five over 60; some are
    deactivated and one in fifty is a foreigner, so that every rule meets somebody.
    """
    random = Random(seed)  # noqa: S311 - nothing secret: the same seed gives the same people
    serials: Counter[str] = Counter()
    persons: list[Person] = []
    while len(persons) < n:
        persons.extend(
            _family(random, serials, first=len(persons) + 1, size=min(random.randint(1, 4), n - len(persons)))
        )
    return tuple(persons)


def spelled(number: int) -> str:
    """A number from 0 to 999999 in Indonesian words: 21 is DUA PULUH SATU."""
    if number < 12:
        return _UNITS[number]
    if number < 20:
        return f"{_UNITS[number - 10]} BELAS"
    for size, word in ((1000, "RIBU"), (100, "RATUS"), (10, "PULUH")):
        count, rest = divmod(number, size)
        if count:
            head = f"SE{word}" if count == 1 else f"{spelled(count)} {word}"
            return f"{head} {spelled(rest)}" if rest else head
    raise ValueError(f"{number} cannot be spelled")


def _family(random: Random, serials: Counter[str], *, first: int, size: int) -> list[Person]:
    village = random.choice(_VILLAGES)
    issued = _day_between(random, dt.date(2010, 1, 1), dt.date(2024, 12, 31))
    kk = _next_number(f"{village[:8].replace('.', '')}{issued:%d%m%y}", serials)
    home = f"JALAN CONTOH NOMOR {random.randint(1, 200)}"
    rt, rw = f"{random.randint(1, 20):03}", f"{random.randint(1, 8):03}"
    religion = random.choices(tuple(Religion), weights=(90, 3, 3, 1, 1, 1, 1))[0]
    family = []
    for number in range(first, first + size):
        latest = _LAST_BIRTH if number > first else _LAST_ADULT_BIRTH
        born = _day_between(random, _FIRST_BIRTH, latest)
        sex = random.choice(tuple(Sex))
        single = born >= _OLDEST_SINGLE
        family.append(
            Person(
                nik=_nik(random, serials, born, sex),
                kk=kk,
                name=f"CONTOH{_one_word(number)}" if number % 7 == 0 else f"CONTOH {spelled(number)}",
                birth_place="TRENGGALEK",
                birth_date=born,
                sex=sex,
                religion=religion,
                marital_status=MaritalStatus.BELUM_KAWIN if single else random.choice(tuple(MaritalStatus)[1:]),
                occupation="PELAJAR/MAHASISWA" if single else random.choice(_OCCUPATIONS),
                citizenship=Citizenship.WNA if number % 50 == 0 else Citizenship.WNI,
                blood_type=random.choice(tuple(BloodType)),
                address=home,
                rt=rt,
                rw=rw,
                region_code=village,
                ticket=f"A{number:03}",
                deactivated=random.random() < 0.05,
            )
        )
    return family


def _one_word(number: int) -> str:
    """One-word names are common among the old; a name must stay unique."""
    return spelled(number).replace(" ", "")


def _nik(random: Random, serials: Counter[str], born: dt.date, sex: Sex) -> str:
    day = born.day + (40 if sex is Sex.FEMALE else 0)
    return _next_number(f"{random.choice(_DISTRICTS)}{day:02}{born:%m%y}", serials)


def _next_number(prefix: str, serials: Counter[str]) -> str:
    serials[prefix] += 1
    return f"{prefix}{9000 + serials[prefix]}"


def _day_between(random: Random, first: dt.date, last: dt.date) -> dt.date:
    return first + dt.timedelta(days=random.randrange((last - first).days + 1))
