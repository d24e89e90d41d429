"""The audit log: complete, in order, tamper-evident, and silent about who the resident is."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.enrollment.record import ClockTrust, Stamp
from kiosk.security.audit import REDACTED, AuditEvent, AuditLog
from kiosk.security.nik_hash import nik_hash

KEY = bytes(range(32))
NIK = "3503115708010001"
STAMP = Stamp(at=dt.datetime(2026, 3, 2, 8, 0, tzinfo=dt.UTC), trust=ClockTrust.GPS, monotonic_ns=7)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


@pytest.fixture
def log(path: Path) -> AuditLog:
    return AuditLog(path, nik_key=KEY)


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def fill(log: AuditLog) -> None:
    log.record(AuditEvent.STARTED, STAMP, details={"version": "0.1.0"})
    log.record(AuditEvent.SESSION_STARTED, STAMP, enrollment_id="e1", details={"mode": "counter"})
    log.record(AuditEvent.PERSON_IDENTIFIED, STAMP, enrollment_id="e1", nik=NIK, details={"by": "ticket"})
    log.record(AuditEvent.FINALISED, STAMP, actor="sari", enrollment_id="e1", nik=NIK)


def test_each_action_leaves_a_line(log: AuditLog, path: Path):
    fill(log)
    assert [line["event"] for line in lines(path)] == [
        "started",
        "session_started",
        "person_identified",
        "finalised",
    ]
    assert lines(path)[3] | {"hash": ""} == {
        "n": 4,
        "at": "2026-03-02T08:00:00+00:00",
        "trust": "gps",
        "monotonic_ns": 7,
        "event": "finalised",
        "actor": "sari",
        "enrollment": "e1",
        "nik_hash": nik_hash(NIK, key=KEY),
        "details": {},
        "hash": "",
    }


def test_the_chain_holds_and_its_head_is_the_last_line(log: AuditLog, path: Path):
    fill(log)
    head = log.record(AuditEvent.STOPPED, STAMP, details={"reason": "officer"})
    check = log.verify()
    assert check.sound
    assert (check.lines, check.head) == (5, head)
    assert check == AuditLog(path, nik_key=KEY).verify()


def test_an_empty_log_is_sound(log: AuditLog):
    assert log.verify().sound
    assert log.verify().lines == 0


def test_the_nik_itself_is_never_written(log: AuditLog, path: Path):
    fill(log)
    log.record(AuditEvent.REFUSED, STAMP, actor=NIK, enrollment_id=NIK, nik=NIK, details={"reason": NIK})
    assert NIK not in path.read_text()


@pytest.mark.parametrize(
    "said",
    [
        NIK,
        "3503 1157 0801 0001",
        "3503.1157.0801.0001",
        f"kk-{NIK}",
        "350311570801000",
        "BUDI SANTOSO",
        "budi santoso",
        "nama: Budi",
        "jalan contoh 1",
        "budi@contoh.invalid",
        "x" * 81,
        "ümlaut",
        "-",
        "a\nb",
    ],
)
def test_free_text_and_numbers_of_persons_are_struck_out(log: AuditLog, path: Path, said: str):
    log.record(AuditEvent.ABORTED, STAMP, actor=said, details={"reason": said})
    (line,) = lines(path)
    assert (line["actor"], line["details"]) == (REDACTED, {"reason": REDACTED})
    assert log.verify().sound


@pytest.mark.parametrize("enrollment_id", [NIK, f"nik-{NIK}", "BUDI SANTOSO", "x" * 81])
def test_an_enrollment_id_that_tells_a_person_is_struck_out(log: AuditLog, path: Path, enrollment_id: str):
    log.record(AuditEvent.RESUMED, STAMP, enrollment_id=enrollment_id)
    assert lines(path)[0]["enrollment"] == REDACTED


@pytest.mark.parametrize(
    "enrollment_id", ["KIOSK-1-20260302-0017", "0d9b2f7c55a94f0e8f3c1a2b3c4d5e6f", "1" * 32]
)
def test_an_ordinary_enrollment_id_passes(log: AuditLog, path: Path, enrollment_id: str):
    log.record(AuditEvent.RESUMED, STAMP, enrollment_id=enrollment_id)
    assert lines(path)[0]["enrollment"] == enrollment_id


@pytest.mark.parametrize("name", ["SULASTRI", "Sulastri"])
def test_a_one_word_name_is_struck_out(log: AuditLog, path: Path, name: str):
    log.record(AuditEvent.ABORTED, STAMP, actor=name, details={"reason": name})
    assert name not in path.read_text()


def test_a_number_that_may_be_a_nik_is_struck_out_as_a_number_too(log: AuditLog, path: Path):
    log.record(AuditEvent.EXPORTED, STAMP, details={"packets": int(NIK), "medium": "usb"})
    assert lines(path)[0]["details"] == {"packets": REDACTED, "medium": "usb"}


@pytest.mark.parametrize(
    "said",
    [
        "right_index",
        "RECEIVED_AT_CENTRAL",
        "PROCESSING",
        "2026-1",
        "sbi://127.0.0.1:4501",
        "0" * 64,
        "no_network",
        87,
        True,
        "",
    ],
)
def test_codes_versions_hashes_and_scores_pass(log: AuditLog, path: Path, said: object):
    log.record(AuditEvent.ABORTED, STAMP, details={"reason": said})  # type: ignore[dict-item]
    assert lines(path)[0]["details"] == {"reason": said}


@settings(max_examples=50, deadline=None)
@given(st.text(), st.text())
def test_whatever_is_said_the_log_stays_sound(tmp_path_factory, actor: str, reason: str):
    log = AuditLog(tmp_path_factory.mktemp("audit") / "audit.jsonl", nik_key=KEY)
    log.record(AuditEvent.ABORTED, STAMP, actor=actor, details={"reason": reason})
    log.record(AuditEvent.STOPPED, STAMP)
    assert log.verify().sound
    assert log.verify().lines == 2


def test_a_detail_outside_the_vocabulary_is_a_bug(log: AuditLog, path: Path):
    with pytest.raises(ValueError, match="ABORTED has no detail name"):
        log.record(AuditEvent.ABORTED, STAMP, details={"name": "budi"})
    assert not path.exists()


def test_a_writer_without_the_key_names_nobody(path: Path):
    uplink = AuditLog(path, nik_key=None)
    uplink.record(AuditEvent.SENT, STAMP, enrollment_id="e1")
    with pytest.raises(ValueError, match="no key"):
        uplink.record(AuditEvent.SENT, STAMP, enrollment_id="e1", nik=NIK)
    assert [line["nik_hash"] for line in lines(path)] == [""]


def test_every_event_has_its_own_code():
    assert len({event.code for event in AuditEvent}) == len(AuditEvent)


def test_a_changed_line_is_found(log: AuditLog, path: Path):
    fill(log)
    path.write_text(path.read_text().replace('"by":"ticket"', '"by":"nik"'))
    check = log.verify()
    assert not check.sound
    assert check.lines == 2
    assert check.problem == "line 3 is not what was written"


def test_a_removed_line_is_found(log: AuditLog, path: Path):
    fill(log)
    kept = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(kept[:1] + kept[2:]))
    assert log.verify().problem == "line 2 has number 3"


def test_swapped_lines_are_found(log: AuditLog, path: Path):
    fill(log)
    one, two, three, four = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(one + three + two + four)
    assert log.verify().problem == "line 2 has number 3"


def test_a_cut_end_is_found_by_its_head(log: AuditLog, path: Path):
    fill(log)
    head = log.verify().head
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:3]))
    assert log.verify().sound
    assert log.verify().head != head


@pytest.mark.parametrize("rubbish", [b"rubbish\n", b"[]\n", b"{}\n", b"\xff\n"])
def test_a_line_that_is_none_is_found(log: AuditLog, path: Path, rubbish: bytes):
    fill(log)
    path.write_bytes(path.read_bytes() + rubbish)
    assert log.verify().problem.startswith("line 5")


def test_a_line_torn_by_a_power_cut_is_removed_and_that_is_said(log: AuditLog, path: Path):
    fill(log)
    with path.open("ab") as stream:
        stream.write(b'{"actor":"bu')
    assert log.verify().problem == "line 5 is cut off"
    log.record(AuditEvent.STARTED, STAMP, actor="sari")
    assert log.verify().sound
    repaired, started = lines(path)[4:]
    assert (repaired["event"], repaired["actor"], repaired["details"]) == (
        "log_repaired",
        "",
        {"bytes_removed": 12},
    )
    assert (started["event"], started["actor"]) == ("started", "sari")


def test_a_log_of_one_torn_line_starts_anew(log: AuditLog, path: Path):
    path.write_bytes(b'{"actor":')
    log.record(AuditEvent.STARTED, STAMP)
    assert [line["event"] for line in lines(path)] == ["log_repaired", "started"]
    assert log.verify().sound


RECORD = """
import datetime as dt, sys
from pathlib import Path
from kiosk.enrollment.record import ClockTrust, Stamp
from kiosk.security.audit import AuditEvent, AuditLog
log = AuditLog(Path(sys.argv[1]), nik_key=bytes(32))
stamp = Stamp(at=dt.datetime.now(dt.UTC), trust=ClockTrust.UNTRUSTED, monotonic_ns=0)
for number in range(25):
    log.record(AuditEvent.SENT, stamp, details={"attempts": number})
"""


def test_many_hands_share_one_chain(log: AuditLog, path: Path):
    def record(_: int) -> None:
        for number in range(10):
            AuditLog(path, nik_key=None).record(AuditEvent.SENT, STAMP, details={"attempts": number})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(record, range(4)))
    assert log.verify().sound
    assert log.verify().lines == 40


def test_two_processes_share_one_chain(log: AuditLog, path: Path):
    writers = [subprocess.Popen([sys.executable, "-c", RECORD, str(path)]) for _ in range(2)]
    assert [writer.wait() for writer in writers] == [0, 0]
    assert log.verify().sound
    assert log.verify().lines == 50
