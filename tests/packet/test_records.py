"""Interchange records: what is encoded reads back, and damage is named at its byte."""

from __future__ import annotations

import datetime as dt
import io
import struct
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from kiosk.packet.parts import WSQ_FORMAT
from kiosk.packet.records.codestream import Codec, ImageSize, image_size
from kiosk.packet.records.face import FaceRecord, decode_face, encode_face
from kiosk.packet.records.finger import SLAPS, Compression, FingerRecord, decode_finger, encode_finger
from kiosk.packet.records.iris import ImageFormat, IrisRecord, decode_iris, encode_iris
from kiosk.packet.records.minutiae import TemplateRecord, decode_template, encode_template
from kiosk.packet.records.reader import RecordFault
from kiosk.packet.records.representation import Head
from kiosk.packet.records.signature import PathPoint, SignatureRecord, decode_signature, encode_signature
from kiosk.packet.records.transaction import (
    FaceImage,
    FingerImage,
    IrisImage,
    MissingFinger,
    NoImage,
    PenVector,
    Picture,
    Transaction,
    decode_transaction,
    encode_transaction,
)
from kiosk.packet.strokes import Strokes, signature_record
from tests.packet.made_packets import portrait, ridges, template

HEAD = Head(dt.datetime(2026, 3, 2, 3, 4, 5, 678_000, tzinfo=dt.UTC), 61)


def encoded(extension: str, pixels: np.ndarray, *options: int) -> bytes:
    return cv2.imencode(extension, pixels, options)[1].tobytes()


def wsq(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, WSQ_FORMAT)
    return buffer.getvalue()


JP2_LOSSLESS = (cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000)
GREY = ridges(3)
FINGER = FingerRecord(HEAD, 7, 500, Compression.WSQ, 160, 200, wsq(GREY))
IRIS = IrisRecord(HEAD, 2, ImageFormat.JPEG2000, 160, 200, encoded(".jp2", GREY, *JP2_LOSSLESS))
FACE = FaceRecord(HEAD, 2, 150, 200, encoded(".jpg", portrait()))
SIGNATURE = SignatureRecord(39.375, 1000, (PathPoint(100, 200, 0, 300), PathPoint(120, 210, 8, 0)))

TEMPLATE = TemplateRecord(7, 61, template(7))
TRANSACTION = Transaction(
    number="0190d7a0-0000-7000-8000-000000000001",
    made=dt.datetime(2026, 3, 2, 3, 4, 5, tzinfo=dt.UTC),
    destination="PUSAT",
    source="35.03",
    descriptors={3: "3503115708010001", 5: "CONTOH SATU"},
    signature=(PenVector(100, 20, 254), PenVector(120, 10, 0)),
    images=(
        FaceImage(dt.date(2026, 3, 2), Picture(Codec.JPEG, 150, 200, FACE.image)),
        FingerImage(7, dt.date(2026, 3, 2), 500, Picture(Codec.WSQ, 160, 200, FINGER.image)),
        MissingFinger(10, dt.date(2026, 3, 2), NoImage.UNABLE_TO_PRINT),
        IrisImage(2, dt.date(2026, 3, 2), Picture(Codec.JPEG2000, 160, 200, IRIS.image)),
    ),
)

RECORDS: list[tuple[Any, Callable[[Any], bytes], Callable[[bytes], Any]]] = [
    (FINGER, encode_finger, decode_finger),
    (IRIS, encode_iris, decode_iris),
    (FACE, encode_face, decode_face),
    (SIGNATURE, encode_signature, decode_signature),
    (TEMPLATE, encode_template, decode_template),
    (TRANSACTION, encode_transaction, decode_transaction),
]
each_record = pytest.mark.parametrize(
    ("record", "encode", "decode"),
    RECORDS,
    ids=["finger", "iris", "face", "signature", "template", "transaction"],
)


@each_record
def test_what_is_encoded_reads_back(
    record: Any, encode: Callable[[Any], bytes], decode: Callable[[bytes], Any]
):
    assert decode(encode(record)) == record


