"""Records read back by readers that nobody here wrote."""

from __future__ import annotations

import importlib.util
import struct
import sys
from importlib.metadata import files
from pathlib import Path

import cv2
import nistitl
import numpy as np
import pytest

from hw.sim.people.flow import Pattern
from hw.sim.people.ridges import grow_finger
from kiosk.enrollment.positions import Position
from kiosk.packet.contents import PacketContents
from kiosk.packet.parts import make_parts
from kiosk.packet.profile import DEFAULT_PROFILE
from kiosk.packet.records.face import decode_face
from kiosk.packet.records.finger import decode_finger
from kiosk.packet.records.iris import decode_iris
from kiosk.packet.records.minutiae import TemplateRecord, decode_template, encode_template
from kiosk.quality.minutiae import extract
from tests.packet.made_packets import PERSON

needs_nist = pytest.mark.skipif(
    importlib.util.find_spec("nbis") is None, reason="NIST's own code is x86-64 only"
)


@pytest.fixture(scope="module")
def records(contents: PacketContents) -> dict[str, bytes]:
    return {part.path.removeprefix("records/"): part.data for part in make_parts(contents, DEFAULT_PROFILE)}


@pytest.fixture(scope="module")
def message(records: dict[str, bytes]) -> nistitl.Message:
    message = nistitl.Message()
    message.parse(records["transaction.an2"])
    return message


def test_the_transaction_says_what_it_is(message: nistitl.Message):
    assert [record.type for record in message] == [1, 2, 8, 10, *[14] * 10, 17, 17]
    information = message[0]
    assert (information.VER, information.TOT, information.ORI) == ("0500", "ENROL", "35.03")
    assert information.TCN == "0190d7a0-0000-7000-8000-000000000001"
    assert information.GMT == "20260302030405Z"


def test_the_transaction_describes_the_person(message: nistitl.Message):
    person = message[(2, 0)]
    found = [person[number].value for number in (3, 5, 7, 8)]
    assert found == [PERSON.nik, PERSON.name, "20010817", "F"]


def test_the_transaction_holds_the_images_of_the_records(message: nistitl.Message, records: dict[str, bytes]):
    face = next(message.iter(10))
    assert decode_face(records["face.fac"]).image == face.DATA
    assert (face.IMT, face.CGA, face.HLL, face.VLL) == ("FACE", "JPEGB", "150", "200")
    thumb = next(message.iter(14))
    assert decode_finger(records["right_thumb.fir"]).image == thumb.DATA
    assert (thumb.FGP, thumb.IMP, thumb.CGA, thumb.THPS, thumb.BPX) == ("1", "0", "WSQ20", "500", "8")
    for iris, eye in zip(message.iter(17), ("right", "left"), strict=True):
        assert decode_iris(records[f"{eye}_iris.iir"]).image == iris.DATA
        assert iris[11].value == "JP2L"


def test_the_transaction_says_why_a_finger_has_no_image(message: nistitl.Message):
    *_, little = message.iter(14)
    assert (little.FGP, little["DATA"]) == ("10", None)
    assert [subfield.values for subfield in little["AMP"]] == [["10", "XX"]]


def test_a_pressed_pen_is_told_from_a_lifted_one(message: nistitl.Message):
    signature = next(message.iter(8))
    kind, representation, resolution, width, height, path = signature.unpack("!BBBHH")
    assert (kind, representation, resolution, width, height) == (0, 2, 1, 0, 0)
    vectors = np.frombuffer(path, np.dtype([("x", ">u2"), ("y", ">u2"), ("pressure", "u1")]))
    assert len(vectors) == 120
    assert vectors["pressure"][39] == 0
    assert vectors["pressure"].max() == 254
    # the pad has 39.37 units a millimetre, so one unit is a thousandth of an inch
    assert (vectors["x"][0], vectors["x"][1]) == (100, 120)
    assert vectors["y"].min() == 0


def test_a_public_reader_finds_every_minutia(records: dict[str, bytes], contents: PacketContents):
    """The reader is one file of the afis package, which is never imported as a whole (docs/dependencies.md)."""
    source = files("afis")
    assert source is not None
    (path,) = (file for file in source if str(file) == "afis/algorithms/templates.py")
    spec = importlib.util.spec_from_file_location("public_template_reader", path.locate())
    assert spec is not None
    reader = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = reader
    spec.loader.exec_module(reader)
    header, minutiae = reader.decode_iso19794_2(records["left_ring.fmr"])
    assert (header.finger_position, header.width, header.height, header.resolution_x) == (9, 160, 200, 197)
    assert (header.image_quality, header.impression_type) == (61, 0)
    expected = contents.templates[Position.LEFT_RING].minutiae
    assert [(x, y) for x, y, *_ in minutiae] == [(m.x, m.y) for m in expected]
    assert np.degrees(minutiae[:, 2]) == pytest.approx([m.angle * 360 / 256 for m in expected])


def in_the_dialect_of_nbis(record: bytes) -> bytes:
    """The nbis package leaves out most of the view's header, and the extended data's length."""
    count, minutiae = record[27:28], record[28:-2]
    return record[:8] + struct.pack(">I", 26 + len(minutiae)) + record[12:25] + count + minutiae


@needs_nist
def test_nists_matcher_finds_the_finger_of_its_own_minutiae_in_our_template(tmp_path: Path):
    """Places and angles mean the same to both, or the two would not match."""
    import nbis  # noqa: PLC0415

    settings = nbis.NbisExtractorSettings(
        min_quality=0.0, get_center=False, check_fingerprint=False, compute_nfiq2=False, ppi=None
    )
    extractor = nbis.new_nbis_extractor(settings)
    rng = np.random.default_rng(12)
    index, middle = (grow_finger(rng, pattern=Pattern.WHORL, digit=digit, left=False) for digit in (2, 3))
    assert cv2.imwrite(str(tmp_path / "index.png"), index)
    theirs = extractor.extract_minutiae_from_image_file(str(tmp_path / "index.png"))

    def ours(picture: np.ndarray) -> nbis.Minutiae:
        record = encode_template(TemplateRecord(2, 60, extract(picture)))
        return extractor.load_iso_19794_2_2005(in_the_dialect_of_nbis(record))

    assert ours(index).compare(theirs) > 40 > ours(middle).compare(theirs)


def test_a_template_record_keeps_its_finger(records: dict[str, bytes], contents: PacketContents):
    record = decode_template(records["left_ring.fmr"])
    assert isinstance(record, TemplateRecord)
    assert (record.position, record.quality) == (9, 61)
    assert record.template == contents.templates[Position.LEFT_RING]
