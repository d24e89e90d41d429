"""ISO/IEC 19794 records: what holds, and everything that does not."""

from __future__ import annotations

import random
import struct

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw.api import FaultCode
from hw.sbi.failure import SbiFailure
from hw.sbi.imagery import decode_preview, decode_record
from hw.sbi.records import Coding, parse_finger_record, parse_iris_record
from hw.sim.sbi.iso_records import FingerCoding, encode_jpeg2000, encode_wsq, finger_record, iris_record

PICTURE = (np.sin(np.arange(64 * 48).reshape(64, 48) / 2.5) * 90 + 128).astype(np.uint8)
FINGER = finger_record(PICTURE, position=4, score=61, coding=FingerCoding.JPEG_2000_LOSSLESS)
IRIS = iris_record(PICTURE, position=2, score=77)


def decoded_finger(record):
    return decode_record(parse_finger_record(record))


def refused(parse, record) -> str:
    with pytest.raises(SbiFailure) as raised:
        parse(record)
    assert raised.value.code is FaultCode.BAD_RECORD
    return raised.value.detail


def test_a_finger_record_is_read_field_by_field():
    image = parse_finger_record(FINGER)
    assert (image.position, image.width, image.height, image.dpi) == (4, 48, 64, 500)
    assert (image.coding, image.quality) == (Coding.JPEG_2000, 61)
    assert np.array_equal(decode_record(image), PICTURE)


def test_an_iris_record_is_read_field_by_field():
    image = parse_iris_record(IRIS)
    assert (image.position, image.width, image.height, image.dpi) == (2, 48, 64, None)
    assert (image.coding, image.quality) == (Coding.JPEG_2000, 77)
    assert np.array_equal(decode_record(image), PICTURE)


def by_hand(
    *, coding: int, coded: bytes, certified: bytes = b"", behind: bytes = b"", units=1, rate=500, depth=8
):
    """A finger record put together byte by byte from 19794-4:2011, tables 2 to 5, without our encoder."""
    body = (
        b"\x07\xea\x0b\x18\x06\x00\x00\x00\x00" + b"\x04" + b"\0\0" + b"\0\0"
    )  # time, technology, vendor, type
    body += b"\x01" + b"\x3d" + b"\0\0" + b"\0\0" + certified  # one quality block: 61
    body += bytes([4, 1, units]) + struct.pack(">HHHH", rate, rate, rate, rate)
    body += bytes([depth, coding, 0]) + struct.pack(">HHI", 48, 64, len(coded)) + coded + behind
    head = b"FIR\x00" + b"020\x00" + struct.pack(">IHBB", 16 + 4 + len(body), 1, bool(certified), 1)
    return head + struct.pack(">I", 4 + len(body)) + body


def test_a_record_made_by_hand_equals_the_encoders_but_for_its_time():
    ours, theirs = FINGER, by_hand(coding=5, coded=encode_jpeg2000(PICTURE))
    assert ours[:20] == theirs[:20] and ours[29:] == theirs[29:]


@pytest.mark.parametrize(
    ("coding", "coded"),
    [
        (0, PICTURE.tobytes()),
        (5, encode_jpeg2000(PICTURE)),
        (6, cv2.imencode(".png", PICTURE)[1].tobytes()),
    ],
)
def test_every_lossless_coding_gives_the_picture_back(coding, coded):
    assert np.array_equal(decoded_finger(by_hand(coding=coding, coded=coded)), PICTURE)


def test_certification_blocks_and_extended_data_are_stepped_over():
    record = by_hand(coding=0, coded=PICTURE.tobytes(), certified=b"\x02" + bytes(6), behind=b"\0\x03\0\x04")
    assert np.array_equal(decoded_finger(record), PICTURE)


def test_a_sampling_rate_per_centimetre_is_read_as_ppi():
    assert parse_finger_record(by_hand(coding=0, coded=PICTURE.tobytes(), units=2, rate=197)).dpi == 500


def test_a_quality_that_could_not_be_computed_is_none():
    record = bytearray(FINGER)
    record[35] = 255
    assert parse_finger_record(bytes(record)).quality is None


