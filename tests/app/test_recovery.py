"""A start costs what is open: records that wait for their receipt rest, and come back with their answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.app.recovery import SEALED_SHOWN, may_rest, recover, replayed
from kiosk.enrollment import facts as f
from kiosk.enrollment.events import Recalled
from kiosk.enrollment.fact_versions import fact_to_line
from kiosk.enrollment.flow import restored, step
from kiosk.enrollment.policy import Policy
from kiosk.enrollment.record import Stage
from kiosk.storage.journal import Journal
from kiosk.storage.layout import DataFolder
from kiosk.storage.outbox import Outbox
from tests.enrollment.people import NOW
from tests.storage.months import WRAPPING_KEY, enrollment_id, fill, sealed_story

MANY = SEALED_SHOWN + 6


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal.sqlite", wrapping_key=WRAPPING_KEY) as opened:
        yield opened


def write(journal: Journal, number: int, *facts: f.Fact) -> None:
    for fact in facts:
        journal.append(enrollment_id(number), fact_to_line(fact), NOW)


def sealed(journal: Journal, number: int) -> None:
    write(journal, number, *sealed_story(number, "ab" * 32))


def ids(journal: Journal) -> list[str]:
    return [enrollment.id for enrollment in recover(journal).enrollments]


def test_open_records_are_all_there_however_many_rest(tmp_path: Path):
    fill(tmp_path, MANY)
    with Journal(DataFolder(tmp_path).journal, wrapping_key=WRAPPING_KEY) as journal:
        begun = list(sealed_story(MANY + 1, ""))[:4]
        write(journal, MANY + 1, *begun)
        recovered = recover(journal)
        assert len(recovered.enrollments) == SEALED_SHOWN + 1
        assert recovered.enrollments[-1].id == enrollment_id(MANY + 1)
        assert recovered.enrollments[-1].stage is Stage.REVIEW
        assert recovered.interrupted == enrollment_id(MANY + 1)
        assert recovered.next_number == MANY + 2


def test_no_number_is_given_again_after_an_older_journal_was_restored(tmp_path: Path):
    fill(tmp_path, 3)
    outbox = Outbox(DataFolder(tmp_path).outbox)
    with Journal(tmp_path / "restored.sqlite", wrapping_key=WRAPPING_KEY) as journal:
        sealed(journal, 1)
        assert recover(journal).next_number == 2
        assert recover(journal, known=(outbox.last_enrollment(), enrollment_id(2))).next_number == 4
    outbox.close()


def test_the_first_start_puts_to_rest_what_only_waits(journal: Journal):
    for number in range(1, MANY + 1):
        sealed(journal, number)
    assert len(ids(journal)) == MANY
    assert ids(journal) == [enrollment_id(n) for n in range(MANY - SEALED_SHOWN + 1, MANY + 1)]
    assert journal.enrollments() == ()


def test_a_start_replays_no_more_events_for_a_longer_past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def replayed_events(packets: int) -> int:
        data = tmp_path / str(packets)
        fill(data, packets)
        counted = 0
        with Journal(DataFolder(data).journal, wrapping_key=WRAPPING_KEY) as journal:
            events = journal.events

            def counting(enrollment: str):
                nonlocal counted
                found = events(enrollment)
                counted += len(found)
                return found

            monkeypatch.setattr(journal, "events", counting)
            recover(journal)
        return counted

    assert replayed_events(SEALED_SHOWN) == replayed_events(MANY) > 0


@pytest.mark.parametrize(
    "fact",
    [f.PacketRejected("cd" * 32, "DUPLICATE_RECORD"), f.ReceiptAccepted("cd" * 32, "RECEIVED_AT_CENTRAL")],
)
def test_an_answered_record_does_not_rest(journal: Journal, fact: f.Fact):
    sealed(journal, 1)
    write(journal, 1, fact)
    recover(journal)
    assert journal.enrollments() == (enrollment_id(1),)


def test_a_record_whose_slip_is_due_does_not_rest(journal: Journal):
    *before, _ = sealed_story(1, "ab" * 32)
    write(journal, 1, *before, f.PacketSealed("ab" * 32, slip_due=True))
    (enrollment,) = recover(journal).enrollments
    assert not may_rest(enrollment)
    assert journal.enrollments() == (enrollment_id(1),)


def test_what_happens_to_a_record_at_rest_opens_it(journal: Journal):
    sealed(journal, 1)
    journal.rest(enrollment_id(1))
    assert journal.at_rest(enrollment_id(1))
    write(journal, 1, f.ReceiptAccepted("cd" * 32, "RECEIVED_AT_CENTRAL"))
    assert not journal.at_rest(enrollment_id(1))
    assert journal.enrollments() == (enrollment_id(1),)


def test_what_ended_is_forgotten_and_its_number_is_not_given_again(journal: Journal):
    write(journal, 1, *list(sealed_story(1, ""))[:2], f.Aborted("stopped"))
    recover(journal)
    assert journal.enrollments() == ()
    assert journal.events(enrollment_id(1)) == ()
    assert recover(journal).next_number == 2


def test_a_recalled_record_joins_the_queue_once(journal: Journal):
    sealed(journal, 1)
    enrollment = replayed(journal, enrollment_id(1))
    kiosk, _ = restored(unit="UNIT", policy=Policy(), enrollments=(), next_number=2)
    kiosk, effects = step(kiosk, Recalled(enrollment), NOW)
    assert kiosk.enrollments == (enrollment,)
    assert effects == ()
    assert step(kiosk, Recalled(enrollment), NOW)[0] == kiosk
