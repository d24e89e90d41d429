"""The file of a recording: written entry by entry, read back whole, damaged files refused."""

from __future__ import annotations

import stat
from itertools import count
from pathlib import Path

import pytest

from hw.recording.tape import Entry, Event, TapeError, TapeWriter, read_tape
from hw.recording.wires import Wire

URL = "serial:///dev/ttyACM0?proto=code"


def recorded(folder: Path) -> Path:
    ticks = count(1_000, 500)
    path = folder / "code.hwrec"
    with TapeWriter(path, url=URL, wire=Wire.TERMINAL, clock_ns=lambda: next(ticks)) as tape:
        tape.add(Event.OPENED, connection=1)
        tape.add(Event.TO_DEVICE, connection=1, data=b"?")
        tape.add(Event.FROM_DEVICE, connection=1, data=b"A-014\r")
        tape.add(Event.CLOSED_BY_DEVICE, connection=1)
    return path


def test_what_was_written_is_read(tmp_path: Path) -> None:
    tape = read_tape(recorded(tmp_path))
    assert (tape.url, tape.wire) == (URL, Wire.TERMINAL)
    assert tape.began.tzinfo is not None
    assert tape.entries == (
        Entry(Event.OPENED, 1, 500),
        Entry(Event.TO_DEVICE, 1, 1000, b"?"),
        Entry(Event.FROM_DEVICE, 1, 1500, b"A-014\r"),
        Entry(Event.CLOSED_BY_DEVICE, 1, 2000),
    )


def test_the_bytes_are_those_the_format_says(tmp_path: Path) -> None:
    head, _, body = recorded(tmp_path).read_bytes().partition(b"\n")
    assert head.startswith(
        b'{"format": "hw-recording", "version": 1, "url": "serial:///dev/ttyACM0?proto=code"'
    )
    assert body[:17].hex() == "000000000100000000000001f400000000"
    assert body[17:35] == bytes.fromhex("02 00000001 00000000000003e8 00000001") + b"?"


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    assert stat.S_IMODE(recorded(tmp_path).stat().st_mode) == 0o600


def test_no_recording_is_written_over_another(tmp_path: Path) -> None:
    recorded(tmp_path)
    with pytest.raises(FileExistsError):
        recorded(tmp_path)


@pytest.mark.parametrize("lost", [1, 6, 17, 18])
def test_a_last_entry_cut_off_is_left_out(tmp_path: Path, lost: int) -> None:
    path = recorded(tmp_path)
    whole = read_tape(path).entries
    path.write_bytes(path.read_bytes()[:-lost])
    assert read_tape(path).entries == whole[: 3 if lost <= 17 else 2]


@pytest.mark.parametrize("head", [b"", b"\n", b"RIFF....AVI ", b"[]\n", b'{"format": "hw-recording"}\n'])
def test_another_file_is_no_recording(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "film.avi"
    path.write_bytes(head)
    with pytest.raises(TapeError, match=r"film\.avi is no recording"):
        read_tape(path)


def test_a_later_version_is_not_guessed_at(tmp_path: Path) -> None:
    path = recorded(tmp_path)
    path.write_bytes(path.read_bytes().replace(b'"version": 1', b'"version": 2'))
    with pytest.raises(TapeError, match="version 2 is not known"):
        read_tape(path)


@pytest.mark.parametrize("damage", [b"\x09" + bytes(16), b"\x01" + bytes(12) + b"\xff" * 4])
def test_damage_is_told_with_its_place(tmp_path: Path, damage: bytes) -> None:
    path = recorded(tmp_path)
    size = path.stat().st_size
    path.write_bytes(path.read_bytes() + damage)
    with pytest.raises(TapeError, match=f"no entry at byte {size}"):
        read_tape(path)
