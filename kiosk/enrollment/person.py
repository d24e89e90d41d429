"""The resident as the roster (family card, KK) knows them. Codes are SIAK's own ids."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Sex(IntEnum):
    MALE = 1
    FEMALE = 2


class Religion(IntEnum):
    ISLAM = 1
    KRISTEN = 2
    KATHOLIK = 3
    HINDU = 4
    BUDHA = 5
    KHONGHUCU = 6
    KEPERCAYAAN = 7


class MaritalStatus(IntEnum):
    BELUM_KAWIN = 1
    KAWIN = 2
    CERAI_HIDUP = 3
    CERAI_MATI = 4


class Citizenship(IntEnum):
    WNI = 1
    WNA = 2


class BloodType(IntEnum):
    A = 1
    B = 2
    AB = 3
    O = 4  # noqa: E741 - the blood group's own name
    A_POSITIVE = 5
    A_NEGATIVE = 6
    B_POSITIVE = 7
    B_NEGATIVE = 8
    AB_POSITIVE = 9
    AB_NEGATIVE = 10
    O_POSITIVE = 11
    O_NEGATIVE = 12
    TIDAK_TAHU = 13


class BackgroundColour(StrEnum):
    """The photo cloth: red for an odd birth year, blue for an even one, orange for foreigners."""

    RED = "red"
    BLUE = "blue"
    ORANGE = "orange"


@dataclass(frozen=True, slots=True)
class Person:
    """One roster row. region_code: four levels, `35.03.11.1005`; ticket: the queue ticket, may be empty."""

    nik: str
    kk: str
    name: str
    birth_place: str
    birth_date: dt.date
    sex: Sex
    religion: Religion
    marital_status: MaritalStatus
    occupation: str
    citizenship: Citizenship
    blood_type: BloodType
    address: str
    rt: str
    rw: str
    region_code: str
    ticket: str = ""
    deactivated: bool = False
    """The central register marks this resident non-aktif; recording attaches a reactivation request."""

    @property
    def background(self) -> BackgroundColour:
        if self.citizenship is Citizenship.WNA:
            return BackgroundColour.ORANGE
        return BackgroundColour.RED if self.birth_date.year % 2 else BackgroundColour.BLUE

    def age_on(self, day: dt.date) -> int:
        before_birthday = (day.month, day.day) < (self.birth_date.month, self.birth_date.day)
        return day.year - self.birth_date.year - before_birthday