@each_record
def test_a_record_cut_anywhere_is_refused_where_it_ends(
    record: Any, encode: Callable[[Any], bytes], decode: Callable[[bytes], Any]
):
    data = encode(record)
    for length in (*range(90), len(data) // 2, len(data) - 1):
        fault = decode(data[: min(length, len(data) - 1)])
        assert isinstance(fault, RecordFault), length
        assert 0 <= fault.offset <= length


@each_record
def test_bytes_after_the_record_are_refused(
    record: Any, encode: Callable[[Any], bytes], decode: Callable[[bytes], Any]
):
    assert isinstance(decode(encode(record) + b"\x00"), RecordFault)


@each_record
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_flipped_bit_is_named_or_read_and_never_lost(
    record: Any, encode: Callable[[Any], bytes], decode: Callable[[bytes], Any], data: st.DataObject
):
    damaged = bytearray(encode(record))
    bit = data.draw(st.integers(0, min(len(damaged), 700) * 8 - 1))
    damaged[bit // 8] ^= 1 << bit % 8
    result = decode(bytes(damaged))
    assert isinstance(result, RecordFault) or encode(result) == damaged


@given(noise=st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_noise_is_no_record(noise: bytes):
    assert all(isinstance(decode(noise), RecordFault) for _, _, decode in RECORDS)


def test_an_unknown_capture_time_and_score_stay_unknown():
    record = replace(FINGER, head=Head(None, None))
    data = encode_finger(record)
    assert data[20:29] == b"\xff" * 9
    assert decode_finger(data) == record


def test_a_finger_record_is_laid_out_as_19794_4_says():
    data = encode_finger(FINGER)
    assert data[:8] == b"FIR\x00020\x00"
    assert struct.unpack(">IHBB", data[8:16]) == (len(data), 1, 0, 1)
    assert struct.unpack(">I", data[16:20]) == (len(data) - 16,)
    assert struct.unpack(">HBBBBBH", data[20:29]) == (2026, 3, 2, 3, 4, 5, 678)
    assert struct.unpack(">BBHH", data[34:40]) == (1, 61, 0, 0)
    assert struct.unpack(">BBB4HBBBHHI", data[40:62]) == (
        *(7, 0, 1, 500, 500, 500, 500, 8, 2, 0, 160, 200),
        len(data) - 62,
    )
    assert data[62:] == FINGER.image


def test_an_iris_record_is_laid_out_as_19794_6_says():
    data = encode_iris(IRIS)
    assert data[:8] == b"IIR\x00020\x00"
    assert struct.unpack(">HBBBBHHBH", data[40:53]) == (1, 2, 1, 0x0A, 0x55, 160, 200, 8, 0)
    assert struct.unpack(">I", data[69:73]) == (len(data) - 73,)


def test_a_face_record_is_laid_out_as_19794_5_says():
    data = encode_face(FACE)
    assert data[:8] == b"FAC\x00030\x00"
    assert struct.unpack(">IHBH", data[8:17]) == (len(data), 1, 0, 0)
    assert struct.unpack(">HB", data[41:44]) == (0, 2)
    assert struct.unpack(">BBHHBHBBI", data[58:73]) == (0, 0, 150, 200, 0, 0, 0, 1, len(data) - 73)


def test_a_signature_record_is_laid_out_as_19794_7_says():
    data = encode_signature(SIGNATURE)
    assert data[:8] == b"SDI\x00 10\x00"
    assert data[8:10] == bytes((0b11000001, 0b01100000))  # X Y T and F S
    # 39.375 = (1 + 472/2048) * 2**5; 1000 = (1 + 1952/2048) * 2**9
    assert data[10:19].hex() == "80" + f"{5 << 11 | 472:04x}" + "80" + f"{5 << 11 | 472:04x}" + "80" + (
        f"{9 << 11 | 1952:04x}"
    )
    assert data[19:26] == bytes((0, 0, 0, 0, 0, 0, 2))
    assert struct.unpack(">hhHHB", data[26:35]) == (100, 200, 0, 300, 1)


@pytest.mark.parametrize(
    ("offset", "value", "reason"),
    [
        (0, b"XIR\x00", "format identifier"),
        (4, b"010\x00", "version"),
        (8, b"\x00\x00\x00\x10", "record length is 16"),
        (12, b"\x00\x02", "number of representations"),
        (22, b"\x0d", "no calendar time"),
        (35, b"\x65", "quality score is 101"),
        (40, b"\x0b", "finger position is 11"),
        (43, b"\x01\xf3", "sampling rates"),
        (52, b"\x03", "compression is 3"),
        (56, b"\x00\xa1", "wsq image is 160x200, the header says 160x161"),
    ],
)
def test_a_wrong_field_is_named_where_it_stands(offset: int, value: bytes, reason: str):
    data = bytearray(encode_finger(FINGER))
    data[offset : offset + len(value)] = value
    fault = decode_finger(bytes(data))
    assert isinstance(fault, RecordFault)
    assert reason in fault.reason
    assert abs(fault.offset - offset) <= 6


@pytest.mark.parametrize("position", SLAPS)
@pytest.mark.parametrize("compression", list(Compression))
def test_a_slap_travels_in_either_compression(position: int, compression: Compression):
    """Four fingers side by side on a platen of 81 x 76 mm, 500 ppi: NIST's type-14 sizes."""
    slap = np.hstack([ridges(seed, width=400, height=1000) for seed in range(4)])
    image = wsq(slap) if compression is Compression.WSQ else encoded(".png", slap)
    record = FingerRecord(HEAD, position, 500, compression, 1600, 1000, image)
    assert decode_finger(encode_finger(record)) == record
    read = np.asarray(Image.open(io.BytesIO(image)).convert("L"), np.int16)
    if compression is Compression.PNG:
        assert np.array_equal(read, slap)
    else:
        assert 10 < slap.size / len(image) < 20
        assert np.abs(read - slap).mean() < 8


def test_an_image_damaged_inside_its_record_is_named_at_the_records_byte():
    png = encoded(".png", GREY)
    record = replace(FINGER, compression=Compression.PNG, image=png)
    data = bytearray(encode_finger(record))
    data[62 + 20] ^= 1  # in IHDR, whose check sum then fails
    fault = decode_finger(bytes(data))
    assert isinstance(fault, RecordFault)
    assert fault.offset == 62 + 8
    assert "check sum" in fault.reason


@pytest.mark.parametrize("codec", list(Codec))
def test_every_codec_states_its_size(codec: Codec):
    data = {
        Codec.WSQ: wsq(GREY),
        Codec.PNG: encoded(".png", GREY),
        Codec.JPEG: encoded(".jpg", GREY),
        Codec.JPEG2000: encoded(".jp2", GREY, *JP2_LOSSLESS),
    }[codec]
    assert image_size(data, codec) == ImageSize(160, 200)
    assert isinstance(image_size(data[:-1], codec), RecordFault)
    assert isinstance(image_size(data + b"\x00", codec), RecordFault)
    for other in set(Codec) - {codec}:
        assert isinstance(image_size(data, other), RecordFault)


def test_wsq_is_about_a_fifteenth_of_a_finger_at_500_ppi():
    finger = ridges(1, width=416, height=560)
    assert 10 < finger.size / len(wsq(finger)) < 20


def test_a_lossless_iris_keeps_every_pixel():
    image = np.frombuffer(IRIS.image, np.uint8)
    assert np.array_equal(cv2.imdecode(image, cv2.IMREAD_GRAYSCALE), GREY)


@given(scale=st.floats(0.01, 30_000))
@settings(deadline=None)
def test_a_scaling_value_is_kept_to_one_part_in_four_thousand(scale: float):
    record = decode_signature(encode_signature(replace(SIGNATURE, units_per_mm=scale)))
    assert isinstance(record, SignatureRecord)
    assert record.units_per_mm == pytest.approx(scale, rel=1 / 4096)


@pytest.mark.parametrize(("seconds", "ticks_per_second"), [(3, 1000), (66, 100), (700, 10)])
def test_a_long_signature_is_coded_in_coarser_time(seconds: int, ticks_per_second: int):
    points = ((0, 0, 7, 1), (10, 10, 7 + seconds * 1_000_000_000, 0))
    record = signature_record(Strokes(100, 100, 10, 40.0, points))
    assert record.ticks_per_second == ticks_per_second
    assert record.points[1].ticks == seconds * ticks_per_second


def test_an_endless_signature_is_refused():
    points = ((0, 0, 0, 1), (0, 0, 10**13, 0))
    with pytest.raises(ValueError, match="too long"):
        signature_record(Strokes(100, 100, 10, 40.0, points))


def test_a_pen_report_outside_its_channel_is_refused():
    with pytest.raises(ValueError, match="does not fit"):
        encode_signature(replace(SIGNATURE, points=(PathPoint(40_000, 0, 0, 1),)))


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        (((0, 0, 9, 1), (0, 0, 8, 1)), "time runs backwards"),
        (((0, 0, 9, 1), (0, 0, 9, 0)), "pen tip switch"),
    ],
)
def test_an_impossible_path_is_refused(points: tuple[tuple[int, int, int, int], ...], reason: str):
    data = bytearray(encode_signature(replace(SIGNATURE, points=tuple(PathPoint(*p) for p in points))))
    if "switch" in reason:
        data[-1] = 1
    fault = decode_signature(bytes(data))
    assert isinstance(fault, RecordFault)
    assert reason in fault.reason


@pytest.mark.parametrize(
    ("offset", "value", "reason"),
    [
        (0, b"XMR\x00", "format identifier"),
        (8, b"\x00\x00\x00\x10", "record length is 16"),
        (14, b"\x00\x00", "image width is 0"),
        (18, b"\x00\xc6", "horizontal resolution is 198"),
        (24, b"\x0b", "finger position is 11"),
        (26, b"\x65", "finger quality is 101"),
        (27, b"\x20", "minutia needs 6 bytes"),
        (28, b"\xc0\x01", "minutia type is 3"),
        (28, b"\x40\xa0", "lies outside the image of 160x200"),
        (33, b"\x65", "minutia quality is 101"),
    ],
)
def test_a_wrong_field_of_a_template_is_named(offset: int, value: bytes, reason: str):
    data = bytearray(encode_template(TEMPLATE))
    data[offset : offset + len(value)] = value
    fault = decode_template(bytes(data))
    assert isinstance(fault, RecordFault)
    assert reason in fault.reason


@pytest.mark.parametrize(
    ("found", "replacement", "reason"),
    [
        (b"1.002:0500", b"1.002:0400", "stands where"),
        (b"1.003:1\x1f6", b"1.003:1\x1f7", "stands where"),
        (b"\x1e14\x1f03", b"\x1e15\x1f03", "not those of an enrollment"),
        (b"1.014:20260302", b"1.014:20261302", "must be a moment"),
        (b"2.005:CONTOH SATU", b"2.003:CONTOH SATU", "field 2.003 follows 2.003"),
        (b"CONTOH SATU", b"CONTOH\xffSATU", "not UTF-8"),
        (b"CONTOH SATU", b"CONTOH\x00SATU", "must be text"),
        (b"10.006:150", b"10.006:151", "jpeg image is 150x200, its fields say 151x200"),
        (b"14.005:20260302", b"14.005:20260230", "must be a day"),
        (b"14.006:160", b"14.006:1x0", "must be a whole number"),
        (b"14.009:500", b"14.009:501", "stands where"),
        (b"14.011:WSQ20", b"14.011:WSQ21", "compression is 'WSQ21'"),
        (b"14.013:7", b"14.013:0", "field 14.013 is 0, must be 1 to 10"),
        (b"14.013:7", b"15.013:7", "must be one of a type-14 record"),
        (b"\x1fUP", b"\x1fXY", "field 14.018 is 'XY'"),
        (b"17.003:2", b"17.003:3", "field 17.003 is 3, must be 1 to 2"),
    ],
)
def test_a_wrong_field_of_a_transaction_is_named_where_it_stands(found: bytes, replacement: bytes, reason: str):
    data = encode_transaction(TRANSACTION)
    assert data.count(found) >= 1
    fault = decode_transaction(data.replace(found, replacement, 1))
    assert isinstance(fault, RecordFault)
    assert reason in fault.reason
    if "contents" not in fault.reason:
        assert abs(fault.offset - data.index(found)) < 24 or "jpeg" in fault.reason


def test_an_image_damaged_inside_a_transaction_is_named_at_the_transactions_byte():
    data = bytearray(encode_transaction(TRANSACTION))
    start = data.index(FINGER.image)
    data[start] = 0
    assert decode_transaction(bytes(data)) == RecordFault(
        start, "wsq image: WSQ start of image is 160, must be one of 65440"
    )


def test_a_name_outside_ascii_states_its_character_set():
    named = replace(TRANSACTION, descriptors={5: "CONTÓH"})
    assert b"1.015:3\x1fUTF-8" in encode_transaction(named)
    assert b"1.015:" not in encode_transaction(TRANSACTION)
    assert decode_transaction(encode_transaction(named)) == named


@pytest.mark.parametrize("text", ["", "CONTOH\x1dSATU", "CONTOH\nSATU"])
def test_a_text_that_would_break_the_transaction_is_refused(text: str):
    with pytest.raises(ValueError, match=r"field 2\.005 cannot hold"):
        encode_transaction(replace(TRANSACTION, descriptors={5: text}))


def test_images_out_of_order_are_refused():
    with pytest.raises(ValueError, match="order"):
        encode_transaction(replace(TRANSACTION, images=TRANSACTION.images[::-1]))
