"""The signature pad's six-byte reports, and finding one's place among them again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hw.signature.epad_report import SYNC_REPORTS, EpadReport, EpadStream
from hw.sim.signature import encode
from tests.hw.support import DrawnSubject

REPORTS = st.builds(
    EpadReport,
    x=st.integers(0, 2896),
    y=st.integers(0, 1370),
    pressure=st.integers(0, 127),
    touch=st.booleans(),
    in_range=st.booleans(),
)


def signature() -> list[EpadReport]:
    return [
        EpadReport(x=p.x, y=p.y, pressure=p.pressure, touch=p.pressure > 0, in_range=True)
        for p in DrawnSubject().signature()
    ]


def test_a_report_has_the_bytes_the_pads_descriptor_gives() -> None:
    report = EpadReport(x=0x0234, y=0x0156, pressure=77, touch=True, in_range=True)
    assert encode(report) == bytes([0x60, 0x34, 0x02, 0x56, 0x01, 77])


def test_buttons_and_the_vendor_field_are_passed_over() -> None:
    report = EpadReport.decode(bytes([0x60 | 0x1F, 1, 0, 2, 0, 3]))
    assert report == EpadReport(x=1, y=2, pressure=3, touch=True, in_range=True)


def test_bytes_that_cannot_be_a_report_are_none() -> None:
    good = bytes([0x60, 0x34, 0x02, 0x56, 0x01, 77])
    assert EpadReport.decode(good[:5]) is None
    assert EpadReport.decode(good + b"\0") is None
    assert EpadReport.decode(b"\x80" + good[1:]) is None
    assert EpadReport.decode(good[:5] + b"\x80") is None
    assert EpadReport.decode(bytes([0x60]) + (2897).to_bytes(2, "little") + good[3:]) is None
    assert EpadReport.decode(good[:3] + (1371).to_bytes(2, "little") + good[5:]) is None


@given(REPORTS)
def test_every_report_survives_the_wire(report: EpadReport) -> None:
    assert EpadReport.decode(encode(report)) == report


@given(st.lists(REPORTS, max_size=20), st.lists(st.integers(1, 13), max_size=40))
def test_it_does_not_matter_how_the_bytes_are_cut(reports: list[EpadReport], cuts: list[int]) -> None:
    data = b"".join(encode(report) for report in reports)
    stream, got = EpadStream(), []
    for size in cuts:
        got += stream.feed(data[:size], t_ns=1)
        data = data[size:]
    got += stream.feed(data, t_ns=1)
    assert got == reports


@given(st.integers(0, 119), st.integers(0, 5))
def test_a_lost_byte_costs_a_few_reports_and_invents_at_most_one(report: int, offset: int) -> None:
    reports = signature()
    data = b"".join(encode(report) for report in reports)
    lost = 6 * report + offset
    got = EpadStream().feed(data[:lost] + data[lost + 1 :], t_ns=1)
    assert len(set(got) - set(reports)) <= 1  # the mutilated report itself may pass for one
    assert len(set(reports) & set(got)) >= len(set(reports)) - SYNC_REPORTS - 2


@given(st.integers(0, 719), st.integers(0, 255))
def test_a_foreign_byte_costs_a_few_reports_and_invents_at_most_one(place: int, foreign: int) -> None:
    reports = signature()
    data = b"".join(encode(report) for report in reports)
    got = EpadStream().feed(data[:place] + bytes([foreign]) + data[place:], t_ns=1)
    assert len(set(got) - set(reports)) <= 1
    assert len(set(reports) & set(got)) >= len(set(reports)) - SYNC_REPORTS - 2


def test_after_a_silence_a_new_report_begins() -> None:
    stream = EpadStream()
    report = signature()[0]
    assert stream.feed(encode(report)[:4], t_ns=0) == []
    assert stream.feed(encode(report), t_ns=100_000_000) == [report]


def test_noise_alone_never_becomes_ink() -> None:
    assert EpadStream().feed(b"\xff" * 600, t_ns=1) == []
