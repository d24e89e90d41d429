"""Minutiae records as other systems write and read them."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_templates import made_finger

from kiosk.enrollment.minutiae import Minutia, MinutiaType, Template
from kiosk.enrollment.positions import Position
from kiosk.matching.iso19794_2 import FingerRecord, RecordError, decode, encode

FINGER = FingerRecord(
    Template(
        (Minutia(100, 200, 64, MinutiaType.ENDING, 80), Minutia(10, 20, 255, MinutiaType.BIFURCATION, 50)),
        300,
        400,
    ),
    position=Position.LEFT_RING,
    quality=73,
)


def test_a_written_record_reads_back():
    assert decode(encode(FINGER)) == (FINGER,)
    best_first = tuple(sorted(made_finger(1).minutiae, key=lambda minutia: -minutia.quality))
    plain = FingerRecord(Template(best_first, 320, 440))
    assert decode(encode(plain)) == (plain,)


def test_the_bytes_of_a_2011_record():
    record = encode(FINGER)
    assert record[:8] == b"FMR\x00030\x00"
    assert struct.unpack(">IHB", record[8:15]) == (len(record), 1, 0)
    assert struct.unpack(">I", record[15:19]) == (len(record) - 15,)
    assert record[19:28] == b"\xff" * 9
    assert record[33] == 1
    assert record[34] == 73
    position, representation, across, down, impression, width, height, field, count = struct.unpack(
        ">BBHHBHHBB", record[39:52]
    )
    assert (position, representation, across, down, impression) == (9, 0, 197, 197, 0)
    assert (width, height, field >> 4, count) == (300, 400, 6, 2)
    assert record[52:58] == struct.pack(">HHBB", 1 << 14 | 100, 200, 64, 80)
    assert record[-2:] == b"\0\0"


def record_2005(pitch: int, *, extension: bytes = b"") -> bytes:
    minutia = struct.pack(">HHBB", 2 << 14 | 60, 90, 12, 0)
    view = struct.pack(">BBBB", 7, 0, 55, 1) + minutia + struct.pack(">H", len(extension)) + extension
    head = struct.pack(">4s4sIHHHHHBB", b"FMR\0", b" 20\0", 24 + len(view), 0, 200, 300, pitch, pitch, 1, 0)
    return head + view


def test_a_2005_record_is_read():
    (finger,) = decode(record_2005(197, extension=b"\1\2\3"))
    assert finger.position is Position.LEFT_INDEX
    assert finger.quality == 55
    assert finger.template == Template((Minutia(60, 90, 12, MinutiaType.BIFURCATION, 0),), 200, 300)


def test_other_resolutions_are_scaled_to_500_ppi():
    (finger,) = decode(record_2005(394))
    assert (finger.template.width, finger.template.height) == (100, 150)
    assert (finger.template.minutiae[0].x, finger.template.minutiae[0].y) == (30, 45)


def test_minutiae_without_quality_take_five_bytes():
    record = bytearray(encode(FingerRecord(Template((Minutia(5, 6, 7, MinutiaType.OTHER, 9),), 300, 400))))
    record[46 - 5 + 5] = record[46]
    field = 15 + 19 + 11
    assert record[field] == 6 << 4
    record[field] = 5 << 4
    del record[-3]
    record[8:12] = struct.pack(">I", len(record))
    record[15:19] = struct.pack(">I", len(record) - 15)
    (finger,) = decode(bytes(record))
    assert finger.template.minutiae == (Minutia(5, 6, 7, MinutiaType.OTHER, 0),)


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"FMR\0",
        b"FIR\x00030\x00" + bytes(40),
        b"FMR\x00040\x00" + bytes(40),
        encode(FINGER)[:-1],
        encode(FINGER) + b"\0",
        record_2005(0),
        record_2005(197)[:-3],
    ],
    ids=[
        "empty",
        "only magic",
        "an image record",
        "another edition",
        "cut",
        "longer",
        "no resolution",
        "cut 2005",
    ],
)
def test_damaged_records_are_refused(record):
    with pytest.raises(RecordError):
        decode(record)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_flipped_bytes_never_crash(data):
    record = bytearray(encode(FINGER))
    for _ in range(data.draw(st.integers(1, 4))):
        record[data.draw(st.integers(0, len(record) - 1))] = data.draw(st.integers(0, 255))
    try:
        decode(bytes(record))
    except RecordError:
        return


@pytest.mark.parametrize(
    "template",
    [
        Template(made_finger(1).minutiae * 6, 320, 440),
        Template((), 0, 400),
        Template((Minutia(20_000, 5, 0, MinutiaType.OTHER, 1),), 300, 400),
    ],
    ids=["too many", "no width", "too far out"],
)
def test_what_does_not_fit_a_record_is_refused(template):
    with pytest.raises(ValueError, match=r"record|fit"):
        encode(FingerRecord(template))
