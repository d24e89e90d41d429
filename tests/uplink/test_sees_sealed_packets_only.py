"""What the uplink opens: the outbox and two certificates, as an audit hook (PEP 578) sees it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from kiosk.packet.seal import SealedPacket
from kiosk.storage.outbox import PacketState
from tests.uplink.conftest import Line

_WATCHED = """
import json, runpy, sys
opened = set()
def watch(event, arguments):
    if event in ("open", "sqlite3.connect", "os.listdir", "os.scandir", "subprocess.Popen", "os.exec"):
        opened.add(f"{event} {arguments[0]}")
sys.addaudithook(watch)
try:
    runpy.run_module("kiosk.uplink", run_name="__main__", alter_sys=True)
finally:
    print(json.dumps(sorted(opened)), file=sys.stderr)
"""


def test_the_uplink_opens_the_outbox_and_the_authorities_and_nothing_else_of_the_unit(
    line: Line, packet: SealedPacket, tmp_path: Path
):
    line.put(packet)
    for name in ("journal.sqlite", "roster.sqlite", "blobs/x/session.key"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"not for the uplink")
    command = [sys.executable, "-c", _WATCHED, "--outbox", str(tmp_path / "outbox")]
    command += ["--keys", str(line.keys.folder), "--store", f"file://{tmp_path}/store", "--once"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=_here())
    assert ended.returncode == 0, ended.stderr
    assert line.outbox.entry(packet.sha256).state is PacketState.SENT
    opened = json.loads(ended.stderr.splitlines()[-1])
    places = (str(tmp_path), str(line.keys.folder))
    of_the_unit = {entry.partition(" ")[2] for entry in opened if entry.partition(" ")[2].startswith(places)}
    authorities = {str(line.keys.folder / "ca" / f"{role}_ca.pem") for role in ("device", "receiver")}
    assert authorities < of_the_unit
    expected = (f"{tmp_path}/outbox", f"{tmp_path}/store")  # that folder is looked at for hard links
    assert {path for path in of_the_unit if not path.startswith(expected)} == authorities
    assert not [entry for entry in opened if entry.startswith(("subprocess", "os.exec"))]


def test_the_uplink_needs_nothing_but_these(line: Line, packet: SealedPacket, tmp_path: Path):
    """Outbox and certificates alone, in a folder of their own, as systemd shows them to it."""
    line.put(packet)
    keys = tmp_path / "keys" / "ca"
    keys.mkdir(parents=True)
    for role in ("device", "receiver"):
        name = f"{role}_ca.pem"
        (keys / name).write_bytes((line.keys.folder / "ca" / name).read_bytes())
    command = [sys.executable, "-m", "kiosk.uplink", "--outbox", str(tmp_path / "outbox")]
    command += ["--keys", str(tmp_path / "keys"), "--store", f"file://{tmp_path}/store", "--once"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=_here())
    assert ended.returncode == 0, ended.stderr
    assert line.outbox.entry(packet.sha256).state is PacketState.SENT


def _here() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
