"""Waiting longer each time, never together, and at once quick again."""

from __future__ import annotations

import pytest

from kiosk.uplink.__main__ import run
from kiosk.uplink.backoff import Backoff
from kiosk.uplink.sender import Outcome


def test_waits_double_up_to_the_longest():
    backoff = Backoff(first_s=2, longest_s=60, draw=lambda: 1.0)
    assert [backoff.failed() for _ in range(7)] == [2, 4, 8, 16, 32, 60, 60]


def test_a_wait_lies_in_the_upper_half_of_its_span():
    low, high = (Backoff(first_s=10, longest_s=60, draw=lambda d=d: d) for d in (0.0, 1.0))
    assert (low.failed(), high.failed()) == (5, 10)


def test_success_starts_over():
    backoff = Backoff(first_s=2, longest_s=60, draw=lambda: 1.0)
    backoff.failed()
    backoff.failed()
    backoff.succeeded()
    assert backoff.failed() == 2


def test_months_of_failure_overflow_nothing():
    backoff = Backoff(first_s=2, longest_s=300, draw=lambda: 1.0)
    assert {backoff.failed() for _ in range(5000)} >= {300}


WELL, LOST, REFUSED = {Outcome.SENT}, {Outcome.UNREACHABLE}, {Outcome.PACKET_FAULT, Outcome.RECEIPT_REFUSED}


def waits(results: list[set[Outcome]], *, interval_s: float) -> list[float]:
    """The pauses between passes with these outcomes; the last pause is told to stop."""
    attempts, paused = iter(results), []

    def wait(seconds: float) -> bool:
        paused.append(seconds)
        return len(paused) == len(results)

    backoff = Backoff(first_s=2, longest_s=60, draw=lambda: 1.0)
    run(lambda: next(attempts), wait=wait, backoff=backoff, interval_s=interval_s)
    return paused


def test_a_failing_line_is_tried_less_and_less_until_it_works():
    assert waits([set(), LOST, LOST, LOST, WELL, LOST], interval_s=1) == [1, 2, 4, 8, 1, 2]


@pytest.mark.parametrize("got_through", [Outcome.SENT, Outcome.INTERRUPTED, Outcome.RECEIVED])
def test_a_line_that_breaks_in_every_pass_but_lets_something_through_is_not_given_up(got_through: Outcome):
    assert waits([LOST, LOST, LOST | {got_through}, LOST | {got_through}], interval_s=1) == [2, 4, 2, 2]


def test_what_is_damaged_or_refused_is_no_fault_of_the_line():
    assert waits([REFUSED, REFUSED, LOST, LOST | REFUSED, REFUSED], interval_s=1) == [1, 1, 2, 4, 1]


def test_failure_never_means_trying_sooner():
    assert waits([LOST, LOST, WELL], interval_s=3) == [3, 4, 3]
