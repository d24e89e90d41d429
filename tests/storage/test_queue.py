"""The queue: those who come first are called first, nobody twice, and nobody is forgotten at closing time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.storage.queue import OUTCOMES, Priority, Queue, TicketState, TicketTakenError, UnknownTicketError

TODAY = dt.date(2026, 3, 2)


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    with closing(Queue(tmp_path / "queue.sqlite")) as queue:
        yield queue


def called(queue: Queue) -> list[str]:
    codes = []
    while (ticket := queue.call_next(TODAY, counter="1")) is not None:
        codes.append(ticket.code)
    return codes


def test_tickets_are_called_in_the_order_they_were_issued(queue: Queue):
    assert [queue.issue(TODAY).code for _ in range(3)] == ["A001", "A002", "A003"]
    assert called(queue) == ["A001", "A002", "A003"]


@pytest.mark.parametrize("priority", [Priority.ELDERLY, Priority.PREGNANT, Priority.DISABLED])
def test_those_who_come_first_are_called_first(queue: Queue, priority: Priority):
    queue.issue(TODAY)
    assert queue.issue(TODAY, priority).code == "B001"
    assert called(queue) == ["B001", "A001"]


def test_all_who_come_first_keep_their_own_order(queue: Queue):
    for priority in (Priority.NONE, Priority.PREGNANT, Priority.ELDERLY, Priority.DISABLED):
        queue.issue(TODAY, priority)
    assert called(queue) == ["B001", "B002", "B003", "A001"]


def test_the_queue_outlives_a_restart(queue: Queue, tmp_path: Path):
    queue.issue(TODAY)
    queue.issue(TODAY, Priority.ELDERLY)
    queue.call_next(TODAY, counter="2")
    queue.close()
    with closing(Queue(tmp_path / "queue.sqlite")) as again:
        assert [(ticket.code, ticket.state, ticket.counter) for ticket in again.tickets(TODAY)] == [
            ("B001", TicketState.CALLED, "2"),
            ("A001", TicketState.WAITING, ""),
        ]
        assert again.issue(TODAY).code == "A002"


def test_each_day_begins_anew(queue: Queue):
    queue.issue(TODAY)
    tomorrow = TODAY + dt.timedelta(days=1)
    assert queue.issue(tomorrow).code == "A001"
    assert len(queue.tickets(tomorrow)) == 1


def test_roster_tickets_join_the_queue_and_are_not_issued_again(queue: Queue):
    queue.add(TODAY, "a-007", Priority.DISABLED)
    assert queue.issue(TODAY).code == "A008"
    assert called(queue) == ["A007", "A008"]
    with pytest.raises(TicketTakenError, match="A007"):
        queue.add(TODAY, "A007")


def test_a_parked_ticket_waits_until_it_is_called_by_name(queue: Queue):
    queue.issue(TODAY)
    queue.call_next(TODAY, counter="1")
    queue.set_state(TODAY, "A001", TicketState.PARKED)
    assert queue.call_next(TODAY, counter="1") is None
    assert queue.call(TODAY, "a001", counter="2").state is TicketState.CALLED


def test_an_unknown_ticket_is_named(queue: Queue):
    with pytest.raises(UnknownTicketError, match="A001"):
        queue.call(TODAY, "A001", counter="1")
    with pytest.raises(UnknownTicketError):
        queue.set_state(TODAY, "A001", TicketState.ABSENT)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_day_closes_when_every_ticket_has_an_outcome(queue: Queue, outcome: TicketState):
    queue.issue(TODAY)
    queue.issue(TODAY)
    queue.set_state(TODAY, "A001", outcome)
    assert [ticket.code for ticket in queue.unsettled(TODAY)] == ["A002"]
    queue.set_state(TODAY, "A002", outcome)
    assert queue.unsettled(TODAY) == ()


@pytest.mark.parametrize("state", [TicketState.WAITING, TicketState.CALLED, TicketState.PARKED])
def test_a_ticket_without_outcome_keeps_the_day_open(queue: Queue, state: TicketState):
    queue.issue(TODAY)
    queue.set_state(TODAY, "A001", state)
    assert len(queue.unsettled(TODAY)) == 1


def test_two_counters_never_call_the_same_ticket(queue: Queue, tmp_path: Path):
    for _ in range(40):
        queue.issue(TODAY)

    def counter(name: str) -> list[str]:
        codes = []
        with closing(Queue(tmp_path / "queue.sqlite")) as mine:
            while (ticket := mine.call_next(TODAY, counter=name)) is not None:
                codes.append(ticket.code)
        return codes

    with ThreadPoolExecutor(3) as pool:
        calls = [code for codes in pool.map(counter, "123") for code in codes]
    assert sorted(calls) == [f"A{number:03}" for number in range(1, 41)]
