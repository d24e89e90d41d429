"""A small share of the fuzzing; `make fuzz` is the rest of it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

from kiosk.enrollment.record import ClockTrust
from kiosk.packet.records.reader import RecordFault
from tests.fuzz.receiver import AnyStore, Kind, framed
from tests.fuzz.seeds import make_seeds
from tests.fuzz.targets import record_target, targets
from tests.packet.made_packets import sealed_by_clock

RUNS = 3000


def test_the_seeds_read_and_every_reader_has_some():
    for fuzzed in targets(make_seeds()).values():
        assert fuzzed.seeds
        for seed in fuzzed.seeds:
            fuzzed.target(seed)


def test_the_receivers_seeds_get_past_every_signature_and_check():
    """Damage made of them is then looked for behind the signatures too."""
    seeds = make_seeds()
    store = AnyStore(*seeds.of["envelope"], seeds.keys)
    told = [store.answers(seed).values() for seed in seeds.of["receiver"]]
    assert [sum(status.accepts for status in statuses) for statuses in told] == [1, 1, 1, 1, 0]


def test_a_receiver_that_accepts_what_it_should_not_is_noticed():
    """Here the same contents in another envelope (an ECDSA signature is another each time)."""
    seeds = make_seeds()
    (sealed,) = seeds.of["envelope"]
    other = sealed_by_clock(sealed, seeds.keys, ClockTrust.OFFICER)
    with pytest.raises(AssertionError):
        AnyStore(sealed, seeds.keys).answers(framed((Kind.PACKET, other)))


@pytest.mark.parametrize(
    ("decoded", "encoded"), [(RecordFault(4, "past the end"), b""), ("a record", b"other bytes")]
)
def test_a_reader_that_answers_wrongly_is_noticed(decoded: object, encoded: bytes):
    check = record_target(lambda _data: decoded, lambda _record: encoded)
    with pytest.raises(AssertionError):
        check(b"abc")


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris has no build for this machine")
def test_inputs_grown_towards_new_branches_are_all_answered():
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", "together", "--runs", str(RUNS)],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert f"number_of_executed_units: {RUNS}" in done.stderr
