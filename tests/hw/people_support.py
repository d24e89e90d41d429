"""Two invented people, made once for all tests of this room."""

from __future__ import annotations

from functools import cache

from hw.sim.people import SimPerson, synthesize


@cache
def someone() -> SimPerson:
    return synthesize(4)


@cache
def someone_else() -> SimPerson:
    return synthesize(5)
