"""What goes to the printer, byte for byte, and what a printer makes of it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from escpos.constants import QR_ECLEVEL_M
from escpos.printer import Dummy
from hypothesis import given
from hypothesis import strategies as st

from hw.api import Slip
from hw.printer.slip_bytes import QR_MODULE_DOTS, Paper, encode, qr_command
from hw.sim.printer_commands import Command, CommandParser
from hw.sim.printer_paper import Picture, PrintedSlip, QrCode, Roll, TextLine
from hw.sim.printer_render import WIDTH_DOTS, render_png

SLIP = Slip("BUKTI PEREKAMAN", ("Nama: SITI CONTOH", "", "Layanan ini gratis."), "KTP-EL:7f3a")


def printed(data: bytes) -> PrintedSlip:
    roll, slips = Roll(), []
    for command in CommandParser().feed(data):
        slip = roll.do(command)
        if slip is not None:
            slips.append(slip)
    assert len(slips) == 1
    return slips[0]


def read_qr(slip: PrintedSlip) -> str:
    picture = cv2.imdecode(np.frombuffer(render_png(slip), np.uint8), cv2.IMREAD_GRAYSCALE)
    text, *_ = cv2.QRCodeDetector().detectAndDecode(picture)
    return str(text)


def test_a_slip_is_these_bytes() -> None:
    assert encode(Slip("A", ("b",), "q"), Paper()) == (
        b"\x1b@\x1bt\x00"  # initialise, code page 437
        b"\x1ba\x01\x1b!0\x1bE\x01"  # centred, double size, bold
        b"A\n"
        b"\x1ba\x00\x1b!\x00\x1bE\x00"  # left, plain
        b"b\n"
        b"\x1ba\x01"
        b"\x1d(k\x04\x001A2\x00"  # QR model 2
        b"\x1d(k\x03\x001C\x06"  # six dots a module
        b"\x1d(k\x03\x001E1"  # level M
        b"\x1d(k\x04\x001P0q"
        b"\x1d(k\x03\x001Q0"
        b"\n\x1ba\x00"
        b"\x1bd\x06\x1dV\x00"  # feed past the knife, cut
    )


def test_python_escpos_makes_the_same_slip() -> None:
    peer = Dummy()
    peer.hw("INIT")
    peer.set(align="center", bold=True, double_width=True, double_height=True)
    peer.textln(SLIP.heading)
    peer.set(align="left", bold=False, normal_textsize=True)
    for line in SLIP.lines:
        peer.textln(line)
    peer.set(align="center")
    peer.qr(SLIP.qr, ec=QR_ECLEVEL_M, size=QR_MODULE_DOTS, native=True)
    peer.ln()
    peer.cut()
    assert printed(encode(SLIP, Paper())) == printed(peer.output)


@given(st.text(min_size=1, max_size=80))
def test_python_escpos_makes_the_same_code(text: str) -> None:
    peer = Dummy()
    peer.qr(text, ec=QR_ECLEVEL_M, size=QR_MODULE_DOTS, native=True)
    assert qr_command(text) == peer.output


def test_heading_lines_and_code_come_out_in_this_order() -> None:
    slip = printed(encode(SLIP, Paper()))
    assert slip.text()[:4] == ("BUKTI PEREKAMAN", "Nama: SITI CONTOH", "", "Layanan ini gratis.")
    assert slip.qr() == "KTP-EL:7f3a"
    kinds = [type(element) for element in slip.elements]
    assert kinds.index(QrCode) > 3


def test_the_heading_is_large_bold_and_centred() -> None:
    heading = printed(encode(SLIP, Paper())).elements[0]
    assert isinstance(heading, TextLine)
    assert (heading.style.align, heading.style.bold, heading.style.width, heading.style.height) == (
        "center",
        True,
        2,
        2,
    )


def test_a_slip_without_a_code_has_none() -> None:
    assert printed(encode(Slip("A", ("b",)), Paper())).qr() == ""


@pytest.mark.parametrize("columns", [32, 42, 48])
def test_nothing_is_wider_than_the_roll(columns: int) -> None:
    slip = printed(encode(Slip("PEREKAMAN " * 5, ("kata " * 40,), ""), Paper(columns=columns)))
    for element in slip.elements:
        if isinstance(element, TextLine):
            assert len(element.text) * element.style.width <= columns


def test_a_native_code_can_be_read_off_the_paper() -> None:
    assert read_qr(printed(encode(SLIP, Paper()))) == "KTP-EL:7f3a"


def test_a_drawn_code_can_be_read_off_the_paper() -> None:
    slip = printed(encode(SLIP, Paper(native_qr=False)))
    assert any(isinstance(element, Picture) for element in slip.elements)
    assert slip.qr() == ""
    assert read_qr(slip) == "KTP-EL:7f3a"


def test_a_letter_outside_ascii_is_printed_through_its_code_page() -> None:
    assert "Café" in printed(encode(Slip("A", ("Café",)), Paper())).text()


def test_typographic_signs_become_plain_ones_and_the_rest_question_marks() -> None:
    text = printed(encode(Slip("A", ("08.00–15.00 “gratis”… ꦗ",)), Paper())).text()
    assert '08.00-15.00 "gratis"... ?' in text


def test_the_picture_of_a_slip_has_the_rolls_width() -> None:
    picture = cv2.imdecode(
        np.frombuffer(render_png(printed(encode(SLIP, Paper()))), np.uint8), cv2.IMREAD_GRAYSCALE
    )
    assert picture is not None
    assert WIDTH_DOTS <= picture.shape[1] <= WIDTH_DOTS + 100
    assert (picture == 0).sum() > 2000


@given(st.lists(st.integers(1, 9), max_size=400), st.booleans())
def test_a_printer_does_not_mind_how_its_bytes_are_cut(cuts: list[int], native: bool) -> None:
    data = encode(SLIP, Paper(native_qr=native))
    whole = [command for command in CommandParser().feed(data) if command.name]
    parser, got = CommandParser(), []
    for size in cuts:
        got += parser.feed(data[:size])
        data = data[size:]
    got += parser.feed(data)
    assert [command for command in got if command.name] == whole


@given(st.binary(max_size=300))
def test_a_printer_survives_any_bytes(noise: bytes) -> None:
    roll = Roll()
    for command in CommandParser().feed(noise):
        roll.do(command)


def test_an_unknown_command_is_skipped() -> None:
    assert CommandParser().feed(b"\x1b\xfeA") == [Command(b"\x1b\xfe"[:1]), Command(b"", b"\xfeA")]
