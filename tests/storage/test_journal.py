"""The journal: what was acknowledged is replayed, in order, whatever is killed, edited or overwritten."""

from __future__ import annotations

import datetime as dt
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.enrollment.record import ClockTrust, Stamp
from kiosk.storage.aead import new_key
from kiosk.storage.journal import Journal, JournalDamagedError

WRAPPING_KEY = bytes(range(32))
MORNING = dt.datetime(2026, 3, 2, 8, 0, tzinfo=dt.timezone(dt.timedelta(hours=7)))


def stamp(minutes: int = 0, trust: ClockTrust = ClockTrust.OFFICER) -> Stamp:
    return Stamp(at=MORNING + dt.timedelta(minutes=minutes), trust=trust, monotonic_ns=minutes * 60_000_000_000)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


def opened(path: Path, wrapping_key: bytes = WRAPPING_KEY) -> Journal:
    return Journal(path, wrapping_key=wrapping_key)


def bodies(journal: Journal, enrollment_id: str) -> list[object]:
    return [item.event for item in journal.events(enrollment_id)]


def test_events_come_back_in_order_and_by_enrollment(path: Path):
    with opened(path) as journal:
        assert journal.append("a", {"type": "Started"}, stamp()) == 1
        assert journal.append("b", {"type": "Started"}, stamp(1)) == 2
        assert journal.append("a", {"type": "NoticeGiven", "version": "1"}, stamp(2)) == 3
    with opened(path) as journal:
        assert journal.enrollments() == ("a", "b")
        assert bodies(journal, "a") == [{"type": "Started"}, {"type": "NoticeGiven", "version": "1"}]
        assert [item.stamp for item in journal.events("a")] == [stamp(), stamp(2)]
        assert [(item.sequence, item.number) for item in journal.events("a")] == [(1, 1), (3, 2)]
        assert journal.events("nobody") == ()


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.dictionaries(st.text(), json_values, max_size=4), max_size=5))
def test_whatever_is_json_comes_back_equal(tmp_path_factory, stories):
    with opened(tmp_path_factory.mktemp("journal") / "journal.sqlite") as journal:
        for story in stories:
            journal.append("a", story, stamp())
        assert bodies(journal, "a") == stories


def test_time_never_runs_backwards_within_an_enrollment(path: Path):
    with opened(path) as journal:
        journal.append("a", {}, stamp(10))
        journal.append("a", {}, stamp(3))
        journal.append("a", {}, stamp(11))
        first, second, third = (item.stamp for item in journal.events("a"))
    assert second.at == first.at
    assert second.trust is ClockTrust.UNTRUSTED
    assert second.monotonic_ns == stamp(3).monotonic_ns
    assert third == stamp(11)


def test_a_wrong_clock_in_one_enrollment_does_not_hold_back_the_next(path: Path):
    with opened(path) as journal:
        journal.append("a", {}, stamp(10_000_000))
        journal.append("b", {}, stamp(3))
        assert journal.events("b")[0].stamp == stamp(3)


def test_a_stamp_without_zone_is_a_bug(path: Path):
    with opened(path) as journal, pytest.raises(ValueError, match="time zone"):
        journal.append("a", {}, Stamp(at=dt.datetime(2026, 3, 2), trust=ClockTrust.GPS, monotonic_ns=0))


def test_an_event_that_is_not_json_is_a_bug_and_leaves_nothing(path: Path):
    with opened(path) as journal:
        with pytest.raises(TypeError):
            journal.append("a", {"image": b"never in the journal"}, stamp())
        with pytest.raises(ValueError, match="JSON"):
            journal.append("a", {"score": float("nan")}, stamp())
        assert journal.enrollments() == ()


@pytest.mark.parametrize("change", ["UPDATE event SET body = '{}'", "DELETE FROM event"])
def test_the_database_itself_refuses_changes(path: Path, change: str):
    with opened(path) as journal:
        journal.append("a", {"n": 1}, stamp())
    connection = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(change)
    connection.close()


def tampered(path: Path, change: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute("DROP TRIGGER event_is_never_changed")
    connection.execute("DROP TRIGGER event_is_never_deleted")
    connection.execute(change)
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    "change",
    [
        """UPDATE event SET body = '{"n":9}' WHERE number = 2""",
        "UPDATE event SET body = (SELECT body FROM event WHERE number = 3) WHERE number = 2",
        "UPDATE event SET at = '2020-01-01T00:00:00+07:00' WHERE number = 2",
        "UPDATE event SET trust = 'gps' WHERE number = 2",
        "UPDATE event SET monotonic_ns = 0 WHERE number = 2",
        "UPDATE event SET digest = hex(zeroblob(32)) WHERE number = 2",
    ],
)
def test_an_edited_event_is_found_when_read(path: Path, change: str):
    with opened(path) as journal:
        for number in range(3):
            journal.append("a", {"n": number}, stamp(number + 1))
        journal.append("b", {"n": 0}, stamp())
    tampered(path, change)
    with opened(path) as journal:
        with pytest.raises(JournalDamagedError, match="enrollment a, event 2"):
            journal.events("a")
        assert bodies(journal, "b") == [{"n": 0}]


def test_a_removed_event_is_found_at_start(path: Path):
    with opened(path) as journal:
        for number in range(3):
            journal.append("a", {"n": number}, stamp())
    tampered(path, "DELETE FROM event WHERE number = 2")
    with pytest.raises(JournalDamagedError, match="3 events were written, 2 are left"):
        opened(path)


def test_another_kind_of_file_is_not_touched(path: Path):
    path.write_bytes(b"These are the minutes of the village meeting." * 100)
    with pytest.raises(JournalDamagedError, match=r"journal\.sqlite"):
        opened(path)
    assert path.read_bytes().startswith(b"These are the minutes")


