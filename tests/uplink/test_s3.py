"""The real programs against a real S3 server: send, receive, receipt; the server away and back."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.packet.seal import SealedPacket
from kiosk.storage.outbox import Outbox, PacketState
from kiosk.uplink.store import Delivery, open_store
from tests.packet.made_packets import Keys
from tests.uplink.conftest import Line
from tests.uplink.seaweed import Seaweed

PATIENCE_S = 60.0


def uplink(outbox: Path, keys: Keys, store_url: str, *more: str) -> list[str]:
    command = [sys.executable, "-m", "kiosk.uplink", "--outbox", str(outbox), "--keys", str(keys.folder)]
    return [*command, "--store", store_url, *more]


def receive(keys: Keys, store_url: str) -> list[str]:
    command = [sys.executable, "-m", "kiosk", "receive", "--keys", str(keys.folder), "--store", store_url]
    return [*command, "--once", "--json"]


def lines_of(command: list[str], *, status: int) -> list[dict[str, object]]:
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == status, ended.stderr
    assert "Traceback" not in ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def test_the_real_programs_deliver_and_sign(
    seaweed: Seaweed, line: Line, packet: SealedPacket, tmp_path: Path, seal_for
):
    line.put(packet)
    duplicate = seal_for(8)
    line.put(duplicate)
    sent = lines_of(uplink(tmp_path / "outbox", line.keys, seaweed.url, "--once"), status=0)
    assert [report["outcome"] for report in sent] == ["sent", "sent"]
    answers = lines_of(receive(line.keys, seaweed.url), status=1)  # one of them is refused
    assert sorted(answer["status"] for answer in answers) == ["DUPLICATE_RECORD", "RECEIVED_AT_CENTRAL"]
    assert lines_of(receive(line.keys, seaweed.url), status=0) == []
    answered = lines_of(uplink(tmp_path / "outbox", line.keys, seaweed.url, "--once"), status=0)
    assert sorted(report["outcome"] for report in answered) == ["received", "rejected"]
    with closing(Outbox(tmp_path / "outbox")) as outbox:
        states = [entry.state for entry in outbox.entries()]
    assert sorted(states) == [PacketState.RECEIVED, PacketState.REJECTED]


def test_a_second_put_is_refused_by_the_server(seaweed: Seaweed):
    store = open_store(seaweed.url)
    assert store.put_packet("11" * 32, b"first") is Delivery.NEW
    assert store.put_packet("11" * 32, b"other") is Delivery.ALREADY_THERE
    assert store.packet("11" * 32) == b"first"
    assert store.claim("22" * 32, "11" * 32) == "11" * 32
    assert store.claim("22" * 32, "33" * 32) == "11" * 32


def test_wrong_credentials_are_told_and_nothing_is_lost(
    seaweed: Seaweed, line: Line, packet: SealedPacket, tmp_path: Path
):
    wrong = tmp_path / "wrong.ini"
    wrong.write_text("[default]\naws_access_key_id = x\naws_secret_access_key = y\n")
    line.put(packet)
    url = f"s3://ktp-el?endpoint=http://127.0.0.1:{seaweed.s3_port}&credentials={wrong}"
    (report,) = lines_of(uplink(tmp_path / "outbox", line.keys, url, "--once"), status=1)
    assert report["outcome"] == "unreachable"
    assert line.outbox.entry(packet.sha256).state is PacketState.SENDING


def test_a_courier_disk_that_is_away_loses_nothing(line: Line, packet: SealedPacket, tmp_path: Path):
    """The store's folder cannot be made where a file stands."""
    medium = tmp_path / "medium"
    medium.write_text("not mounted")
    line.put(packet)
    command = uplink(tmp_path / "outbox", line.keys, f"file://{medium}/store", "--once")
    assert lines_of(command, status=1) == []
    medium.unlink()
    assert [report["outcome"] for report in lines_of(command, status=0)] == ["sent"]


def test_the_running_uplink_sends_and_ends_when_asked(line: Line, packet: SealedPacket, tmp_path: Path):
    command = uplink(tmp_path / "outbox", line.keys, f"file://{tmp_path}/store", "--interval", "0.2")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        line.put(packet)
        deadline = time.monotonic() + PATIENCE_S
        while not line.outbox.entry(packet.sha256).sent_at and time.monotonic() < deadline:
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        told, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert [json.loads(each)["outcome"] for each in told.splitlines()] == ["sent"]


@pytest.mark.parametrize("store", ["ftp://x", "s3://b?endpoint=http://192.0.2.7"])
def test_a_store_that_will_not_do_ends_the_uplink_with_a_sentence(line: Line, tmp_path: Path, store: str):
    command = uplink(tmp_path / "outbox", line.keys, store, "--once")
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "allowed" in ended.stderr
    assert "Traceback" not in ended.stderr
