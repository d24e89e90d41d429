"""The counter's queue: tickets, who is called next, and how each visit ended.

The elderly, pregnant women and persons with a disability come first (UU 8/2016, UU 25/2009 article 29), in
the order they came; then everybody else. A parked ticket waits until it is called by its number again.
Tickets are numbers only: the hall screen shows them, and they name nobody.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from kiosk.storage.database import Database
from kiosk.storage.roster_csv import ticket_key

_KIND = 0x4B545131  # "KTQ1"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS ticket (
    sequence INTEGER PRIMARY KEY,
    day TEXT NOT NULL,
    code TEXT NOT NULL,
    priority TEXT NOT NULL,
    state TEXT NOT NULL,
    counter TEXT NOT NULL DEFAULT '',
    UNIQUE (day, code)
) STRICT;
CREATE INDEX IF NOT EXISTS ticket_by_state ON ticket (day, state);
"""


class Priority(StrEnum):
    """Why somebody comes first; NONE is everybody else. Shown to officers only."""

    ELDERLY = "elderly"
    PREGNANT = "pregnant"
    DISABLED = "disabled"
    NONE = "none"


class TicketState(StrEnum):
    """The last five are outcomes: at closing time every ticket has one."""

    WAITING = "waiting"
    CALLED = "called"
    PARKED = "parked"
    FINALISED = "finalised"
    DEFERRED = "deferred"
    REFUSED = "refused"
    ABSENT = "absent"
    ABORTED = "aborted"


OUTCOMES = (
    TicketState.FINALISED,
    TicketState.DEFERRED,
    TicketState.REFUSED,
    TicketState.ABSENT,
    TicketState.ABORTED,
)


@dataclass(frozen=True, slots=True)
class Ticket:
    """counter: where it was called to, empty before that."""

    day: dt.date
    code: str
    priority: Priority
    state: TicketState
    counter: str


class TicketTakenError(Exception):
    """The day has a ticket of this code already."""


class UnknownTicketError(Exception):
    """The day has no ticket of this code."""


class Queue:
    """The queue in the SQLite file at `path`, one day at a time; several processes may share it.

    Raises DatabaseDamagedError.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path, schema=_SCHEMA, kind=_KIND)

    def add(self, day: dt.date, code: str, priority: Priority = Priority.NONE) -> Ticket:
        """Queues a ticket from elsewhere, such as the roster's. Raises TicketTakenError."""
        with self._database.transaction() as connection:
            return _insert(connection, day, ticket_key(code), priority)

    def issue(self, day: dt.date, priority: Priority = Priority.NONE) -> Ticket:
        """Queues a new ticket: A001 on, and B001 on for those who come first."""
        letter = "A" if priority is Priority.NONE else "B"
        with self._database.transaction() as connection:
            taken = connection.execute(
                "SELECT coalesce(max(CAST(substr(code, 2) AS INTEGER)), 0) FROM ticket"
                " WHERE day = ? AND code GLOB ? || '[0-9]*'",
                (day.isoformat(), letter),
            ).fetchone()[0]
            return _insert(connection, day, f"{letter}{taken + 1:03}", priority)

    def call_next(self, day: dt.date, *, counter: str) -> Ticket | None:
        """Calls whoever is next to `counter`; None when nobody waits. Two counters never call the same one."""
        with self._database.transaction() as connection:
            row = connection.execute(
                "UPDATE ticket SET state = 'called', counter = ? WHERE sequence = ("
                " SELECT sequence FROM ticket WHERE day = ? AND state = 'waiting'"
                " ORDER BY priority = 'none', sequence LIMIT 1) RETURNING *",
                (counter, day.isoformat()),
            ).fetchone()
        return _ticket(row) if row else None

    def call(self, day: dt.date, code: str, *, counter: str) -> Ticket:
        """Calls one ticket out of turn: a parked one again, or one found absent. Raises UnknownTicketError."""
        return self._change(day, code, "state = 'called', counter = ?", counter)

    def set_state(self, day: dt.date, code: str, state: TicketState) -> Ticket:
        """Parks, puts back or ends a visit. Raises UnknownTicketError."""
        return self._change(day, code, "state = ?", state.value)

    def tickets(self, day: dt.date) -> tuple[Ticket, ...]:
        """The day's tickets; those still waiting stand in the order they will be called."""
        rows = self._database.query(
            "SELECT * FROM ticket WHERE day = ? ORDER BY priority = 'none', sequence", day.isoformat()
        )
        return tuple(_ticket(row) for row in rows)

    def unsettled(self, day: dt.date) -> tuple[Ticket, ...]:
        """Tickets without an outcome: the day cannot be closed before there are none."""
        return tuple(ticket for ticket in self.tickets(day) if ticket.state not in OUTCOMES)

    def close(self) -> None:
        self._database.close()

    def _change(self, day: dt.date, code: str, change: str, value: str) -> Ticket:
        sql = f"UPDATE ticket SET {change} WHERE day = ? AND code = ? RETURNING *"  # noqa: S608 - fixed texts
        with self._database.transaction() as connection:
            row = connection.execute(sql, (value, day.isoformat(), ticket_key(code))).fetchone()
        if row is None:
            raise UnknownTicketError(f"{day} has no ticket {code}")
        return _ticket(row)


def _insert(connection: sqlite3.Connection, day: dt.date, code: str, priority: Priority) -> Ticket:
    try:
        row = connection.execute(
            "INSERT INTO ticket (day, code, priority, state) VALUES (?, ?, ?, 'waiting') RETURNING *",
            (day.isoformat(), code, priority.value),
        ).fetchone()
    except sqlite3.IntegrityError as error:
        raise TicketTakenError(f"{day} has a ticket {code} already") from error
    return _ticket(row)


def _ticket(row: sqlite3.Row) -> Ticket:
    return Ticket(
        day=dt.date.fromisoformat(row["day"]),
        code=row["code"],
        priority=Priority(row["priority"]),
        state=TicketState(row["state"]),
        counter=row["counter"],
    )
