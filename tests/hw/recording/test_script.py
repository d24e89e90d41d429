"""Recorded turns, found again by what a driver asks."""

from __future__ import annotations

from hw.recording.script import Script, Turn, turns_of
from hw.recording.tape import Entry, Event

FROM, TO, CLOSED = Event.FROM_DEVICE, Event.TO_DEVICE, Event.CLOSED_BY_DEVICE
MS = 1_000_000


def answered(script: Script, asked: bytes) -> bytes | None:
    turn = script.answer_to(bytearray(asked))
    return None if turn is None else b"".join(data for _, data in turn.answer)


def turn(request: bytes, answer: bytes) -> Turn:
    return Turn(request, ((0.0, answer),))


def test_a_turn_is_a_question_and_what_follows_it() -> None:
    entries = [
        Entry(Event.OPENED, 1, 0),
        Entry(FROM, 1, 5 * MS, b"hello"),
        Entry(TO, 1, 7 * MS, b"as"),
        Entry(TO, 1, 8 * MS, b"k"),
        Entry(FROM, 1, 18 * MS, b"an"),
        Entry(FROM, 1, 20 * MS, b"swer"),
        Entry(CLOSED, 1, 21 * MS),
    ]
    assert turns_of(entries) == (
        Turn(b"", ((0.005, b"hello"),)),
        Turn(b"ask", ((0.010, b"an"), (0.002, b"swer")), closes=True),
    )


def test_connections_at_the_same_time_are_kept_apart() -> None:
    entries = [Entry(TO, 1, 0, b"a"), Entry(TO, 2, 1, b"b"), Entry(FROM, 2, 1, b"B"), Entry(FROM, 1, 0, b"A")]
    assert turns_of(entries) == (turn(b"a", b"A"), turn(b"b", b"B"))


def test_a_question_without_an_answer_is_none() -> None:
    assert turns_of([Entry(TO, 1, 0, b"?")]) == ()


def test_the_same_question_gets_its_answers_in_their_order_and_round_again() -> None:
    script = Script([turn(b"?", b"1"), turn(b"!", b"x"), turn(b"?", b"2")], http=False)
    assert [answered(script, b"?") for _ in range(4)] == [b"1", b"2", b"1", b"2"]


def test_the_longer_of_two_questions_with_one_beginning_is_meant() -> None:
    script = Script([turn(b"ab", b"short"), turn(b"abc", b"long")], http=False)
    assert answered(script, b"abc") == b"long"


def test_half_a_question_is_waited_for() -> None:
    script = Script([turn(b"abc", b"yes")], http=False)
    asked = bytearray(b"ab")
    assert script.answer_to(asked) is None
    asked += b"cd"
    assert script.answer_to(asked) == turn(b"abc", b"yes")
    assert asked == b"d"


def test_a_question_behind_bytes_never_recorded_is_found() -> None:
    script = Script([turn(b"\x10\x04\x01", b"\x12")], http=False)
    assert answered(script, b"another slip\n\x10\x04\x01") == b"\x12"


def test_what_was_never_asked_is_not_answered() -> None:
    script = Script([turn(b"ab", b"yes")], http=False)
    asked = bytearray(b"xyz")
    assert script.answer_to(asked) is None
    assert asked == b""


def test_http_is_told_apart_by_its_first_line() -> None:
    recorded = b"CAPTURE /capture HTTP/1.1\r\nHost: 127.0.0.1:4501\r\nContent-Length: 2\r\n\r\n{}"
    script = Script([turn(b"GET /info HTTP/1.1\r\n\r\n", b"info"), turn(recorded, b"captured")], http=True)
    asked = b"CAPTURE /capture HTTP/1.1\r\nHost: 127.0.0.1:45011\r\ncontent-length: 4\r\n\r\n[12]"
    assert answered(script, asked[:-1]) is None
    assert answered(script, asked) == b"captured"
    assert answered(script, b"GET /else HTTP/1.1\r\n\r\n") is None


def test_a_device_that_speaks_first_does_so_at_each_opening() -> None:
    script = Script([turn(b"", b"first"), turn(b"", b"second")], http=False)
    assert [script.opening() for _ in range(3)] == [
        turn(b"", b"first"),
        turn(b"", b"second"),
        turn(b"", b"first"),
    ]
    assert Script([], http=False).opening() is None