@pytest.mark.parametrize("record", [FINGER, IRIS], ids=["finger", "iris"])
def test_a_record_cut_anywhere_is_refused(record):
    parse = parse_finger_record if record is FINGER else parse_iris_record
    for length in range(len(record)):
        refused(parse, record[:length])


def test_records_of_the_other_modality_are_refused():
    refused(parse_finger_record, IRIS)
    refused(parse_iris_record, FINGER)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"coding": 3}, "coding 3"),
        ({"depth": 16}, "16 bits"),
        ({"units": 9}, "sampling rate"),
        ({"rate": 0}, "sampling rate"),
    ],
)
def test_what_the_kiosk_does_not_take_is_named(changes, words):
    record = by_hand(**({"coding": 0, "coded": PICTURE.tobytes()} | changes))
    assert words in refused(parse_finger_record, record)


@pytest.mark.parametrize(
    ("coding", "coded"),
    [
        (0, PICTURE.tobytes()[:-1]),
        (2, b"\xff\xa0 not WSQ"),
        (2, b"GIF89a"),
        (5, encode_jpeg2000(PICTURE)[:-20]),
        (5, encode_jpeg2000(PICTURE)[:60]),
        (5, encode_jpeg2000(PICTURE.T.copy())),
        (5, cv2.imencode(".png", PICTURE)[1].tobytes()),
        (6, encode_jpeg2000(PICTURE)),
        (6, cv2.imencode(".png", PICTURE)[1].tobytes()[:-40]),
        (6, cv2.imencode(".png", np.dstack([PICTURE] * 3))[1].tobytes()),
    ],
)
def test_a_picture_that_is_not_what_the_record_says_is_refused(coding, coded):
    refused(decoded_finger, by_hand(coding=coding, coded=coded))


def test_wsq_is_read_and_damage_that_crashes_its_decoder_is_only_a_refusal():
    coded = encode_wsq(PICTURE)
    difference = decoded_finger(by_hand(coding=2, coded=coded)).astype(int) - PICTURE
    assert np.abs(difference).mean() < 6
    dice = random.Random(1)  # noqa: S311 - dice, not a secret
    refusals = 0
    for _ in range(12):
        damaged = bytearray(coded)
        for _ in range(4):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        try:
            decoded_finger(by_hand(coding=2, coded=bytes(damaged)))
        except SbiFailure as refusal:
            refusals += refusal.code is FaultCode.BAD_RECORD
    assert refusals


def test_a_picture_that_claims_to_be_huge_is_refused_before_it_is_decoded():
    bomb = bytearray(encode_jpeg2000(PICTURE))
    at = bomb.find(b"\xff\x4f\xff\x51") + 8
    bomb[at : at + 8] = struct.pack(">II", 60000, 60000)
    assert "size" in refused(decoded_finger, by_hand(coding=5, coded=bytes(bomb)))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_record_or_a_refusal(noise):
    for parse in (parse_finger_record, parse_iris_record):
        for record in (noise, FINGER[:16] + noise, IRIS[:20] + noise):
            with pytest.raises(SbiFailure):
                parse(record)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 59), st.integers(0, 255))
def test_any_header_byte_changed_gives_a_picture_or_a_refusal(at, value):
    record = bytearray(FINGER)
    record[at] = value
    try:
        pixels = decoded_finger(bytes(record))
    except SbiFailure as refusal:
        assert refusal.code is FaultCode.BAD_RECORD
    else:
        assert np.array_equal(pixels, PICTURE)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=120), st.integers(2, 300))
def test_any_bytes_are_a_preview_or_a_refusal(noise, cut):
    jpeg = cv2.imencode(".jpg", PICTURE)[1].tobytes()
    for data in (noise, jpeg[:cut] + noise):
        try:
            assert decode_preview(data).dtype == np.uint8
        except SbiFailure as refusal:
            assert refusal.code is FaultCode.BAD_ANSWER


def test_a_preview_that_claims_to_be_huge_is_refused_before_it_is_decoded():
    jpeg = bytearray(cv2.imencode(".jpg", PICTURE)[1].tobytes())
    at = jpeg.find(b"\xff\xc0") + 5
    jpeg[at : at + 4] = struct.pack(">HH", 60000, 60000)
    with pytest.raises(SbiFailure, match="60000"):
        decode_preview(bytes(jpeg))
