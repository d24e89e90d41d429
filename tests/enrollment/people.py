"""Fictitious residents and samples for the rules' tests."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from kiosk.enrollment.person import BloodType, Citizenship, MaritalStatus, Person, Religion, Sex
from kiosk.enrollment.positions import Position
from kiosk.enrollment.quality_report import QualityReport
from kiosk.enrollment.record import Capturer, ClockTrust, ImageRef, Sample, Stamp

NOW = Stamp(dt.datetime(2026, 11, 24, 8, 0, tzinfo=dt.UTC), ClockTrust.NETWORK, 1_000)

RESIDENT = Person(
    nik="3503110101010001",
    kk="3503110101010009",
    name="CONTOH WARGA SATU",
    birth_place="TRENGGALEK",
    birth_date=dt.date(2001, 1, 1),
    sex=Sex.MALE,
    religion=Religion.ISLAM,
    marital_status=MaritalStatus.BELUM_KAWIN,
    occupation="PELAJAR",
    citizenship=Citizenship.WNI,
    blood_type=BloodType.TIDAK_TAHU,
    address="JALAN CONTOH 1",
    rt="001",
    rw="002",
    region_code="35.03.11.1005",
    ticket="A001",
)
SISTER = replace(
    RESIDENT, nik="3503114202050002", name="CONTOH WARGA DUA", birth_date=dt.date(2005, 2, 2), ticket="A002"
)


def sample(position: Position, score: int = 80, *, attempt: int = 1) -> Sample:
    report = QualityReport(position.modality, position, score, "test/1")
    image = ImageRef(f"{position}-{score}-{attempt}", "image/png", 10, 10, 500)
    return Sample(position, image, report, attempt, forced=False, capturer=Capturer("Make", "Model", "1"))
