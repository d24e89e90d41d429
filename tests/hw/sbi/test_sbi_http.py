"""The client's HTTP against a peer that says exactly what the storyboard tells it."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.api import FaultCode
from hw.sbi.cancel import Cancel
from hw.sbi.failure import SbiFailure
from hw.sbi.http import MAX_HEAD_BYTES, Endpoint, parse_headers, request


@contextmanager
def peer(answer: bytes, *, closes: bool = True, drip: bool = False):
    """Answers one connection after its request has come whole; gives what it heard."""
    heard = bytearray()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                while not heard.endswith(b'{"type": "Finger"}'):
                    heard.extend(connection.recv(4096))
                for piece in [answer[at : at + 1] for at in range(len(answer))] if drip else [answer]:
                    connection.sendall(piece)
                    time.sleep(0.02 if drip else 0)
                while not closes and connection.recv(4096):
                    pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield Endpoint("127.0.0.1", listener.getsockname()[1]), heard
        thread.join()


def ask(endpoint, *, timeout_s=10.0, cancel=None):
    return request(
        endpoint,
        "MOSIPDISC",
        "/device",
        {"type": "Finger"},
        connect_timeout_s=5.0,
        timeout_s=timeout_s,
        cancel=cancel or Cancel(),
    )


def refused(endpoint, **terms) -> FaultCode:
    with pytest.raises(SbiFailure) as raised:
        ask(endpoint, **terms)
    return raised.value.code


def test_the_request_is_what_the_reference_service_parses():
    with peer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]") as (endpoint, heard):
        assert ask(endpoint) == []
    lines = bytes(heard).split(b"\r\n")
    assert lines[0] == b"MOSIPDISC /device HTTP/1.1"
    assert b"Content-Length: 18" in lines
    assert lines[-2:] == [b"", b'{"type": "Finger"}']


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 405 OK\r\nContent-Length: 2\r\n\r\n[]",
        b"HTTP/1.0 200 OK\r\ncontent-length:2\r\n\r\n[]and bytes past the length",
        b"HTTP/1.1 200 OK\r\nX-Noise\r\nCONTENT-LENGTH:   2  \r\n\r\n[]\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n[]",
    ],
    ids=["status is not trusted", "bytes follow", "odd headers", "no length"],
)
def test_answers_of_real_services(answer):
    with peer(answer) as (endpoint, _):
        assert ask(endpoint) == []


def test_the_answer_is_taken_at_its_length_without_waiting_for_the_close():
    with peer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", closes=False) as (endpoint, _):
        assert ask(endpoint) == []


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"", FaultCode.NOT_CONNECTED),
        (b"HTTP/1.1 200 OK\r\nContent-Le", FaultCode.NOT_CONNECTED),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[]", FaultCode.NOT_CONNECTED),
        (b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n[]", FaultCode.BAD_ANSWER),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n[]", FaultCode.BAD_ANSWER),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n[]", FaultCode.BAD_ANSWER),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\noops", FaultCode.BAD_ANSWER),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\xff\xfe\xfd\xfc", FaultCode.BAD_ANSWER),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"[" * 200000, FaultCode.BAD_ANSWER),
        (b"SSH-2.0-OpenSSH\r\n\r\n", FaultCode.BAD_ANSWER),
        (b"X" * (MAX_HEAD_BYTES + 1000), FaultCode.BAD_ANSWER),
    ],
    ids=range(11),
)
def test_what_is_no_answer(answer, code):
    with peer(answer) as (endpoint, _):
        assert refused(endpoint) is code


@pytest.mark.parametrize("drip", [False, True], ids=["silent", "dripping"])
def test_the_deadline_is_for_the_whole_answer(drip):
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + b" " * 500 if drip else b""
    with peer(answer, closes=False, drip=drip) as (endpoint, _):
        assert refused(endpoint, timeout_s=0.3) is FaultCode.STALLED


def test_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        endpoint = Endpoint("127.0.0.1", listener.getsockname()[1])
    assert refused(endpoint) is FaultCode.NOT_CONNECTED


def test_another_thread_ends_the_wait():
    cancel = Cancel()
    with peer(b"", closes=False) as (endpoint, _):
        threading.Timer(0.1, cancel.cancel).start()
        assert refused(endpoint, timeout_s=3600.0, cancel=cancel) is FaultCode.NOT_CONNECTED


def test_a_cancelled_driver_opens_nothing_more():
    cancel = Cancel()
    cancel.cancel()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        endpoint = Endpoint("127.0.0.1", listener.getsockname()[1])
        assert refused(endpoint, cancel=cancel) is FaultCode.NOT_CONNECTED


@given(st.binary(max_size=200))
def test_any_bytes_are_headers_or_a_refusal(noise):
    assert isinstance(parse_headers(b"HTTP/1.1 200 OK\r\n" + noise), dict)
    if not noise.startswith(b"HTTP/1."):
        with pytest.raises(SbiFailure):
            parse_headers(noise)