def test_another_kind_of_database_is_not_taken_for_a_journal(path: Path):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.commit()
    connection.close()
    with pytest.raises(JournalDamagedError, match="another kind"):
        opened(path)


def test_overwritten_pages_are_a_clear_error(path: Path):
    with opened(path) as journal:
        for number in range(200):
            journal.append("a", {"n": number, "text": "x" * 200}, stamp())
    with path.open("r+b") as stream:
        stream.seek(4096 * 2)
        stream.write(b"\xaa" * 4096 * 8)
    with pytest.raises(JournalDamagedError):
        opened(path)


APPEND = """
import datetime as dt, itertools, sys
from pathlib import Path
from kiosk.enrollment.record import ClockTrust, Stamp
from kiosk.storage.journal import Journal
path, enrollment, count = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
with Journal(path, wrapping_key=bytes(range(32))) as journal:
    for number in range(int(count)) if count else itertools.count():
        stamp = Stamp(at=dt.datetime.now(dt.UTC), trust=ClockTrust.UNTRUSTED, monotonic_ns=number)
        journal.append(enrollment, {"n": number}, stamp)
        print(number, flush=True)
"""


def writer(path: Path, enrollment: str, count: str = "") -> subprocess.Popen[str]:
    command = [sys.executable, "-c", APPEND, str(path), enrollment, count]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_a_writer_killed_at_any_moment_has_kept_its_word(path: Path):
    with writer(path, "a") as process:
        assert process.stdout is not None
        for _ in range(30):
            process.stdout.readline()
        process.kill()
        rest = process.stdout.read().splitlines()
    acknowledged = 30 + len([line for line in rest if line])
    with opened(path) as journal:
        replayed = bodies(journal, "a")
        assert replayed == [{"n": number} for number in range(len(replayed))]
        assert acknowledged <= len(replayed) <= acknowledged + 1  # killed between the commit and its line
        assert journal.append("a", {"n": len(replayed)}, stamp(10_000_000)) == len(replayed) + 1


def test_two_processes_write_one_enrollment_without_losing_or_mixing(path: Path):
    with writer(path, "a", "40") as one, writer(path, "a", "40") as two, opened(path) as journal:
        for number in range(20):
            journal.append("b", {"n": number}, stamp())
        assert one.wait() == two.wait() == 0
        numbers = [item.event["n"] for item in journal.events("a")]
        assert sorted(numbers) == sorted([*range(40), *range(40)])
        assert bodies(journal, "b") == [{"n": number} for number in range(20)]


def everything_on_disk(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.parent.iterdir()))


def test_what_an_event_says_is_nowhere_on_the_disk(path: Path):
    with opened(path) as journal:
        journal.append("a", {"name": "CONTOH SATU"}, stamp())
        assert b"CONTOH" not in everything_on_disk(path)
        assert bodies(journal, "a") == [{"name": "CONTOH SATU"}]
    assert b"CONTOH" not in everything_on_disk(path)


def test_each_enrollment_has_a_key_of_its_own_and_none_lies_open(path: Path, monkeypatch: pytest.MonkeyPatch):
    made: list[bytes] = []

    def seen() -> bytes:
        made.append(new_key())
        return made[-1]

    monkeypatch.setattr("kiosk.storage.journal.new_key", seen)
    with opened(path) as journal:
        for enrollment_id in ("a", "b", "a"):
            journal.append(enrollment_id, {}, stamp())
        assert len(set(made)) == 2
        assert not any(key in everything_on_disk(path) for key in (*made, WRAPPING_KEY))


def test_a_forgotten_enrollment_cannot_be_read_again_and_the_others_can(path: Path):
    with opened(path) as journal:
        for enrollment_id in ("a", "b"):
            journal.append(enrollment_id, {"of": enrollment_id}, stamp())
        wrapped = wrapped_key(path, "a")
        journal.forget("a")
        assert wrapped not in everything_on_disk(path)
    with opened(path) as journal:
        assert journal.begun() == ("a", "b")
        assert journal.enrollments() == ("b",)
        assert journal.events("a") == ()
        assert bodies(journal, "b") == [{"of": "b"}]
        journal.check()
        with pytest.raises(ValueError, match="forgotten"):
            journal.append("a", {}, stamp())


def wrapped_key(path: Path, enrollment_id: str) -> bytes:
    connection = sqlite3.connect(path)
    (wrapped,) = connection.execute(
        "SELECT wrapped FROM secret WHERE enrollment = ?", (enrollment_id,)
    ).fetchone()
    connection.close()
    return bytes(wrapped)


def test_another_device_reads_nothing_and_can_still_check_the_chain(path: Path):
    with opened(path) as journal:
        journal.append("a", {"n": 1}, stamp())
    with opened(path, bytes(32)) as journal:
        journal.check()
        with pytest.raises(JournalDamagedError, match="another device's"):
            journal.events("a")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("DELETE FROM secret WHERE enrollment = 'a'", "has lost its key"),
        ("UPDATE secret SET wrapped = (SELECT wrapped FROM secret WHERE enrollment = 'b')", "is damaged"),
    ],
)
def test_a_key_that_was_taken_or_exchanged_is_found(path: Path, change: str, problem: str):
    with opened(path) as journal:
        journal.append("a", {"n": 1}, stamp())
        journal.append("b", {"n": 1}, stamp())
    tampered(path, change)
    with (
        opened(path) as journal,
        pytest.raises(JournalDamagedError, match=problem),
    ):
        journal.events("a")


def test_a_wrapping_key_of_another_length_is_a_bug(path: Path):
    with pytest.raises(ValueError, match="32 bytes"):
        opened(path, b"short")
