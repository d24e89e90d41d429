"""`kiosk receive` with a folder store."""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from pathlib import Path

import pytest

from kiosk.commands import receive as command
from kiosk.packet.seal import SealedPacket
from tests.packet.made_packets import Keys
from tests.uplink.conftest import Line


def run(keys: Path, store: str, *more: str) -> int:
    parser = argparse.ArgumentParser()
    command.configure(parser.add_subparsers())
    chosen = parser.parse_args(["receive", "--store", store, "--keys", str(keys), "--once", *more])
    return int(chosen.run(chosen))


@pytest.fixture
def store(tmp_path: Path) -> str:
    return f"file://{tmp_path}/store"


def test_an_accepted_packet_is_one_line(line: Line, packet: SealedPacket, keys: Keys, store: str, capsys):
    line.store.put_packet(packet.sha256, packet.data)
    assert run(keys.folder, store, "--json") == 0
    (told,) = capsys.readouterr().out.splitlines()
    assert json.loads(told) | {"at": ""} == {
        "packet": packet.sha256,
        "status": "RECEIVED_AT_CENTRAL",
        "accepted": True,
        "detail": "",
        "at": "",
        "failed": {},
    }


def test_a_refused_packet_shows_in_the_exit_status(line: Line, keys: Keys, store: str, capsys):
    data = b"no packet"
    line.store.put_packet(hashlib.sha256(data).hexdigest(), data)
    assert run(keys.folder, store) == 1
    assert "ENROLL_FAILURE_AT_CENTRAL packet, byte 9: the end" in capsys.readouterr().out


def test_bytes_that_are_not_the_packet_they_are_named_as_are_told(line: Line, keys: Keys, store: str, capsys):
    line.store.put_packet("ab" * 32, b"no packet")
    assert run(keys.folder, store) == 1
    assert f"{'ab' * 32} is not that packet: 9 bytes of another hash" in capsys.readouterr().err


def test_what_failed_inside_is_told_here_and_not_in_the_receipt(
    line: Line, packet: SealedPacket, store: str, tmp_path: Path, capsys
):
    other_office = tmp_path / "keys"
    shutil.copytree(line.keys.folder, other_office)
    (other_office / "centre/nik_hash.key").write_bytes(bytes(32))
    line.store.put_packet(packet.sha256, packet.data)
    assert run(other_office, store) == 1
    assert "nik_hash: nik_hash is not that of the person's NIK" in capsys.readouterr().out
    receipt = line.store.receipt(packet.sha256)
    assert receipt is not None
    assert b"failed: nik_hash" in receipt
    assert b"person" not in receipt


def test_keys_that_are_not_there_are_named(tmp_path: Path, store: str, capsys):
    assert run(tmp_path / "nowhere", store) == 2
    assert "nowhere" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_told(keys: Keys, tmp_path: Path, capsys):
    (tmp_path / "file").write_text("")
    assert run(keys.folder, f"file://{tmp_path}/file/store") == 1
    assert capsys.readouterr().err.startswith("kiosk receive: ")
