"""The preview stream, as bytes."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.api import FaultCode
from hw.sbi.failure import SbiFailure
from hw.sbi.mjpeg import MAX_GAP_BYTES, JpegPart, MjpegParser, StreamEnd, boundary_of

BOUNDARY = boundary_of("multipart/x-mixed-replace; boundary=--BoundaryString")


def part(data: bytes, *, footer: bytes = b"\r\n\r\n") -> bytes:
    head = b"--BoundaryString\r\nAccess-Control-Allow-Origin:*\r\nContent-Type:image/jpeg\r\n"
    return head + b"Content-Length:%d\r\n\r\n" % len(data) + data + footer


def closing(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body + b"\r\n\r\n"


def parse(stream: bytes) -> list:
    return MjpegParser(BOUNDARY).feed(stream)


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/x-mixed-replace; boundary=--BoundaryString",
        "multipart/x-mixed-replace;boundary=BoundaryString",
        'Multipart/X-Mixed-Replace; Boundary="--BoundaryString"; charset=x',
    ],
)
def test_the_boundary_with_or_without_its_dashes(content_type):
    assert boundary_of(content_type) == b"BoundaryString"


@pytest.mark.parametrize(
    "content_type", ["multipart/x-mixed-replace", "multipart/x; boundary=----", "m; boundary="]
)
def test_no_boundary_no_stream(content_type):
    with pytest.raises(SbiFailure):
        boundary_of(content_type)


def test_parts_are_cut_by_their_length_whatever_they_hold():
    tricky = b"--BoundaryString\r\nContent-Length: 3\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"
    assert parse(part(tricky) + part(b"next")) == [JpegPart(tricky), JpegPart(b"next")]


def test_a_strict_services_own_dashes_are_understood():
    stream = b"--BoundaryString\r\nContent-Length: 2\r\n\r\nab\r\n--BoundaryString--\r\n"
    assert parse(stream) == [JpegPart(b"ab"), StreamEnd(b"")]


def test_double_dashes_before_the_token_are_understood():
    stream = b"----BoundaryString\r\nContent-Length: 2\r\n\r\nab\r\n"
    assert parse(stream) == [JpegPart(b"ab")]


def test_a_second_response_ends_the_stream():
    stream = part(b"one") + closing(b'{"errorCode":"609"}') + part(b"never")
    assert parse(stream) == [JpegPart(b"one"), StreamEnd(b'{"errorCode":"609"}')]


def test_nothing_follows_the_end():
    parser = MjpegParser(BOUNDARY)
    parser.feed(closing(b"{}"))
    assert parser.feed(part(b"late")) == []


def test_an_empty_part_is_no_picture():
    assert parse(part(b"") + part(b"x")) == [JpegPart(b"x")]


def test_bytes_past_a_parts_length_are_skipped():
    assert parse(part(b"one", footer=b"junk" * 100) + part(b"two")) == [JpegPart(b"one"), JpegPart(b"two")]


@pytest.mark.parametrize(
    "stream",
    [
        b"x" * (MAX_GAP_BYTES + 100),
        b"--BoundaryString\r\n\r\n",
        b"--BoundaryString\r\nContent-Length: -1\r\n\r\n",
        b"--BoundaryString\r\nContent-Length: 1e9\r\n\r\n",
        b"--BoundaryString\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"--BoundaryString\r\nContent-Length: 50000000\r\n\r\n",
        b"--BoundaryString\r\n" + b"X-Header: y\r\n" * 1000,
        b"HTTP/1.1 200 OK\r\n" + b"X-Header: y\r\n" * 1000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n",
    ],
    ids=range(9),
)
def test_what_cannot_be_a_stream_is_refused_without_waiting_for_its_end(stream):
    with pytest.raises(SbiFailure) as raised:
        parse(stream)
    assert raised.value.code is FaultCode.BAD_ANSWER


@given(
    st.lists(st.binary(min_size=1, max_size=60), max_size=5),
    st.booleans(),
    st.lists(st.integers(0, 1000), max_size=12),
)
def test_how_the_bytes_are_cut_up_does_not_matter(pictures, ends, cuts):
    stream = b"".join(map(part, pictures)) + (closing(b'{"errorCode":"0"}') if ends else b"")
    edges = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    parser = MjpegParser(BOUNDARY)
    pieces = [one for start, end in pairwise(edges) for one in parser.feed(stream[start:end])]
    assert pieces == parse(stream)
    assert [one.data for one in pieces if isinstance(one, JpegPart)] == pictures


@given(
    st.lists(
        st.sampled_from([b"--Boundary", b"String", b"\r\n", b"HTTP/1.", b"1 ", b"Content-Length:", b"7", b"x"])
    )
)
def test_any_bytes_are_parts_or_a_refusal(tokens):
    parser = MjpegParser(BOUNDARY)
    try:
        for token in tokens:
            parser.feed(token)
    except SbiFailure as refusal:
        assert refusal.code is FaultCode.BAD_ANSWER
