"""The soak notices what is left behind, and tells it in its table."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.hw.holdings import Holdings, leaving_nothing
from tests.hw.soak.outcome import GROWN_BYTES, judged, outcome_of, tell
from tests.hw.soak.subjects import OPENINGS, Repeat, Subject
from tests.hw.soak.wear import Held, Wear

HASTE_S = 0.1
"""Long enough for what is never given back."""

STILL = Held(Holdings(threads=3, descriptors=6), 90_000_000)


def test_a_descriptor_left_open_is_noticed() -> None:
    left = []
    with pytest.raises(AssertionError, match="descriptors"), leaving_nothing(patience_s=HASTE_S):
        left.append(os.open("/dev/null", os.O_RDONLY))
    os.close(left.pop())


def test_a_thread_that_goes_on_is_noticed_by_name() -> None:
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait, name="left-behind")
    with pytest.raises(AssertionError, match="left-behind"), leaving_nothing(patience_s=HASTE_S):
        thread.start()
    ended.set()
    thread.join()


def told_by(subject: Subject, capsys: pytest.CaptureFixture[str]) -> bytes:
    tell(subject, cycles=10, rest_s=0.0)
    return capsys.readouterr().out.encode()


def test_a_subjects_process_tells_its_measurement(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[int] = []

    @contextmanager
    def prepared(folder: Path) -> Iterator[Repeat]:
        yield asked.append

    outcome = outcome_of("drawn", told_by(Subject(OPENINGS, prepared), capsys), log=tmp_path / "log")
    assert asked == [3, 10], "a warm-up, and the counted ones"
    assert outcome.wear is not None
    assert outcome.wear.cycles == 10
    assert not outcome.wrong


def test_a_subject_that_cannot_be_here_is_skipped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    @contextmanager
    def prepared(folder: Path) -> Iterator[Repeat]:
        pytest.skip("no such module")
        yield lambda _: None

    outcome = outcome_of("absent", told_by(Subject(OPENINGS, prepared), capsys), log=tmp_path / "log")
    assert outcome.line.split(maxsplit=1) == ["absent", "skipped: no such module"]
    assert not outcome.wrong


def test_a_process_that_broke_off_is_wrong_for_the_reason_it_gave_last(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("Traceback\nAssertionError: did not come true\n")
    outcome = outcome_of("broken", b"", log=log)
    assert outcome.line.endswith("WRONG: AssertionError: did not come true")


def test_one_that_keeps_a_little_of_each_opening_is_wrong() -> None:
    grown = Held(STILL.holdings, STILL.resident_bytes + GROWN_BYTES + 1)
    assert not judged("any", Wear(1000, STILL, STILL, 5.0)).wrong
    outcome = judged("any", Wear(1000, STILL, grown, 5.0))
    assert outcome.wrong
    assert outcome.line.split()[:10] == ["any", "1000", "3", ">", "3", "6", ">", "6", "90.0", ">"]
