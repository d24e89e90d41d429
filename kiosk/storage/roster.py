"""Who is expected at this unit: the rows of the family cards, found by ticket, family card or NIK."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from kiosk.enrollment.codec import from_json, to_json
from kiosk.enrollment.nik import normalised
from kiosk.enrollment.person import Person
from kiosk.storage.database import Database
from kiosk.storage.roster_csv import RosterProblem, read_roster, ticket_key

_KIND = 0x4B545231  # "KTR1"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS person (
    nik TEXT PRIMARY KEY,
    kk TEXT NOT NULL,
    ticket TEXT UNIQUE,
    region TEXT NOT NULL,
    rt TEXT NOT NULL,
    born TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS person_by_kk ON person (kk);
CREATE INDEX IF NOT EXISTS person_by_region ON person (region);
"""


@dataclass(frozen=True, slots=True)
class RosterImport:
    """How many rows are new, differ from what was here, or are the same. With problems nothing was changed."""

    added: int
    changed: int
    unchanged: int
    problems: tuple[RosterProblem, ...]


class Roster:
    """The roster in the SQLite file at `path`. Raises DatabaseDamagedError."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, schema=_SCHEMA, kind=_KIND)

    def import_csv(self, path: Path) -> RosterImport:
        """Takes over a roster file, all of it or nothing; a NIK that is here already is replaced.

        Raises OSError when the file cannot be read.
        """
        return self.import_listing(path.read_bytes())

    def import_listing(self, listing: bytes) -> RosterImport:
        """As `import_csv`, of a file that was read."""
        found = read_roster(listing)
        if found.problems:
            return RosterImport(0, 0, 0, found.problems)
        with self._database.transaction() as connection:
            problems = tuple(_taken_tickets(connection, found.persons))
            if problems:
                return RosterImport(0, 0, 0, problems)
            before = {row["nik"]: row["body"] for row in connection.execute("SELECT nik, body FROM person")}
            new = {person.nik: _body(person) for _, person in found.persons}
            # Tickets go first, so that two residents may exchange theirs.
            connection.executemany("DELETE FROM person WHERE nik = ?", [(nik,) for nik in new])
            connection.executemany(
                "INSERT INTO person (nik, kk, ticket, region, rt, born, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
                [_row(person) for _, person in found.persons],
            )
        added = sum(nik not in before for nik in new)
        changed = sum(nik in before and before[nik] != body for nik, body in new.items())
        return RosterImport(added, changed, len(new) - added - changed, ())

    def find(self, code: str) -> tuple[Person, ...]:
        """Whom a ticket, KK or NIK names, oldest first; spaces, dots, dashes and case do not matter.

        A KK names the family; an unknown or empty code nobody.
        """
        number, ticket = normalised(code), ticket_key(code)
        rows = self._database.query(
            "SELECT body FROM person WHERE nik = ? OR kk = ? OR ticket = ? ORDER BY born, nik",
            number,
            number,
            ticket,
        )
        return _persons(rows)

    def persons(self, region_code: str = "") -> tuple[Person, ...]:
        """Everybody in a region (any level, `35.03.11`), as a village session calls them: by village and RT,
        the oldest first."""
        rows = self._database.query(
            "SELECT body FROM person"
            " WHERE ?1 IN ('', region) OR substr(region, 1, length(?1) + 1) = ?1 || '.'"
            " ORDER BY region, rt, born, nik",
            region_code,
        )
        return _persons(rows)

    def close(self) -> None:
        self._database.close()


def _taken_tickets(
    connection: sqlite3.Connection, persons: tuple[tuple[int, Person], ...]
) -> list[RosterProblem]:
    """Tickets of the file that somebody has who is not in it."""
    holders = {row["ticket"]: row["nik"] for row in connection.execute("SELECT ticket, nik FROM person")}
    coming = {person.nik for _, person in persons}
    problems = []
    for line, person in persons:
        holder = holders.get(ticket_key(person.ticket)) if person.ticket else None
        if holder is not None and holder not in coming:
            problems.append(
                RosterProblem(line, "tiket", person.ticket, "a tiket nobody else in the roster has")
            )
    return problems


def _row(person: Person) -> tuple[str | None, ...]:
    return (
        person.nik,
        person.kk,
        ticket_key(person.ticket) or None,
        person.region_code,
        person.rt,
        person.birth_date.isoformat(),
        _body(person),
    )


def _body(person: Person) -> str:
    return json.dumps(to_json(person), sort_keys=True, ensure_ascii=False)


def _persons(rows: list[sqlite3.Row]) -> tuple[Person, ...]:
    return tuple(from_json(Person, json.loads(row["body"])) for row in rows)
