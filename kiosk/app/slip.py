"""The proof slip (bukti perekaman): what was recorded and when. It is no identity document."""

from __future__ import annotations

import datetime as dt

from hw.api import Slip
from kiosk.app.views import Text
from kiosk.enrollment.record import Enrollment
from kiosk.i18n import translate

VISIBLE_NIK_DIGITS = 4


def proof_slip(enrollment: Enrollment, *, office: str, at: dt.datetime) -> Slip:
    """In the resident's language. The NIK is masked: slips lie about."""
    person = enrollment.person
    assert person is not None  # noqa: S101 - only finalised records are printed
    masked = "*" * (len(person.nik) - VISIBLE_NIK_DIGITS) + person.nik[-VISIBLE_NIK_DIGITS:]
    lines = (
        Text("slip.office", {"office": office}),
        Text("slip.number", {"number": enrollment.id}),
        Text("slip.name", {"name": person.name}),
        Text("slip.nik", {"nik": masked}),
        Text("slip.date", {"date": f"{at:%d-%m-%Y %H:%M} UTC"}),
        Text("slip.fingers", {"count": sum(s.position.modality == "fingerprint" for s in enrollment.samples)}),
        Text("slip.irises", {"count": sum(s.position.modality == "iris" for s in enrollment.samples)}),
        Text("slip.free"),
        Text("slip.not_suket"),
    )
    return Slip(
        heading=translate(Text("slip.heading"), enrollment.language),
        lines=tuple(translate(line, enrollment.language) for line in lines),
        qr=f"{enrollment.id}:{enrollment.packet_sha256}",
    )
